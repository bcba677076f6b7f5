"""The sampler chain, compared with llama.cpp's own rules."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.placement import Placement
from app.core.sampling import DEFAULT_ORDER, Mirostat, Sampling
from app.engine.client import EngineClient
from app.engine.model import Model
from app.engine.samplers import SamplerChain, check
from app.engine.vocab import Vocab
from tests.engine.helpers import GREEDY, PLACEMENT, WORDS, ask

ALL_ON = Sampling(
    temperature=0.8,
    top_p=0.9,
    top_k=40,
    min_p=0.05,
    typical_p=0.9,
    top_n_sigma=1.5,
    xtc_probability=0.5,
    dynatemp_range=0.2,
    repeat_penalty=1.1,
    dry_multiplier=0.8,
)
NAMES = {
    "penalties": "penalties",
    "dry": "dry",
    "top_n_sigma": "top-n-sigma",
    "top_k": "top-k",
    "typical_p": "typical",
    "top_p": "top-p",
    "min_p": "min-p",
    "xtc": "xtc",
    "temperature": "temp-ext",
}


@pytest.fixture(scope="module")
def vocab(random_model: Path) -> Iterator[Vocab]:
    model = Model(random_model, Placement(devices=()), CancelToken())
    yield model.vocab
    model.close()


def names(vocab: Vocab, sampling: Sampling) -> tuple[str, ...]:
    with SamplerChain(vocab, 512, sampling, seed=1) as chain:
        return chain.names


def test_every_sampler_in_llama_cpps_default_order(vocab: Vocab) -> None:
    assert names(vocab, ALL_ON) == (*NAMES.values(), "dist")


def test_the_order_can_be_set_and_what_it_leaves_out_is_off(vocab: Vocab) -> None:
    order = tuple(reversed(DEFAULT_ORDER))[:4]
    expected = tuple(NAMES[name] for name in order)
    assert names(vocab, replace(ALL_ON, order=order)) == (*expected, "dist")


def test_neutral_values_turn_every_sampler_off(vocab: Vocab) -> None:
    neutral = names(vocab, Sampling(temperature=1.0))
    *filters, last = neutral
    assert last == "dist"
    # llama.cpp marks samplers that do nothing; XTC has no mark when only its probability is 0.
    assert all(name.startswith("?") for name in filters)


def test_logit_bias_comes_first(vocab: Vocab) -> None:
    assert names(vocab, Sampling(logit_bias=((5, -1.0),)))[0] == "logit-bias"


@pytest.mark.parametrize(("version", "name"), [(1, "mirostat"), (2, "mirostat-v2")])
def test_mirostat_replaces_the_filters(vocab: Vocab, version: Mirostat, name: str) -> None:
    sampling = replace(ALL_ON, mirostat=version)
    assert names(vocab, sampling) == ("temp", name)


def test_temperature_zero_takes_the_likeliest_token(vocab: Vocab) -> None:
    assert names(vocab, GREEDY)[-1] == "greedy"
    # Elsewhere in the order, or with a dynamic range, llama.cpp's own way is kept.
    assert names(vocab, replace(GREEDY, order=("temperature", "top_k")))[-1] == "dist"
    assert names(vocab, replace(GREEDY, dynatemp_range=0.5))[-1] == "dist"


@pytest.mark.parametrize(
    ("sampling", "message"),
    [
        (Sampling(order=("top_k", "top_k")), "more than once"),
        (Sampling(order=("top_k", "nonsense")), "nonsense"),  # type: ignore[arg-type]
        (Sampling(logit_bias=((272, 1.0),)), "no token 272"),
        (Sampling(logit_bias=((-1, 1.0),)), "no token -1"),
        (Sampling(logit_bias=((1, float("nan")),)), "nan"),
        (Sampling(temperature=float("nan")), "Temperature"),
        (Sampling(top_p=float("inf")), "Top P"),
        (Sampling(repeat_penalty=0.0), "above 0"),
        (Sampling(mirostat=3), "version 3"),  # type: ignore[arg-type]
        (Sampling(seed=-1), "Seed"),
        (Sampling(seed=2**32 - 1), "Seed"),
        (Sampling(top_k=2**40), "Top K"),
    ],
)
def test_values_no_sampler_can_use_are_refused(sampling: Sampling, message: str) -> None:
    with pytest.raises(KnownError, match=message):
        check(sampling, 272)


@pytest.fixture(scope="module")
def loaded(shared_client: EngineClient, scripted: tuple[Path, object]) -> EngineClient:
    shared_client.load(str(scripted[0]), PLACEMENT)
    return shared_client


def test_a_bias_forbids_and_forces(loaded: EngineClient) -> None:
    once = replace(GREEDY, max_tokens=1)
    assert ask(loaded, "one", once).text == " two"
    forced = replace(once, logit_bias=((ord("z"), 1e6),))
    assert ask(loaded, "one", forced).text == "z"
    two = 256 + WORDS.index(" two")
    forbidden = replace(once, logit_bias=((two, float("-inf")),))
    assert ask(loaded, "one", forbidden).text != " two"


def test_penalties_look_at_the_prompt(loaded: EngineClient) -> None:
    """A token that the prompt holds is taken away, unless it lies before the window."""
    prompt = "<|observation|>你" + "x" * 80 + "<|observation|>"
    plain = replace(GREEDY, max_tokens=3)
    assert ask(loaded, prompt, plain).text == "你"
    for penalized in (
        replace(plain, presence_penalty=1e3),
        replace(plain, frequency_penalty=1e3),
        replace(plain, repeat_penalty=1e3),
    ):
        assert ask(loaded, prompt, replace(penalized, repeat_last_n=-1)).text != "你"
        assert ask(loaded, prompt, replace(penalized, repeat_last_n=64)).text == "你"


def test_dry_discourages_a_repeated_sequence(loaded: EngineClient) -> None:
    prompt = ("<|observation|>", "你é🙂", "<|observation|>", "你")
    dry = replace(GREEDY, dry_multiplier=50.0, dry_allowed_length=1, dry_sequence_breakers=())
    assert ask(loaded, prompt, replace(GREEDY, max_tokens=2)).text == "é"
    assert ask(loaded, prompt, replace(dry, max_tokens=2)).text != "é"
    breakers = replace(dry, max_tokens=2, dry_sequence_breakers=("", "\0", "x\0y", "你" * 50))
    assert ask(loaded, prompt, breakers).text != "é"
