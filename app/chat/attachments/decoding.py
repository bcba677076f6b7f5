"""Bytes to text: which encoding it is, and what to say when that is a guess."""

import codecs
import re
from dataclasses import dataclass

from app.core.language import tr
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
# Simplified Chinese: nearly all signs are in GB 2312, and most in its first, frequent half.
_FEWEST_KNOWN, _FEWEST_FREQUENT = 0.9, 0.6


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
    if _is_chinese(data[:_SAMPLE]):
        return _replaced(data, "gb18030")
    return Decoded(
        data.decode("cp1252", "replace"),
        "cp1252",
        tr(
            "The file does not say how its letters are coded. It was read as Western European "
            "(Windows-1252); letters with accents may be wrong."
        ),
    )


def _replaced(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode(encoding))
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


def _is_chinese(sample: bytes) -> bool:
    signs = [sign for sign in sample.decode("gb18030", "replace") if sign > "\x7f"]
    codes = [sign.encode("gb2312", "ignore") for sign in signs]
    known = [code for code in codes if code]
    frequent = sum(code[0] <= 0xD7 for code in known)
    return (
        bool(signs)
        and len(known) >= _FEWEST_KNOWN * len(signs)
        and frequent >= _FEWEST_FREQUENT * len(known)
    )
