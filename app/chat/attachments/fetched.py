"""The text of a PDF that came over the network, read like a file that was added."""

import tempfile
from pathlib import Path

from app.chat.attachments.extract import extract
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr

SECONDS = 15


def pdf_text(data: bytes, name: str, cancel: CancelToken) -> str:
    """With a mark before each page, and what is to be known about the reading at its end.

    Raises KnownError when there is no text to be had, Cancelled.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="glm-launcher-pdf-") as folder:
            path = Path(folder) / "fetched.pdf"
            path.write_bytes(data)
            read = extract(path, name, "pdf", len(data), cancel, _untold, seconds=SECONDS)
    except OSError as error:
        raise KnownError(
            tr("The PDF cannot be taken apart here."),
            tr("This machine refuses: {reason}.", reason=error.strerror or error),
            tr("Free some space on the disk for temporary files, and try again."),
            repr(error),
        ) from error
    notes = "\n".join(f"[{remark}]" for remark in read.remarks)
    return f"{read.text}\n{notes}" if notes else read.text


def _untold(_page: int, _pages: int) -> None:
    pass
