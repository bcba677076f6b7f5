"""What kind of file it is, by its first bytes; names lie."""

from pathlib import PurePath
from typing import Literal

from app.core.errors import KnownError
from app.core.language import tr

Kind = Literal["text", "pdf", "archive"]

HEAD_BYTES = 4096
_PDF_WITHIN = 1024

_PICTURES = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\1\0",
    b"8BPS",
)
_SOUNDS = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"FLV\x01")
_ARCHIVES = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe", b"\0asm")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAR_AT = 257
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")

_MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "text/xml",
    ".svg": "image/svg+xml",
    ".py": "text/x-python",
}


def kind_of(head: bytes, name: str) -> Kind:
    """Raises KnownError for what has no text that could be read."""
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "archive"
    refusal = _refusal(head, name)
    if refusal is not None:
        raise refusal
    return "text"


def media_type(name: str) -> str:
    return _MEDIA_TYPES.get(PurePath(name).suffix.lower(), "text/plain")


def _refusal(head: bytes, name: str) -> KnownError | None:
    if _is_picture(head):
        return picture(name)
    if head.startswith(_SOUNDS) or head[4:8] == b"ftyp" or head[:4] == b"RIFF":
        return KnownError(
            tr("{name} is sound or film.", name=name),
            tr("The model reads text only."),
            tr("Add a transcript of it."),
        )
    if head.startswith(b"GGUF"):
        return KnownError(
            tr("{name} is a model, not something to read.", name=name),
            "",
            tr("To open it, drop it on the window alone, or choose it on the page Models."),
        )
    if head.startswith(_OLD_OFFICE):
        return KnownError(
            tr("{name} is an Office file of the old kind, or one with a password.", name=name),
            "",
            tr("Save it as .docx, PDF or CSV without a password, and add that file."),
        )
    if head.startswith(_ARCHIVES) or head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return KnownError(
            tr("{name} is an archive.", name=name),
            "",
            tr("Unpack it, and add the files that matter from it."),
        )
    if head.startswith(b"SQLite format 3\0"):
        return KnownError(
            tr("{name} is a database.", name=name),
            "",
            tr("Export what matters as CSV, and add that file."),
        )
    if head.startswith(_PROGRAMS) or (head.startswith(b"MZ") and b"\0" in head):
        return binary(name)
    return None


def _is_picture(head: bytes) -> bool:
    if head.startswith(b"BM"):
        return b"\0" in head[:32]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
        return True
    return head.startswith(_PICTURES)


def picture(name: str) -> KnownError:
    return KnownError(
        tr("{name} is a picture.", name=name),
        tr("The model reads text only and cannot see it."),
        tr("Describe it in words, or paste the text that is in it."),
    )


def binary(name: str) -> KnownError:
    return KnownError(
        tr("{name} is not text.", name=name),
        tr("It is a program or data in a form that only its own program understands."),
        tr("Export it as text, CSV or PDF, and add that file."),
    )
