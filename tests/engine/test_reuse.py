"""Tokens in the cache that spell the prompt's text in another way are kept."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.engine.client import EngineClient
from app.engine.reuse import common, spelled_as_held
from tests.engine.helpers import PLACEMENT, ask
from tests.models import TinyVocab

PIECES = {0: None, 1: b"a", 2: b"b", 3: b"ab", 4: b"aba", 5: b"ba", 6: b"abab", 7: b"c", 8: b""}


def spelled(held: list[int], wanted: list[int]) -> list[int]:
    return spelled_as_held(held, wanted, PIECES.__getitem__)


def test_another_spelling_of_the_same_text_is_kept() -> None:
    assert spelled([7, 1, 2, 7], [7, 3, 7, 7]) == [7, 1, 2, 7, 7]
    assert spelled([7, 3, 7], [7, 1, 2, 7, 7]) == [7, 3, 7, 7]
    assert spelled([4, 2, 7], [3, 3, 7]) == [4, 2, 7], "the cuts lie differently"


def test_where_the_texts_part_the_prompt_goes_on() -> None:
    assert spelled([7, 1, 2, 1], [7, 3, 2]) == [7, 1, 2, 2]
    assert spelled([7, 1, 1], [7, 3, 2]) == [7, 3, 2]
    assert spelled([], [7, 3]) == [7, 3]
    assert spelled([7, 6], [7, 3, 7]) == [7, 3, 7], "the cache would know more than was said"
    assert spelled([7, 3], [7, 6, 7]) == [7, 6, 7]


def test_special_tokens_are_never_taken_for_their_text() -> None:
    assert spelled([7, 0, 7], [7, 3, 7]) == [7, 3, 7]
    assert spelled([7, 3, 7], [7, 0, 7]) == [7, 0, 7]
    assert spelled([7, 0, 1, 2], [7, 0, 3]) == [7, 0, 1, 2]


def test_tokens_without_text_end_the_comparison() -> None:
    assert spelled([8, 3], [3]) == [3]
    assert spelled([3], [8, 3]) == [8, 3]


TOKENS = st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 0]), max_size=12)


@given(TOKENS, TOKENS)
def test_the_text_stays_and_no_less_is_kept(held: list[int], wanted: list[int]) -> None:
    def text(tokens: list[int]) -> list[bytes]:
        return [PIECES[token] or b"<special>" for token in tokens]

    result = spelled(held, wanted)
    assert b"".join(text(result)) == b"".join(text(wanted))
    assert common(held, 0, result, 0) >= common(held, 0, wanted, 0)


def test_blocks_are_compared_whole() -> None:
    left = list(range(5000))
    right = [*range(4097), -1, *range(4098, 5000)]
    assert common(left, 0, right, 0) == 4097
    assert common(left, 10, right, 10) == 4087
    assert common(left, 0, left, 0) == 5000


def test_an_answer_is_not_read_again_because_it_was_cut_otherwise(
    client: EngineClient, scripted: tuple[Path, TinyVocab]
) -> None:
    client.load(str(scripted[0]), PLACEMENT)
    first = ask(client, "<|user|>hi<|assistant|>")
    assert (first.text, first.finished.stats.context_used_tokens) == ("Hello world!", 7)
    # Read afresh, "Hello" is five bytes.
    again = ask(client, "<|user|>hi<|assistant|>Hello world!<|user|>")
    assert again.finished.stats.cached_tokens == 7
    assert again.finished.stats.prompt_tokens == 8
    apart = ask(client, "<|user|>hi<|assistant|>Hello wo<|user|>")
    assert apart.finished.stats.cached_tokens == 5
    assert apart.finished.stats.prompt_tokens == 5 + len(" wo") + 1
