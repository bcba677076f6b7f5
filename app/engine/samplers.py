"""Sampling parameters as a llama.cpp sampler chain, built as its common/sampling.cpp does."""

import ctypes
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from types import TracebackType
from typing import Any, Self

from app.core.errors import KnownError
from app.core.language import tr
from app.core.sampling import DEFAULT_ORDER, SamplerName, Sampling
from app.engine.bindings import lib
from app.engine.vocab import Vocab

_MIN_KEEP = 0
_MIROSTAT_CANDIDATES = 100
_INT32_MAX = 2**31 - 1
# llama.cpp takes this one as "choose a seed".
_RESERVED_SEED = lib.LLAMA_DEFAULT_SEED


def check(sampling: Sampling, vocabulary_size: int) -> None:
    """Raises KnownError for a value that no sampler can work with."""
    for item in fields(sampling):
        value = getattr(sampling, item.name)
        label = item.metadata["declaration"].label
        if isinstance(value, float) and not math.isfinite(value):
            raise _invalid(label, f"It is {value}.", "Set it to an ordinary number.")
        if isinstance(value, int) and item.name != "seed" and abs(value) > _INT32_MAX:
            raise _invalid(label, f"{value} is too large.", "Set it to a smaller number.")
    if sampling.repeat_penalty <= 0:
        raise _invalid("Repetition penalty", "It must be above 0.", "Set it to 1 to turn it off.")
    if sampling.mirostat not in (0, 1, 2):
        raise _invalid("Mirostat", f"There is no version {sampling.mirostat}.", "Use 0, 1 or 2.")
    if sampling.seed is not None and not 0 <= sampling.seed < _RESERVED_SEED:
        raise _invalid(
            "Seed", f"{sampling.seed} is out of range.", f"Use 0 to {_RESERVED_SEED - 1}."
        )
    _check_order(sampling.order)
    _check_bias(sampling.logit_bias, vocabulary_size)


def _check_order(order: Sequence[str]) -> None:
    unknown = [name for name in order if name not in DEFAULT_ORDER]
    if unknown:
        raise _invalid(
            "Order of the filters",
            f"There is no filter {', '.join(unknown)}.",
            f"The filters are: {', '.join(DEFAULT_ORDER)}.",
        )
    twice = {name for name in order if order.count(name) > 1}
    if twice:
        raise _invalid(
            "Order of the filters",
            f"{', '.join(sorted(twice))} appears more than once.",
            "Name every filter once.",
        )


def _check_bias(bias: Sequence[tuple[int, float]], vocabulary_size: int) -> None:
    for token, value in bias:
        if not 0 <= token < vocabulary_size:
            raise _invalid(
                "Token bias",
                f"This model has no token {token}.",
                f"Its tokens are numbered 0 to {vocabulary_size - 1}.",
            )
        if math.isnan(value) or value == math.inf:
            raise _invalid("Token bias", f"{value} is not a bias.", "Use a number or -inf.")


def _invalid(label: str, why: str, next_step: str) -> KnownError:
    return KnownError(
        tr("The sampling setting “{label}” cannot be used.", label=label), why, next_step
    )


