"""What begins like a ZIP file: a Word document is read, everything else is named and refused."""

from collections.abc import Iterator
from pathlib import Path

from app.chat.attachments.pieces import Piece, Remark
from app.chat.attachments.word import check_archive, read_word
from app.core.errors import KnownError

_KINDS = (
    ("xl/", "a spreadsheet", "Save the sheet as CSV, and add that file."),
    ("ppt/", "a presentation", "Export it as PDF, and add that file."),
    ("META-INF/container.xml", "an electronic book", "Convert it to text or PDF, and add that."),
    ("content.xml", "an OpenDocument file", "Save it as .docx, PDF or CSV, and add that file."),
    ("word/", "a Word document without text", "Save it again as .docx, and add that file."),
)


def read_archive(path: Path, name: str) -> Iterator[Piece | Remark]:
    """Raises KnownError."""
    names = check_archive(path, name)
    if "word/document.xml" in names:
        yield from read_word(path, name)
        return
    for start, kind, next_step in _KINDS:
        if any(entry.startswith(start) for entry in names):
            raise KnownError(f"{name} is {kind}, which cannot be read here.", "", next_step)
    raise KnownError(
        f"{name} is an archive.", "", "Unpack it, and add the files that matter from it."
    )
