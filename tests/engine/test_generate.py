"""Answers of scripted and random models, through the client."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.engine import generate
from app.engine.client import EngineClient
from app.engine.protocol import Finished, PromptProgress, TextChunk
from tests.engine.helpers import GREEDY, PLACEMENT, ask
from tests.models import TinyVocab, write_model, write_recurrent_model

Scripted = tuple[Path, TinyVocab]


@pytest.fixture(scope="module")
def loaded(shared_client: EngineClient, scripted: Scripted) -> Iterator[EngineClient]:
    shared_client.load(str(scripted[0]), PLACEMENT)
    yield shared_client
    shared_client.unload()


def test_an_answer_ends_with_the_models_end_token(loaded: EngineClient) -> None:
    answer = ask(loaded, "<|user|>hi<|assistant|>")
    assert answer.text == "Hello world!"
    assert answer.finished.reason == "end"
    stats = answer.finished.stats
    assert stats.prompt_tokens == 4
    assert stats.generated_tokens == 3
    assert stats.context_total_tokens == 512
    assert stats.context_used_tokens == 4 + 3
    assert stats.first_token_seconds is not None
    assert stats.decode_tokens_per_second is not None
    assert answer.chunks[-1].generated_tokens == 3


def test_characters_are_never_cut(loaded: EngineClient) -> None:
    answer = ask(loaded, "<|observation|>")
    assert answer.text == "你é🙂"
    for chunk in answer.chunks:
        assert "\ufffd" not in chunk.text
    cut = ask(loaded, "<|observation|>", replace(GREEDY, max_tokens=7))
    assert cut.text == "你é"
    assert cut.finished.reason == "max_tokens"


def test_special_tokens_are_readable_and_end_tokens_are_not(loaded: EngineClient) -> None:
    answer = ask(loaded, "[gMASK]")
    assert answer.text == "<think>STOPHERE</think><tool_call></arg_value>/nothink"


@pytest.mark.parametrize(
    ("stop", "text"),
    [
        (("OPHE",), "<think>ST"),
        (("never", "HERE"), "<think>STOP"),
        (("</think>",), "<think>STOPHERE"),
        (("<think>",), ""),
    ],
)
def test_stop_strings_span_tokens_and_are_not_shown(
    loaded: EngineClient, stop: tuple[str, ...], text: str
) -> None:
    answer = ask(loaded, "[gMASK]", replace(GREEDY, stop=stop))
    assert answer.text == text
    assert answer.finished.reason == "stop_string"


def test_max_tokens(loaded: EngineClient) -> None:
    answer = ask(loaded, "one", replace(GREEDY, max_tokens=2))
    assert answer.text == " two three"
    assert answer.finished.reason == "max_tokens"
    assert answer.finished.stats.generated_tokens == 2


def test_a_second_turn_evaluates_only_what_is_new(loaded: EngineClient) -> None:
    first = "<|system|>Be brief.<|user|>hi<|observation|>"
    answer = ask(loaded, first)
    assert answer.finished.stats.context_used_tokens == 14 + len("你é🙂".encode())
    second = ask(loaded, f"{first}{answer.text}<|user|>more<|assistant|>")
    assert second.finished.stats.cached_tokens == answer.finished.stats.context_used_tokens
    assert second.text == "Hello world!"
    assert second.progress[0].done_tokens == second.finished.stats.cached_tokens
    assert second.progress[-1].done_tokens == second.finished.stats.prompt_tokens


def test_the_same_prompt_again_evaluates_its_last_token(loaded: EngineClient) -> None:
    first = ask(loaded, "<|user|>again<|assistant|>")
    second = ask(loaded, "<|user|>again<|assistant|>")
    assert second.finished.stats.cached_tokens == first.finished.stats.prompt_tokens - 1
    assert second.text == first.text


def test_a_shorter_prompt_drops_the_rest_of_the_cache(loaded: EngineClient) -> None:
    ask(loaded, "<|user|>abcdefgh<|assistant|>")
    answer = ask(loaded, "<|user|>abc<|assistant|>")
    assert answer.finished.stats.cached_tokens == 4
    assert answer.text == "Hello world!"


def test_a_special_token_split_over_segments_is_ordinary_text(loaded: EngineClient) -> None:
    assert loaded.count(Prompt(("<|user|>",))) == 1
    assert loaded.count(Prompt(("<|us", "er|>"))) == len("<|user|>")
    assert loaded.count(Prompt(())) == 0
    assert loaded.count(Prompt(("你\ud800",))) == 6  # a lone surrogate counts as U+FFFD


def test_a_bos_token_is_added_when_asked_for(models: Path, client: EngineClient) -> None:
    path = models / "bos.gguf"
    write_model(path, add_bos=True)
    assert client.load(str(path), PLACEMENT).adds_bos
    assert client.count(Prompt(("a", "b"))) == 2
    assert client.count(Prompt(("a", "b"), add_bos=True)) == 3
    assert client.counted(Prompt(("a", "bc"), add_bos=True)).by_segment == (1, 2)
    assert client.count(Prompt((), add_bos=True)) == 1


def test_a_recurrent_model_continues_or_starts_afresh(tmp_path: Path, client: EngineClient) -> None:
    """Its state cannot be cut back, so a prompt that differs is evaluated from the start."""
    write_recurrent_model(tmp_path / "mamba.gguf")
    client.load(str(tmp_path / "mamba.gguf"), PLACEMENT)
    one = replace(GREEDY, max_tokens=1)
    assert ask(client, "abcdef", one).finished.stats.cached_tokens == 0
    assert ask(client, "abcdefgh", one).finished.stats.cached_tokens == 6
    fresh = ask(client, "abcxyz", one)
    assert fresh.finished.stats.cached_tokens == 0
    assert ask(client, "abcxyz", one).finished.stats.cached_tokens == 0


def test_an_empty_prompt_is_refused(loaded: EngineClient) -> None:
    with pytest.raises(KnownError, match="prompt is empty"):
        ask(loaded, "")


@pytest.mark.parametrize("length", [512, 100_000, 1_000_000])
def test_a_prompt_larger_than_the_context_is_refused(loaded: EngineClient, length: int) -> None:
    with pytest.raises(KnownError, match="does not fit") as caught:
        ask(loaded, "a" * length)
    assert "512" in caught.value.why


def test_the_answer_stops_when_the_context_is_full(
    shared_client: EngineClient, random_model: Path, scripted: Scripted
) -> None:
    shared_client.load(str(random_model), replace(PLACEMENT, context_tokens=256))
    never_end = tuple((token, float("-inf")) for token in range(256, 272))
    answer = ask(shared_client, "a" * 200, Sampling(seed=1, logit_bias=never_end))
    assert answer.finished.reason == "context_full"
    assert answer.finished.stats.context_used_tokens == 256
    assert answer.finished.stats.generated_tokens == 57
    # A full cache serves the next answer all the same.
    again = ask(shared_client, "a" * 255, Sampling(seed=1, logit_bias=never_end))
    assert again.finished.reason == "context_full"
    assert again.finished.stats.generated_tokens == 2
    shared_client.load(str(scripted[0]), PLACEMENT)


def test_long_prompts_are_read_in_chunks_that_report_progress(
    shared_client: EngineClient, scripted: Scripted
) -> None:
    placement = replace(PLACEMENT, context_tokens=1024, batch_tokens=64, ubatch_tokens=32)
    shared_client.load(str(scripted[0]), placement)
    answer = ask(shared_client, "x" * 500 + "<|assistant|>")
    done = [event.done_tokens for event in answer.progress]
    assert done[0] == 0
    assert done[-1] == 501
    assert len(done) > 5
    assert all(0 < b - a <= 64 for a, b in itertools.pairwise(done))
    assert answer.progress[-1].tokens_per_second
    assert answer.finished.stats.prefill_tokens_per_second
    assert answer.text == "Hello world!"
    shared_client.load(str(scripted[0]), PLACEMENT)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(seed=7),
        Sampling(seed=7, temperature=0.7, top_k=20, top_p=0.9, min_p=0.02, typical_p=0.95),
        Sampling(seed=7, xtc_probability=0.5, xtc_threshold=0.05, top_n_sigma=2.0),
        Sampling(seed=7, dynatemp_range=0.5, repeat_penalty=1.3, dry_multiplier=0.8),
        Sampling(seed=7, mirostat=1),
        Sampling(seed=7, mirostat=2),
    ],
)
def test_the_same_seed_and_settings_give_the_same_text(
    random_client: EngineClient, sampling: Sampling
) -> None:
    sampling = replace(sampling, max_tokens=40)
    ask(random_client, "<|user|>Tell me", sampling)
    first = ask(random_client, "<|user|>Tell me", sampling)
    second = ask(random_client, "<|user|>Tell me", sampling)
    other = ask(random_client, "<|user|>Tell me", replace(sampling, seed=8))
    assert first.text == second.text
    assert first.finished.stats.seed == second.finished.stats.seed == 7
    assert other.text != first.text


def test_without_a_seed_each_answer_has_its_own_and_says_which(
    random_client: EngineClient,
) -> None:
    sampling = Sampling(max_tokens=40)
    first = ask(random_client, "<|user|>Tell me", sampling)
    ask(random_client, "<|user|>Tell me", sampling)
    seeded = replace(sampling, seed=first.finished.stats.seed)
    assert ask(random_client, "<|user|>Tell me", seeded).text == first.text


@pytest.fixture(scope="module")
def random_client(random_model: Path) -> Iterator[EngineClient]:
    client = EngineClient()
    client.load(str(random_model), PLACEMENT)
    yield client
    assert client.close(timeout_seconds=20)


@pytest.mark.parametrize(("milliseconds", "chunks"), [(1, 40), (15, 400)])
def test_a_fast_model_does_not_flood_its_listener(
    random_client: EngineClient, monkeypatch: pytest.MonkeyPatch, milliseconds: int, chunks: int
) -> None:
    """A chunk holds what came within 10 ms; of a slow model, every token is one."""
    clock = itertools.count(1.0, milliseconds / 1000)
    monkeypatch.setattr(generate, "perf_counter", lambda: next(clock))
    printable = tuple((token, 1e4) for token in range(32, 127))
    answer = ask(random_client, "x", Sampling(seed=1, max_tokens=400, logit_bias=printable))
    assert abs(len(answer.chunks) - chunks) <= 4
    assert answer.chunks[-1].generated_tokens == answer.finished.stats.generated_tokens == 400
    assert len(answer.text) == 400
    assert all(chunk.text for chunk in answer.chunks)


def test_the_events_of_an_answer_come_in_order(loaded: EngineClient) -> None:
    kinds = [type(event) for event in loaded.generate(Prompt(("one",)), GREEDY)]
    assert kinds[0] is PromptProgress
    assert kinds[-1] is Finished
    assert kinds == sorted(kinds, key=[PromptProgress, TextChunk, Finished].index)
