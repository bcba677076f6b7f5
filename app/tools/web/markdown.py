"""A tree of HTML as text that a model reads well: headings, lists, links, code and tables.

One walk over the tree without recursion: strangers' pages may be nested without end.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin

from lxml import etree
from lxml.html import HtmlElement

MAX_CHARACTERS = 400_000
_LINK_CHARACTERS = 500
_DROPPED = frozenset(
    re.findall(
        r"\w+",
        "script style noscript template svg math canvas iframe object embed button select "
        "textarea input audio video source track map head nav dialog",
    )
)
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details div dl dt fieldset figcaption "
        "figure footer header hr html legend main p section summary table tbody td tfoot th thead "
        "tr ul ol li pre h1 h2 h3 h4 h5 h6",
    )
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[ \t\r\n\f\v\u00a0]+")


@dataclass
class _Writer:
    """lines: finished ones. line: the one that is being written."""

    base: str
    lines: list[str] = field(default_factory=list)
    line: str = ""
    lead: str = ""
    quotes: int = 0
    lists: list[int] = field(default_factory=list)
    verbatim: int = 0
    cells: int = 0
    written: int = 0
    links: list[tuple[str, str]] = field(default_factory=list)

    def text(self, text: str | None) -> None:
        if not text:
            return
        if self.verbatim:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.line += first
            for line in rest:
                self.end_line(keep_empty=True)
                self.line = line
            return
        text = _SPACES.sub(" ", text)
        if not self.line or self.line.endswith(" "):
            text = text.lstrip(" ")
        self.line += text

    def end_line(self, *, keep_empty: bool = False) -> None:
        line = self.line if self.verbatim else self.line.strip()
        self.line = ""
        if not line.strip("#") and not self.verbatim:
            line = ""  # a heading without words
        if line or keep_empty:
            shown = "> " * self.quotes + self.lead + line
            self.lines.append(shown)
            self.written += len(shown) + 1
            self.lead = " " * len(self.lead) if self.lead.strip() else self.lead

    def gap(self) -> None:
        """An empty line, unless there is one."""
        self.end_line()
        if self.lines and self.lines[-1]:
            self.lines.append("")


def to_markdown(root: HtmlElement, base: str) -> str:
    """base: what relative links are relative to. At most MAX_CHARACTERS, cut without a word."""
    writer = _Writer(base)
    skipped = None
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if writer.written > MAX_CHARACTERS:
            break
        if event in ("comment", "pi"):
            if skipped is None:
                writer.text(element.tail)
            continue
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "start":
            if skipped is None and _is_dropped(element, tag):
                skipped = element
            if skipped is None:
                _open(writer, element, tag)
                writer.text(element.text)
            continue
        if skipped is None:
            _close(writer, tag)
        elif skipped is element:
            skipped = None
        if skipped is None and element is not root:
            writer.text(element.tail)
    writer.end_line()
    text = "\n".join(line.rstrip() for line in writer.lines).strip()
    return re.sub(r"\n{3,}", "\n\n", text)[:MAX_CHARACTERS]


def _is_dropped(element: HtmlElement, tag: str) -> bool:
    """Also what is there for machines alone: nobody who reads the page sees it."""
    hidden = "hidden" in element.attrib or element.get("aria-hidden") == "true"
    return tag in _DROPPED or hidden or _UNSEEN.search(element.get("style") or "") is not None


def _open(writer: _Writer, element: HtmlElement, tag: str) -> None:
    if tag in _HEADINGS:
        writer.gap()
        writer.line = f"{_HEADINGS[tag]} "
    elif tag == "li":
        _begin_item(writer)
    elif tag in ("ul", "ol"):
        writer.end_line() if writer.lists else writer.gap()
        writer.lists.append(1 if tag == "ol" else 0)
    elif tag == "pre":
        writer.gap()
        writer.line = "```"
        writer.end_line()
        writer.verbatim += 1
    elif tag == "blockquote":
        writer.gap()
        writer.quotes += 1
    elif tag in ("td", "th"):
        if writer.cells:
            writer.line += " | "
        writer.cells += 1
    elif tag == "tr":
        writer.end_line()
        writer.cells = 0
    elif tag == "br":
        writer.end_line()
    elif tag == "hr":
        writer.gap()
        writer.line = "---"
    elif tag == "img":
        if alternative := (element.get("alt") or "").strip():
            writer.text(f"[picture: {alternative[:200]}] ")
    elif tag == "a":
        writer.links.append((_target(element, writer.base), writer.line))
    elif tag == "code" and not writer.verbatim:
        writer.line += "`"
    elif tag in _BLOCKS and not writer.cells:
        writer.end_line() if writer.lists or tag in ("dt", "dd") else writer.gap()


def _close(writer: _Writer, tag: str) -> None:
    if tag == "a" and writer.links:
        _end_link(writer)
    elif tag == "code" and not writer.verbatim:
        writer.line += "`"
    elif tag == "pre" and writer.verbatim:
        writer.end_line()
        writer.verbatim -= 1
        writer.line = "```"
        writer.gap()
    elif tag == "blockquote" and writer.quotes:
        writer.end_line()
        writer.quotes -= 1
        writer.gap()
    elif tag in ("ul", "ol") and writer.lists:
        writer.end_line()
        writer.lists.pop()
        writer.lead = ""
        if not writer.lists:
            writer.gap()
    elif tag == "li":
        writer.end_line()
        writer.lead = ""
    elif tag == "tr":
        writer.end_line()
        writer.cells = 0
    elif tag in _HEADINGS or tag in ("p", "table", "hr"):
        if not writer.cells:
            writer.end_line() if writer.lists else writer.gap()
    elif tag in _BLOCKS and not writer.cells:
        writer.end_line()


def _begin_item(writer: _Writer) -> None:
    writer.end_line()
    depth = min(len(writer.lists), 8)
    number = writer.lists[-1] if writer.lists else 0
    sign = f"{number}. " if number else "- "
    if number:
        writer.lists[-1] += 1
    writer.lead = "  " * max(0, depth - 1) + sign


def _end_link(writer: _Writer) -> None:
    target, before = writer.links.pop()
    if not target or not writer.line.startswith(before):
        return  # it goes nowhere, or over several lines
    words = writer.line[len(before) :].strip()
    if words and len(target) <= _LINK_CHARACTERS:
        space = " " if writer.line[len(before) :].startswith(" ") else ""
        writer.line = f"{before}{space}[{words}]({target})"


def _target(element: HtmlElement, base: str) -> str:
    """ "" for what is no page."""
    href = (element.get("href") or "").strip()
    if not href or href.startswith("#"):
        return ""
    try:
        joined = urljoin(base, href)
    except ValueError:
        return ""
    if urldefrag(joined).url == urldefrag(base).url:
        return ""  # within the page
    return joined if re.match(r"https?://[^\s<>()\\]+\Z", joined) else ""