class SamplerChain:
    """Chooses tokens for one answer. To be closed, or used as a context manager."""

    def __init__(self, vocab: Vocab, context_tokens: int, sampling: Sampling, seed: int) -> None:
        """Raises KnownError as `check`. A window of -1 means the whole context."""
        check(sampling, vocab.size)
        self._vocab = vocab
        self._context_tokens = context_tokens
        self._sampling = sampling
        self._seed = seed
        self.handle: Any = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for sampler in self._samplers():
            lib.llama_sampler_chain_add(self.handle, sampler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        lib.llama_sampler_free(self.handle)

    @property
    def names(self) -> tuple[str, ...]:
        """llama.cpp's names of the samplers, in order; a leading `?` marks one that is neutral."""
        count = lib.llama_sampler_chain_n(self.handle)
        samplers = (lib.llama_sampler_chain_get(self.handle, index) for index in range(count))
        return tuple(lib.llama_sampler_name(sampler).decode() for sampler in samplers)

    def read_prompt(self, tokens: Sequence[int]) -> None:
        """Let the samplers that look back see the prompt."""
        window = self._window()
        if window:
            for token in tokens[-window:]:
                lib.llama_sampler_accept(self.handle, token)

    def _window(self) -> int:
        values = self._sampling
        if values.mirostat:
            return 0
        penalties = "penalties" in values.order and (
            values.repeat_penalty != 1
            or values.frequency_penalty != 0
            or values.presence_penalty != 0
        )
        dry = "dry" in values.order and values.dry_multiplier != 0
        return max(
            self._last_n(values.repeat_last_n) if penalties else 0,
            self._last_n(values.dry_penalty_last_n) if dry else 0,
        )

    def _last_n(self, tokens: int) -> int:
        return self._context_tokens if tokens < 0 else min(tokens, self._context_tokens)

    def _samplers(self) -> Iterator[Any]:
        values = self._sampling
        bias = [*values.logit_bias, *((token, -math.inf) for token in self._vocab.suppressed())]
        if bias:
            array = (lib.llama_logit_bias * len(bias))(*bias)
            yield lib.llama_sampler_init_logit_bias(self._vocab.size, len(bias), array)
        if values.mirostat:
            yield lib.llama_sampler_init_temp(values.temperature)
            yield self._mirostat()
            return
        greedy = (
            values.order[-1:] == ("temperature",)
            and values.temperature <= 0
            and values.dynatemp_range <= 0
        )
        # Temperature 0 leaves only the likeliest token, which greedy takes without a draw.
        for name in values.order[:-1] if greedy else values.order:
            yield _FACTORIES[name](self)
        yield lib.llama_sampler_init_greedy() if greedy else lib.llama_sampler_init_dist(self._seed)

    def _mirostat(self) -> Any:  # noqa: ANN401 - a C pointer, as in all that follow
        tau, eta = self._sampling.mirostat_tau, self._sampling.mirostat_eta
        if self._sampling.mirostat == 2:
            return lib.llama_sampler_init_mirostat_v2(self._seed, tau, eta)
        return lib.llama_sampler_init_mirostat(
            self._vocab.size, self._seed, tau, eta, _MIROSTAT_CANDIDATES
        )

    def _penalties(self) -> Any:  # noqa: ANN401
        values = self._sampling
        return lib.llama_sampler_init_penalties(
            self._vocab.size,
            self._last_n(values.repeat_last_n),
            values.repeat_penalty,
            values.frequency_penalty,
            values.presence_penalty,
        )

    def _dry(self) -> Any:  # noqa: ANN401
        values = self._sampling
        # A C string ends at its first zero byte, and an empty breaker would only be warned about.
        breakers = [
            entry
            for text in values.dry_sequence_breakers
            if (entry := text.encode().split(b"\0")[0])
        ]
        return lib.llama_sampler_init_dry(
            self._vocab.handle,
            values.dry_multiplier,
            values.dry_base,
            values.dry_allowed_length,
            self._last_n(values.dry_penalty_last_n),
            (ctypes.c_char_p * len(breakers))(*breakers),
            len(breakers),
        )

    def _top_n_sigma(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_top_n_sigma(self._sampling.top_n_sigma)

    def _top_k(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_top_k(self._sampling.top_k)

    def _typical(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_typical(self._sampling.typical_p, _MIN_KEEP)

    def _top_p(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_top_p(self._sampling.top_p, _MIN_KEEP)

    def _min_p(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_min_p(self._sampling.min_p, _MIN_KEEP)

    def _xtc(self) -> Any:  # noqa: ANN401
        return lib.llama_sampler_init_xtc(
            self._sampling.xtc_probability, self._sampling.xtc_threshold, _MIN_KEEP, self._seed
        )

    def _temperature(self) -> Any:  # noqa: ANN401
        values = self._sampling
        return lib.llama_sampler_init_temp_ext(
            values.temperature, values.dynatemp_range, values.dynatemp_exponent
        )


_FACTORIES: dict[SamplerName, Callable[[SamplerChain], Any]] = {
    "penalties": SamplerChain._penalties,
    "dry": SamplerChain._dry,
    "top_n_sigma": SamplerChain._top_n_sigma,
    "top_k": SamplerChain._top_k,
    "typical_p": SamplerChain._typical,
    "top_p": SamplerChain._top_p,
    "min_p": SamplerChain._min_p,
    "xtc": SamplerChain._xtc,
    "temperature": SamplerChain._temperature,
}
