from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.text import TextAssembler


def assembled(pieces: list[bytes], stop: tuple[str, ...] = (), complete: bool = True) -> str:
    assembler = TextAssembler(stop)
    shown = "".join(assembler.feed(piece) for piece in pieces)
    return shown + assembler.end(complete=complete)


def cut(data: bytes, positions: list[int]) -> list[bytes]:
    places = [0, *sorted(position % (len(data) + 1) for position in positions), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


@given(st.text(), st.lists(st.integers(min_value=0), max_size=20))
def test_the_text_does_not_depend_on_how_it_is_cut(text: str, positions: list[int]) -> None:
    assert assembled(cut(text.encode(), positions)) == text


@given(st.binary(max_size=50), st.lists(st.integers(min_value=0), max_size=20))
def test_invalid_bytes_become_replacement_characters(data: bytes, positions: list[int]) -> None:
    assert assembled(cut(data, positions)) == data.decode("utf-8", "replace")


@given(
    st.text("ab<>你", max_size=40),
    st.lists(st.text("ab<>你", max_size=4), max_size=3),
    st.lists(st.integers(min_value=0), max_size=20),
)
def test_the_answer_ends_before_the_first_stop_string(
    text: str, stop: list[str], positions: list[int]
) -> None:
    assembler = TextAssembler(stop)
    shown = ""
    for piece in cut(text.encode(), positions):
        shown += assembler.feed(piece)
        assert not any(entry in shown for entry in stop if entry)
    shown += assembler.end(complete=True)
    places = [text.find(entry) for entry in stop if entry and entry in text]
    assert assembler.stopped == bool(places)
    if places:
        assert text.startswith(shown)
        assert not any(entry in shown for entry in stop if entry)
    else:
        assert shown == text


def test_what_may_begin_a_stop_string_is_held_back_and_then_shown() -> None:
    assembler = TextAssembler(["</s>"])
    assert assembler.feed(b"a</") == "a"
    assert assembler.feed(b"b</s") == "</b"
    assert assembler.end(complete=True) == "</s"


def test_nothing_is_shown_after_a_stop_string() -> None:
    assembler = TextAssembler(["ST", "STOP"])
    assert assembler.feed(b"go STOP more") == "go "
    assert assembler.stopped
    assert assembler.feed(b"more") == ""
    assert assembler.end(complete=True) == ""


@pytest.mark.parametrize(("complete", "shown"), [(True, "a\ufffd"), (False, "a")])
def test_a_character_cut_at_the_end_is_the_models_fault_only_if_it_ended(
    complete: bool, shown: str
) -> None:
    assert assembled([b"a", "你".encode()[:2]], complete=complete) == shown
