"""Parts of long texts: never more than asked for, and always said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chat.attachments.cutting import Extent, beginning, extent, part_of
from app.chat.attachments.tokens import about_tokens
from app.chat.attachments.types import ReadText

PAGES = ["[Page 1]\none\n", "[Page 2]\ntwo\n", "[Page 3]\nthree\n"]
PDF = ReadText("a.pdf", "\n".join(PAGES), starts=(0, 14, 28), pages=3)
LINES = ReadText("a.txt", "".join(f"line {n}\n" for n in range(1, 11)))


def test_what_it_can_be_cut_into() -> None:
    assert extent(PDF) == Extent("page", 3)
    assert extent(LINES) == Extent("line", 10)
    assert extent(ReadText("a", "no end")) == Extent("line", 1)


def test_pages() -> None:
    found = part_of(PDF, 2, 3)
    assert found.text == "[Page 2]\ntwo\n\n[Page 3]\nthree"
    assert found.excerpt == "pages 2–3 of 3"
    assert part_of(PDF, 2, 2).text == "[Page 2]\ntwo"
    assert part_of(PDF, 2, 2).excerpt == "page 2 of 3"


def test_lines() -> None:
    found = part_of(LINES, 3, 4)
    assert found.text == "line 3\nline 4"
    assert found.excerpt == "lines 3–4 of 10"
    assert found.part.excerpt == found.excerpt


@pytest.mark.parametrize(("first", "last"), [(0, 99), (1, 10), (-5, 10)])
def test_everything_is_no_excerpt(first: int, last: int) -> None:
    assert part_of(LINES, first, last) == LINES


def test_the_wrong_way_round_is_one_unit() -> None:
    assert part_of(LINES, 9, 2).excerpt == "line 9 of 10"


def test_the_beginning_ends_with_a_page_or_a_line() -> None:
    assert beginning(PDF, 30).excerpt == "pages 1–2 of 3"
    assert beginning(PDF, 11).excerpt.startswith("lines 1–1 of") or beginning(PDF, 11).text
    assert beginning(LINES, 16).text == "line 1\nline 2"
    assert beginning(LINES, 3).excerpt == "the first 3 of 71 characters"
    assert beginning(LINES, 71) == LINES


@given(st.text(max_size=300), st.integers(0, 400))
def test_a_beginning_is_one_and_no_longer(text: str, characters: int) -> None:
    read = ReadText("a", text)
    cut = beginning(read, characters)
    assert text.startswith(cut.text)
    assert len(cut.text) <= max(1, characters)
    assert bool(cut.excerpt) == (cut != read)


def test_a_pdf_that_was_not_read_to_its_end_says_of_how_many() -> None:
    half = ReadText("a.pdf", "\n".join(PAGES), starts=(0, 14, 28), pages=90)
    assert part_of(half, 1, 3).excerpt == "pages 1–3 of 90"


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("The quick brown fox jumps over the lazy dog. ", 9, 12),
        ("我需要把一个四十吉字节的表移动到另一个表空间。", 12, 20),
        ("def add(x: int, y: int) -> int:\n    return x + y\n", 18, 28),
        ("2024-01-01,17.25,3.5\n", 10, 16),
        ("", 0, 0),
    ],
)
def test_estimates_are_near_what_such_vocabularies_give(text: str, low: int, high: int) -> None:
    assert low <= about_tokens(text) <= high


def test_a_long_text_is_estimated_from_samples() -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 100_000
    short = about_tokens(text[:45_000]) * 100
    assert abs(about_tokens(text) - short) < 0.02 * short
