"""Bytes to text: which encoding it is, and what to say when that is a guess."""

import codecs
import re
from dataclasses import dataclass

from app.chat.attachments.guessing import guess
from app.core.language import mark, tr
from app.core.units import count

_SAMPLE = 65_536
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Terminal colours (ESC), form feeds and backspaces occur in logs and manual pages.
_CONTROL = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.01
_PARTING = frozenset(" \r\n\t。，、")
_FEWEST_PARTING = 0.01
_MOST_BROKEN = 0.001


class NotTextError(Exception):
    """These bytes are no text in any encoding that is known here."""


@dataclass(frozen=True)
class Decoded:
    """remark: a sentence when the encoding is a guess or not everything could be read."""

    text: str
    encoding: str
    remark: str = ""


def decode(data: bytes) -> Decoded:
    """Line ends become "\\n", a byte order mark goes. Raises NotTextError."""
    found = _decode(data)
    text = found.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return Decoded(text, found.encoding, found.remark)


def _decode(data: bytes) -> Decoded:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _replaced(data[len(bom) :], encoding)
    if b"\0" in data:
        return _replaced(data, _utf16(data))
    if len(_CONTROL.findall(data[:_SAMPLE])) > _MOST_CONTROL * len(data[:_SAMPLE]):
        raise NotTextError
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    mended = data.decode("utf-8", "replace")
    broken = mended.count("\ufffd")
    if broken <= _MOST_BROKEN * len(mended) and _has_sequences(mended):
        return Decoded(mended, "utf-8", _broken(broken))
    found = guess(data[:_SAMPLE])
    if found is None:
        text = data.decode("cp1252", "replace")
        return Decoded(text, "cp1252", _guessed(mark("Western European (Windows-1252)")))
    read = _replaced(data, found.encoding)
    remarks = (_guessed(found.name) if found.name else "", read.remark)
    return Decoded(read.text, found.encoding, " ".join(filter(None, remarks)))


def _guessed(name: str) -> str:
    return tr(
        "The file does not say how its letters are coded. It was read as {encoding}; some letters "
        "may be wrong.",
        encoding=tr(name),
    )


def _replaced(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    itself = "\ufffd".encode(encoding, "ignore")
    broken = text.count("\ufffd") - (data.count(itself) if itself else 0)
    if broken > 0.05 * len(text):
        raise NotTextError
    return Decoded(text, encoding, _broken(broken) if broken > 0 else "")


def _broken(places: int) -> str:
    return tr(
        "Places that could not be read and are shown as \ufffd: {count}.", count=count(places)
    )


def _has_sequences(text: str) -> bool:
    return any("\x7f" < sign != "\ufffd" for sign in text)


def _utf16(data: bytes) -> str:
    """The byte order in which it makes sense: readable signs, some of which part words. Raises
    NotTextError."""
    sample = data[: _SAMPLE // 2 * 2]
    found: list[tuple[int, str]] = []
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "replace")
        strange = sum(not (sign.isprintable() or sign in "\r\n\t\f") for sign in text)
        parting = sum(sign in _PARTING for sign in text)
        if strange <= _MOST_CONTROL * len(text) and (
            parting >= _FEWEST_PARTING * len(text) or text.isascii()
        ):
            found.append((parting, encoding))
    if not found:
        raise NotTextError
    return max(found)[1]
