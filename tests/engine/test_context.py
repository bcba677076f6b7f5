"""The record of the KV cache against what llama.cpp holds."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.engine.bindings import AbortFlag, lib
from app.engine.context import Context
from app.engine.model import Model
from tests.engine.helpers import PLACEMENT
from tests.models import TinyVocab

TOKENS = list(range(97, 97 + 26)) * 4


@pytest.fixture
def context(scripted: tuple[Path, TinyVocab]) -> Iterator[Context]:
    model = Model(scripted[0], PLACEMENT, CancelToken())
    context = Context(model, replace(PLACEMENT, batch_tokens=128, ubatch_tokens=16))
    yield context
    context.close()
    model.close()


def held(context: Context) -> int:
    """How many tokens llama.cpp has in its cache."""
    return int(lib.llama_memory_seq_pos_max(context._memory, 0)) + 1


def greedy(context: Context) -> int:
    sampler = lib.llama_sampler_init_greedy()
    token = int(lib.llama_sampler_sample(sampler, context.handle, -1))
    lib.llama_sampler_free(sampler)
    return token


def test_a_batch_aborted_in_the_middle_is_recorded_as_far_as_it_came(
    context: Context, scripted: tuple[Path, TinyVocab]
) -> None:
    asked = 0

    def abort_in_a_later_part(_data: object) -> bool:
        nonlocal asked
        asked += 1
        return asked > 250  # the graph of a part has about 90 nodes

    callback = lib.ggml_abort_callback(abort_in_a_later_part)
    lib.llama_set_abort_callback(context.handle, callback, None)
    assert not context.evaluate(TOKENS, logits=True)
    assert 0 < len(context.tokens) < len(TOKENS)
    assert len(context.tokens) % 16 == 0
    assert held(context) == len(context.tokens)
    context.use_abort_flag(AbortFlag())
    ids = scripted[1].ids
    rest = [*TOKENS[len(context.tokens) :], ids["one"]]
    assert context.evaluate(rest, logits=True)
    assert held(context) == len(context.tokens) == len(TOKENS) + 1
    assert greedy(context) == ids[" two"]


def test_a_raised_flag_stops_at_once(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    assert context.evaluate(TOKENS[:20], logits=True)
    flag = AbortFlag()
    flag.raise_()
    context.use_abort_flag(flag)
    assert not context.evaluate(TOKENS[20:], logits=True)
    assert not context.evaluate_one(97)
    assert context.tokens == TOKENS[:20]
    assert held(context) == 20
    assert [record.message for record in caplog.records if "failed" in record.message] == []


def test_only_what_differs_is_dropped(context: Context) -> None:
    assert context.evaluate(TOKENS, logits=True)
    assert context.keep_common_prefix([*TOKENS, 1]) == len(TOKENS)
    assert context.keep_common_prefix(TOKENS) == len(TOKENS) - 1
    assert context.keep_common_prefix([*TOKENS[:30], 1, 2]) == 30
    assert context.tokens == TOKENS[:30]
    assert held(context) == 30
    assert context.keep_common_prefix([1, 2]) == 0
    assert held(context) == 0


def test_long_prefixes_are_compared_to_the_last_token(context: Context) -> None:
    long = [index % 200 for index in range(5000)]
    context.tokens = list(long)
    assert context.keep_common_prefix([*long, 1]) == 5000
    assert context.keep_common_prefix([*long[:3333], 255, *long[3334:]]) == 3333


def test_a_failure_of_llama_cpp_leaves_an_empty_cache(context: Context) -> None:
    assert context.evaluate(TOKENS[:20], logits=True)
    with pytest.raises(KnownError, match="failed while computing"):
        context.evaluate([10**6], logits=True)
    assert context.tokens == []
    assert held(context) == 0
    assert context.evaluate(TOKENS[:5], logits=True)
