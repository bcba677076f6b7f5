"""Parts of a text that is too long: its beginning, or the pages or lines that a person names.

What is left out is always said, in the excerpt of the result.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal

from app.chat.attachments.types import ReadText
from app.core.units import count

Unit = Literal["page", "line"]


@dataclass(frozen=True)
class Extent:
    """What a text can be cut into: so many of these."""

    unit: Unit
    number: int


def extent(read: ReadText) -> Extent:
    """Pages where the file has them, else lines."""
    if read.starts:
        return Extent("page", len(read.starts))
    return Extent("line", _line_count(read.text))


def part_of(read: ReadText, first: int, last: int) -> ReadText:
    """The pages or lines from first to last, both counted from 1 and brought within what there
    is. read: not cut itself, but for pages that could not be read."""
    whole = extent(read)
    first = max(1, min(first, whole.number))
    last = max(first, min(last, whole.number))
    if whole.unit == "page":
        end = read.starts[last] if last < len(read.starts) else len(read.text)
        text = read.text[read.starts[first - 1] : end].rstrip("\n")
        total = max(read.pages, whole.number)
    else:
        text = "\n".join(read.text.split("\n")[first - 1 : last])
        total = whole.number
    if first == 1 and last == total:
        return read
    return replace(read, text=text, excerpt=span(whole.unit, first, last, total))


def beginning(read: ReadText, characters: int) -> ReadText:
    """As much as so many characters hold, at least one: whole pages or whole lines if possible."""
    characters = max(1, characters)
    if characters >= len(read.text):
        return read
    if read.starts:
        pages = bisect_right([*read.starts[1:], len(read.text)], characters)
        if pages:
            return part_of(read, 1, pages)
    lines = read.text.count("\n", 0, characters + 1)
    if lines:
        cut = replace(read, starts=(), pages=0) if read.starts else read
        return part_of(cut, 1, lines)
    which = f"the first {count(characters)} of {count(len(read.text))} characters"
    return replace(read, text=read.text[:characters], excerpt=which)


def _line_count(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def span(unit: Unit, first: int, last: int, total: int) -> str:
    """`pages 2–5 of 20`; for the model as well, so in English."""
    if first == last:
        return f"{unit} {count(first)} of {count(total)}"
    return f"{unit}s {count(first)}–{count(last)} of {count(total)}"
