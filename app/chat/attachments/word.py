"""The text of a Word document (.docx). Runs in the reading process alone.

The body is walked element by element: text boxes, content controls and insertions that are not
accepted yet are in it, deletions are not. Tables become Markdown tables.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docx import Document
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml

from app.chat.attachments.pieces import Piece, RefusedError, Remark, Values, clean
from app.core.language import mark
from app.core.units import count, gigabytes

if TYPE_CHECKING:
    from lxml.etree import _Element

_MOST_ENTRIES = 5_000
_LARGEST_UNPACKED = 400_000_000
_LARGEST_PART = 100_000_000
_DEEPEST_TABLE = 6
_SKIPPED: Final = {qn("w:del"), qn("w:moveFrom"), qn("w:pPr"), qn("w:rPr"), qn("w:instrText")}
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_FOOTNOTES: Final = "/footnotes"
_SIGNS: Final = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
    qn("w:softHyphen"): "",
}


def read_word(path: Path) -> Iterator[Piece | Remark]:
    """Raises RefusedError when it is none, or not one to be opened."""
    check_archive(path)
    try:
        document = Document(str(path))
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error
    body = document.element.body
    text = clean("\n\n".join(_blocks(body, 0)))
    notes = clean("\n".join(_footnotes(document.part)))
    if not text.strip() and not notes:
        raise RefusedError(
            mark("{name} holds no text."),
            mark("It is empty, or holds pictures only, which the model cannot see."),
            mark("Add another file, or paste the text."),
        )
    yield Piece(f"{text}\n\n{notes}" if notes else text)
    pictures = sum(1 for _ in body.iter(qn("w:drawing"), qn("w:pict")))
    if pictures:
        yield Remark(
            mark("Pictures in it are left out ({count}): the model reads text only."),
            {"count": count(pictures)},
        )


def check_archive(path: Path) -> frozenset[str]:
    """The names in it. Raises RefusedError for what would unpack to far more than it looks."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from error
    sizes = [entry.file_size for entry in entries]
    if len(entries) > _MOST_ENTRIES:
        why = mark("It holds {parts} parts, which documents do not. It may be made to do harm.")
        raise _bomb(why, {"parts": count(len(entries))})
    if sum(sizes) > _LARGEST_UNPACKED or max(sizes, default=0) > _LARGEST_PART:
        why = mark("Unpacked it would be {size}. It may be made to fill up memory.")
        raise _bomb(why, {"size": gigabytes(sum(sizes))})
    return frozenset(entry.filename for entry in entries)


def _blocks(parent: "_Element", depth: int) -> Iterator[str]:
    """Paragraphs and tables, in order."""
    for child in parent:
        if child.tag == qn("w:p"):
            text = _paragraph(child)
            if text.strip():
                yield text
        elif child.tag == qn("w:tbl"):
            if depth < _DEEPEST_TABLE:
                yield "\n".join(_table(child, depth))
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _blocks(child, depth)


def _paragraph(paragraph: "_Element") -> str:
    text = "".join(_runs(paragraph)).strip(" ")
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    name = (style.get(qn("w:val")) or "") if style is not None else ""
    if name.startswith("Heading") and name[7:].isdigit() and text:
        return f"{'#' * min(6, int(name[7:]))} {text}"
    if name == "Title" and text:
        return f"# {text}"
    listed = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}") is not None
    return f"- {text}" if text and (listed or name.startswith("List")) else text


def _runs(parent: "_Element") -> Iterator[str]:
    for child in parent:
        tag = child.tag
        if tag == qn("w:t"):
            yield child.text or ""
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag == qn("w:p"):
            yield "\n"
            yield _paragraph(child)
        elif tag == qn("w:footnoteReference"):
            yield f"[^{child.get(qn('w:id'))}]"
        elif isinstance(tag, str) and tag not in _SKIPPED and tag != _FALLBACK:
            yield from _runs(child)


def _table(table: "_Element", depth: int) -> Iterator[str]:
    """Markdown; the first row is the head."""
    for number, row in enumerate(_descend(table, qn("w:tr"))):
        cells = [_cell(cell, depth) for cell in _descend(row, qn("w:tc"))]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{' --- |' * len(cells)}"


def _descend(parent: "_Element", wanted: str) -> Iterator["_Element"]:
    """Through content controls and the like, not into inner tables."""
    for child in parent:
        if child.tag == wanted:
            yield child
        elif isinstance(child.tag, str) and child.tag not in (qn("w:tbl"), qn("w:tc")):
            yield from _descend(child, wanted)


def _cell(cell: "_Element", depth: int) -> str:
    text = " ".join(" ".join(_blocks(cell, depth + 1)).split())
    return text.replace("|", "\\|")


def _footnotes(part: object) -> Iterator[str]:
    rels = getattr(part, "rels", {})
    for rel in rels.values():
        if rel.is_external or not rel.reltype.endswith(_FOOTNOTES):
            continue
        for note in parse_xml(rel.target_part.blob):
            if note.get(qn("w:type")) is None and note.tag == qn("w:footnote"):
                text = " ".join(_blocks(note, 0)).strip()
                if text:
                    yield f"[^{note.get(qn('w:id'))}]: {text}"


def _damaged(error: Exception) -> RefusedError:
    return RefusedError(
        mark("{name} cannot be read."),
        mark("The document is damaged, or it is not a Word document."),
        mark("Open it in a word processor and save it again, or paste the text."),
        f"{type(error).__name__}: {error}"[:1000],
    )


def _bomb(why: str, values: Values) -> RefusedError:
    return RefusedError(
        mark("{name} is not opened."),
        why,
        mark("If you trust it, open it elsewhere and paste the text."),
        values=values,
    )
