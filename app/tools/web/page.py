"""From the bytes of an answer to a title and text."""

import codecs
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from app.core.cancel import CancelToken
from app.tools.tool import ToolFailure
from app.tools.web.client import Answer
from app.tools.web.html_text import html_text
from app.tools.web.visible import visible

ReadPdf = Callable[[bytes, str, CancelToken], str]

MAX_TEXT = 400_000
"""Characters of a page that is plain text; what HTML becomes has a limit of its own."""
_MAX_INDENTED = 50_000
_SAMPLE = 65_536
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_TEXT_TYPES = ("application/xml", "application/yaml", "application/x-ndjson", "application/rss+xml")
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Page:
    """address: where it came from in the end. cut: the text ends before the page does."""

    address: str
    title: str
    text: str
    cut: bool = False


def read_page(answer: Answer, cancel: CancelToken, read_pdf: ReadPdf | None = None) -> Page:
    """read_pdf: from its bytes and its name to its text, raises KnownError and Cancelled.

    Raises ToolFailure for what is no text, and what read_pdf raises.
    """
    if not 200 <= answer.status < 300:
        raise ToolFailure(_refused(answer))
    kind = answer.media_type or _guessed(answer.body)
    if kind in _HTML_TYPES:
        return _html_page(answer, cancel)
    if kind == "application/json" or kind.endswith("+json"):
        return _text_page(answer, _json_text(answer))
    if kind.startswith("text/") or kind.endswith("+xml") or kind in _TEXT_TYPES:
        return _text_page(answer, visible(decoded(answer)))
    if kind == "application/pdf" or answer.body.startswith(b"%PDF-"):
        return _pdf_page(answer, cancel, read_pdf)
    raise ToolFailure(f"that is no page with text but a file of the kind {kind or 'unknown'}")


def decoded(answer: Answer) -> str:
    """By its byte order mark, the server's word, the page's own word, else UTF-8, else by what the
    bytes look like; never raises."""
    for mark, name in _BOMS:
        if answer.body.startswith(mark):
            return answer.body.decode(name, "replace")
    declared = _META_CHARSET.search(answer.body[:4_096])
    for name in (answer.charset, declared[1].decode("ascii") if declared else ""):
        if name and (codec := _text_codec(name)):
            return answer.body.decode(codec, "replace")
    try:
        # A character that was cut in two at the limit does not make it another encoding.
        return codecs.getincrementaldecoder("utf-8")().decode(answer.body, final=not answer.cut)
    except UnicodeDecodeError:
        return answer.body.decode("gb18030" if _is_chinese(answer.body) else "cp1252", "replace")


def _is_chinese(body: bytes) -> bool:
    """Read as GB 18030, nearly all that is not ASCII is in GB 2312, most in its frequent half."""
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(body[:_SAMPLE])
    except UnicodeDecodeError:
        return False
    wide = [sign for sign in text if ord(sign) > 127]
    leads = "".join(wide).encode("gb2312", "ignore")[::2]
    frequent = sum(0xB0 <= lead <= 0xD7 for lead in leads)
    return len(leads) >= 0.9 * len(wide) > 0 and frequent >= 0.6 * len(wide)


def _text_codec(name: str) -> str:
    """Browsers read Latin-1 as Windows-1252. "" for what Python does not know as an encoding."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if not found._is_text_encoding or found.name in ("idna", "punycode", "utf-7", "unicode_escape"):
        return ""
    return "cp1252" if found.name in ("iso8859-1", "ascii") else found.name


def _text_page(answer: Answer, text: str) -> Page:
    cut = answer.cut or len(text) > MAX_TEXT
    return Page(str(answer.address), "", text[:MAX_TEXT], cut)


def _html_page(answer: Answer, cancel: CancelToken) -> Page:
    address, text = str(answer.address), visible(decoded(answer))
    if not text.strip():
        return Page(address, "", "", answer.cut)
    found = html_text(text, address, cancel)
    # References such as &shy; have become signs only now.
    return Page(address, visible(found.title), visible(found.text), answer.cut)


def _pdf_page(answer: Answer, cancel: CancelToken, read_pdf: ReadPdf | None) -> Page:
    if read_pdf is None or answer.cut:
        why = "larger than what is read from the web" if answer.cut else "not read here"
        raise ToolFailure(
            f"that is a PDF file, which is {why}; the person can save it and add it to the question"
        )
    name = unquote(answer.address.target.partition("?")[0].rpartition("/")[2])[:100] or "The page"
    text = visible(read_pdf(answer.body, name, cancel))
    return Page(str(answer.address), name, text[:MAX_TEXT], len(text) > MAX_TEXT)


def _json_text(answer: Answer) -> str:
    text = decoded(answer)
    try:
        # Deep nesting makes the indented form a thousand times as long.
        if len(text) <= _MAX_INDENTED:
            return visible(json.dumps(json.loads(text), ensure_ascii=False, indent=1))
    except (ValueError, RecursionError):
        pass
    return visible(text)


def _guessed(body: bytes) -> str:
    """For an answer that does not say what it is."""
    head = body[:1_024].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return "" if b"\0" in body[:4_096] else "text/plain"


def _refused(answer: Answer) -> str:
    host, status = answer.address.host, answer.status
    words = {
        401: "asks for a login",
        403: "does not give the page to programs",
        404: "has no such page",
        410: "has no such page any more",
        429: "was asked too often; try later",
    }
    if status >= 500:
        return f"{host} has a problem of its own (status {status}); try later"
    return f"{host} {words.get(status, 'did not give the page')} (status {status})"
