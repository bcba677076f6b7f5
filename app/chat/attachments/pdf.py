"""The text of a PDF, page by page. Runs in the reading process alone."""

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from app.chat.attachments.pieces import Piece, Remark, Total, clean
from app.core.errors import KnownError

_MOST_PAGES = 5_000
_MOST_NAMED = 8


def read_pdf(path: Path, name: str) -> Iterator[Piece | Total | Remark]:
    """Raises KnownError when there is no text to be had."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    reader = _opened(path, name)
    total = _pages(reader, name)
    yield Total(total)
    blank: list[int] = []
    failed: list[int] = []
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
        yield Piece(text, number)
    if len(failed) == min(total, _MOST_PAGES):
        raise _damaged(name)
    if len(blank) + len(failed) == min(total, _MOST_PAGES):
        raise KnownError(
            f"{name} holds no text.",
            "Its pages are probably scanned pictures, which the model cannot see.",
            "Run it through a text recognition (OCR) first, or paste the text.",
        )
    if failed:
        yield Remark(f"{_named(failed)} could not be read and {_are(failed)} left out.")
    if blank:
        yield Remark(f"{_named(blank)} {_have(blank)} no text, perhaps pictures only.")
    if total > _MOST_PAGES:
        yield Remark(f"Only the first {_MOST_PAGES:,} of {total:,} pages were read.")


def _opened(path: Path, name: str) -> PdfReader:
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise KnownError(
                f"{name} is protected with a password.",
                "",
                "Open it in a PDF viewer, save a copy without the password, and add that.",
            )
    except DependencyError as error:
        raise KnownError(
            f"{name} is encrypted in a way that cannot be read here.",
            "",
            "Save a copy of it without encryption, and add that.",
            str(error),
        ) from error
    except (KnownError, MemoryError):
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    return reader


def _pages(reader: PdfReader, name: str) -> int:
    try:
        total = len(reader.pages)
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    if not total:
        raise _damaged(name)
    return total


def _damaged(name: str, error: Exception | None = None) -> KnownError:
    details = f"{type(error).__name__}: {error}"[:1000] if error is not None else ""
    kind = "damaged" if error is None or isinstance(error, PyPdfError) else "damaged or unusual"
    return KnownError(
        f"{name} cannot be read.",
        f"The PDF is {kind}.",
        "Open it in a PDF viewer and save or print it as a new PDF, or paste the text.",
        details,
    )


def _named(pages: list[int]) -> str:
    numbers = [f"{page:,}" for page in pages[:_MOST_NAMED]]
    if len(pages) > _MOST_NAMED:
        return f"{len(pages):,} pages ({', '.join(numbers)}, …)"
    if len(numbers) == 1:
        return f"Page {numbers[0]}"
    return f"Pages {', '.join(numbers[:-1])} and {numbers[-1]}"


def _are(pages: list[int]) -> str:
    return "is" if len(pages) == 1 else "are"


def _have(pages: list[int]) -> str:
    return "has" if len(pages) == 1 else "have"
