"""What the reading process says to the program, one line of JSON for each thing."""

import json
import re
from dataclasses import astuple, dataclass, field
from typing import assert_never

# Lone surrogates and what no text holds: parsers make them of broken fonts.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Total:
    """How many pages there are."""

    pages: int


@dataclass(frozen=True)
class Piece:
    """Text; page is 0 where there are no pages."""

    text: str
    page: int = 0


Values = dict[str, str]


@dataclass(frozen=True)
class Remark:
    """A sentence about the reading, with the values for the names in its braces."""

    text: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """Everything was read."""


@dataclass(eq=False)
class RefusedError(Exception):
    """As a KnownError, but each sentence with names in braces, `{name}` for the file's: the reading
    process does not know the language."""

    what: str
    why: str = ""
    next_step: str = ""
    details: str = ""
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    error: RefusedError


Said = Total | Piece | Remark | Done | Refused


def clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", "\n")
    return _UNWANTED.sub("", text)


def to_line(said: Said) -> str:
    match said:
        case Total(pages):
            value: list[object] = ["total", pages]
        case Piece(text, page):
            value = ["piece", text, page]
        case Remark(text, values):
            value = ["remark", text, values]
        case Done():
            value = ["done"]
        case Refused(error):
            value = ["refused", *astuple(error)]
        case _:
            assert_never(said)
    return json.dumps(value) + "\n"


def from_line(line: str) -> Said:
    """Raises ValueError for a line that was cut off."""
    match json.loads(line):
        case ["total", int(pages)]:
            return Total(pages)
        case ["piece", str(text), int(page)]:
            return Piece(text, page)
        case ["remark", str(text), dict(values)]:
            return Remark(text, values)
        case ["done"]:
            return Done()
        case ["refused", str(what), str(why), str(next_step), str(details), dict(values)]:
            return Refused(RefusedError(what, why, next_step, details, values))
        case _:
            raise ValueError("not a line of the reading process")
