"""What begins like a ZIP file: a Word document is read, everything else is named and refused."""

from collections.abc import Iterator
from pathlib import Path

from app.chat.attachments.pieces import Piece, RefusedError, Remark
from app.chat.attachments.word import check_archive, read_word
from app.core.language import mark

_KINDS = (
    (
        "xl/",
        mark("{name} is a spreadsheet, which cannot be read here."),
        mark("Save the sheet as CSV, and add that file."),
    ),
    (
        "ppt/",
        mark("{name} is a presentation, which cannot be read here."),
        mark("Export it as PDF, and add that file."),
    ),
    (
        "META-INF/container.xml",
        mark("{name} is an electronic book, which cannot be read here."),
        mark("Convert it to text or PDF, and add that."),
    ),
    (
        "content.xml",
        mark("{name} is an OpenDocument file, which cannot be read here."),
        mark("Save it as .docx, PDF or CSV, and add that file."),
    ),
    (
        "word/",
        mark("{name} is a Word document without text."),
        mark("Save it again as .docx, and add that file."),
    ),
)


def read_archive(path: Path) -> Iterator[Piece | Remark]:
    """Raises RefusedError."""
    names = check_archive(path)
    if "word/document.xml" in names:
        yield from read_word(path)
        return
    for start, what, next_step in _KINDS:
        if any(entry.startswith(start) for entry in names):
            raise RefusedError(what, "", next_step)
    raise RefusedError(
        mark("{name} is an archive."), "", mark("Unpack it, and add the files that matter from it.")
    )
