"""The text of a PDF, page by page. Runs in the reading process alone."""

import logging
import warnings
from collections.abc import Iterator
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
    blank: list[int] = []
    failed: list[int] = []
    letters = unread = 0
    for number in range(1, min(total, _MOST_PAGES) + 1):
        try:
            text = clean(reader.pages[number - 1].extract_text())
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - a parser on strangers' bytes fails in any way
            failed.append(number)
            text = "(could not be read)"
        if not text.strip():
            blank.append(number)
        letters += len(text)
        unread += text.count("\ufffd")
        yield Piece(text, number)
    if len(failed) == min(total, _MOST_PAGES):
        raise _damaged()
    if len(blank) + len(failed) == min(total, _MOST_PAGES):
        raise RefusedError(
            mark("{name} holds no text."),
            mark("Its pages are probably scanned pictures, which the model cannot see."),
            mark("Run it through a text recognition (OCR) first, or paste the text."),
        )
    if unread > _MOST_UNREAD * letters:
        raise RefusedError(
            mark("{name} holds no text that can be read."),
            mark("Its fonts do not say which letters they draw."),
            mark("Run it through a text recognition (OCR) first, or paste the text."),
        )
    if unread > _MANY_UNREAD * letters:
        yield Remark(mark("Many of its letters could not be read and are shown as \ufffd."))
    if failed:
        yield Remark(mark("Pages that could not be read: {pages}."), {"pages": _named(failed)})
    if blank:
        yield Remark(
            mark("Pages without text, perhaps pictures only: {pages}."), {"pages": _named(blank)}
        )
    if total > _MOST_PAGES:
        yield Remark(
            mark("Only the first {read} of {total} pages were read."),
            {"read": count(_MOST_PAGES), "total": count(total)},
        )


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
