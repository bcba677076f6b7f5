"""The text of a PDF, page by page. Runs in the reading process alone."""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError

from app.chat.attachments.pieces import Piece, RefusedError, Remark, Total, clean
from app.core.language import mark
from app.core.units import count

_MOST_PAGES = 5_000
_MOST_NAMED = 8
# Of all signs, blanks included.
_MANY_UNREAD, _MOST_UNREAD = 0.02, 0.5


def read_pdf(path: Path) -> Iterator[Piece | Total | Remark]:
    """Raises RefusedError when there is no text to be had."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    reader = _opened(path)
    total = _pages(reader)
    yield Total(total)
    tally = _Tally(total, min(total, _MOST_PAGES))
    for number in range(1, tally.read + 1):
        try:
            text = clean(reader.pages[number - 1].extract_text())
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a parser on strangers' bytes fails in any way
            tally.failed.append(number)
            text = "(could not be read)"
        tally.count(number, text)
        yield Piece(text, number)
    tally.check()
    yield from tally.remarks()


@dataclass
class _Tally:
    """What came of the pages. total: how many there are; read: how many are looked at."""

    total: int
    read: int
    blank: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    letters: int = 0
    unread: int = 0

    def count(self, number: int, text: str) -> None:
        if not text.strip():
            self.blank.append(number)
        self.letters += len(text)
        self.unread += text.count("\ufffd")

    def check(self) -> None:
        """Raises RefusedError when nothing of use was read."""
        if len(self.failed) == self.read:
            raise _damaged()
        if len(self.blank) + len(self.failed) == self.read:
            raise RefusedError(
                mark("{name} holds no text."),
                mark("Its pages are probably scanned pictures, which the model cannot see."),
                mark("Run it through a text recognition (OCR) first, or paste the text."),
            )
        if self.unread > _MOST_UNREAD * self.letters:
            raise RefusedError(
                mark("{name} holds no text that can be read."),
                mark("Its fonts do not say which letters they draw."),
                mark("Run it through a text recognition (OCR) first, or paste the text."),
            )

    def remarks(self) -> Iterator[Remark]:
        if self.unread > _MANY_UNREAD * self.letters:
            yield Remark(mark("Many of its letters could not be read and are shown as \ufffd."))
        if self.failed:
            pages = {"pages": _named(self.failed)}
            yield Remark(mark("Pages that could not be read: {pages}."), pages)
        if self.blank:
            pages = {"pages": _named(self.blank)}
            yield Remark(mark("Pages without text, perhaps pictures only: {pages}."), pages)
        if self.total > self.read:
            numbers = {"read": count(self.read), "total": count(self.total)}
            yield Remark(mark("Only the first {read} of {total} pages were read."), numbers)


def _opened(path: Path) -> PdfReader:
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise RefusedError(
                mark("{name} is protected with a password."),
                "",
                mark("Open it in a PDF viewer, save a copy without the password, and add that."),
            )
    except DependencyError as error:
        raise RefusedError(
            mark("{name} is encrypted in a way that cannot be read here."),
            "",
            mark("Save a copy of it without encryption, and add that."),
            str(error),
        ) from error
    except (RefusedError, MemoryError):
        raise
    except Exception as error:
        raise _damaged(error) from error
    return reader


def _pages(reader: PdfReader) -> int:
    try:
        total = len(reader.pages)
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error
    if not total:
        raise _damaged()
    return total


def _damaged(error: Exception | None = None) -> RefusedError:
    details = f"{type(error).__name__}: {error}"[:1000] if error is not None else ""
    return RefusedError(
        mark("{name} cannot be read."),
        mark("The PDF is damaged or unusual."),
        mark("Open it in a PDF viewer and save or print it as a new PDF, or paste the text."),
        details,
    )


def _named(pages: list[int]) -> str:
    numbers = [count(page) for page in pages[:_MOST_NAMED]]
    return ", ".join([*numbers, "…"] if len(pages) > _MOST_NAMED else numbers)
