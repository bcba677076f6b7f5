"""A llama_context with one sequence, and the record of the tokens that its KV cache holds."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement
from app.engine import explain, reuse
from app.engine.bindings import AbortFlag, lib
from app.engine.log import llama_log
from app.engine.model import Model
from app.engine.params import context_params

_ABORTED = 2
_SEQUENCE = 0


class Context:
    """Used by one thread. `tokens` is what the cache holds at every return of every method."""

    def __init__(self, model: Model, placement: Placement) -> None:
        """Raises KnownError when the settings do not fit the model or the memory."""
        params = context_params(placement)
        with llama_log.collect() as lines:
            handle = lib.llama_init_from_model(model.handle, params)
        if not handle:
            raise explain.load_failure(Path(model.path), lines)
        self.handle: int = handle
        self.tokens: list[int] = []
        self.size_tokens: int = lib.llama_n_ctx_seq(handle)
        self.batch_tokens: int = lib.llama_n_batch(handle)
        self.ubatch_tokens: int = lib.llama_n_ubatch(handle)
        self.remembers: bool = lib.llama_get_memory(handle) is not None
        self._forgets_only_all = model.forgets_only_all
        self._memory: int | None = lib.llama_get_memory(handle)
        self._abort = AbortFlag()
        self._token_buffer = (lib.llama_token * self.batch_tokens)()
        self._wanted_logits = (ctypes.c_int8 * self.batch_tokens)()
        self._batch = self._batch_over(self._wanted_logits)
        self._one = self._batch_over(None)
        self._one.n_tokens = 1

    def _batch_over(self, logits: Any) -> Any:  # noqa: ANN401 - ctypes array in, struct out
        batch = lib.llama_batch()
        batch.token = self._token_buffer
        if logits is not None:
            batch.logits = logits
        return batch

    def close(self) -> None:
        if self.handle:
            lib.llama_free(self.handle)
            self.handle = 0

    def use_abort_flag(self, flag: AbortFlag) -> None:
        """From now on `flag` stops `evaluate` and `evaluate_one` in the middle."""
        lib.llama_set_abort_callback(self.handle, flag.callback, flag.address)
        self._abort = flag  # kept alive as long as llama.cpp reads it

    def keep_common_prefix(self, tokens: Sequence[int]) -> int:
        """Drop from the cache all that `tokens` does not begin with; returns how many of them the
        cache still holds. At least the last one is left to evaluate, for its logits.

        Recurrent and hybrid models cannot drop a part of their state: with them the cache either
        continues as it is or starts afresh.
        """
        common = reuse.common(self.tokens, 0, tokens[:-1], 0)
        if common < len(self.tokens):
            self._forget_from(common)
        return len(self.tokens)

    def clear(self) -> None:
        if self._memory is not None:
            lib.llama_memory_clear(self._memory, False)
        self.tokens.clear()

    def evaluate(self, tokens: Sequence[int], *, logits: bool) -> bool:
        """Append at most `batch_tokens` tokens; with `logits`, those of the last can be sampled.

        False when the abort flag stopped it; a part may have been evaluated, `tokens` tells.
        Raises KnownError when the engine fails; the cache is empty then.
        """
        count = len(tokens)
        self._token_buffer[:count] = tokens
        self._wanted_logits[count - 1] = logits
        self._batch.n_tokens = count
        code = lib.llama_decode(self.handle, self._batch)
        lib.llama_synchronize(self.handle)
        self._wanted_logits[count - 1] = 0
        if code == 0:
            self.tokens += tokens
            return True
        return self._recover(code, tokens)

    def evaluate_one(self, token: int) -> bool:
        """`evaluate` for the token just sampled; logits are always wanted."""
        self._token_buffer[0] = token
        code = lib.llama_decode(self.handle, self._one)
        if code == 0:
            self.tokens.append(token)
            return True
        return self._recover(code, (token,))

    def _recover(self, code: int, tokens: Sequence[int]) -> bool:
        if code != _ABORTED:
            self.clear()
            raise KnownError(
                tr("The engine failed while computing."),
                tr("It reported error {code}.", code=code),
                tr(
                    "Try again; if it happens again, load the model again with a "
                    "smaller context or fewer layers on the graphics card."
                ),
                llama_log.tail(),
            )
        held = lib.llama_memory_seq_pos_max(self._memory, _SEQUENCE) + 1
        if self._forgets_only_all or not 0 <= held - len(self.tokens) <= len(tokens):
            self.clear()
        else:
            self.tokens += tokens[: held - len(self.tokens)]
        return False

    def _forget_from(self, position: int) -> None:
        if position and lib.llama_memory_seq_rm(self._memory, _SEQUENCE, position, -1):
            del self.tokens[position:]
        else:
            self.clear()
