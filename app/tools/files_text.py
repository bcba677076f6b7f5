"""What is in a file, as text, or that it is none."""

import codecs
import os
from dataclasses import dataclass

from app.core.units import gigabytes
from app.tools.tool import ToolFailure

MAX_BYTES = 8_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL = frozenset(range(32)) - {9, 10, 12, 13, 27}


@dataclass(frozen=True)
class FileText:
    """text: with \\n at the ends of lines. encoding: for people. newline: as the file has it."""

    text: str
    encoding: str
    newline: str
    size_bytes: int


def read_all(handle: int, name: str, limit: int = MAX_BYTES) -> bytes:
    """At most the limit, whatever size the file claims. Raises ToolFailure, OSError."""
    pieces: list[bytes] = []
    left = limit + 1
    while left > 0 and (piece := os.read(handle, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise ToolFailure(f"{name} is larger than {gigabytes(limit)}, which is too much to read")
    return b"".join(pieces)


def as_text(data: bytes, name: str) -> FileText:
    """Raises ToolFailure for what is no text."""
    text, encoding = _decoded(data, name)
    newline = "\r\n" if "\r\n" in text else "\n"
    return FileText(text.replace("\r\n", "\n"), encoding, newline, len(data))


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            return data.decode(codec, "replace"), label
    sample = data[:8192]
    if sum(byte in _CONTROL for byte in sample) > len(sample) // 100:
        raise ToolFailure(f"{name} is not a text file")
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030"), "GB 18030"
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "Windows-1252"
