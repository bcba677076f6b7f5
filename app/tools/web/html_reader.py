"""Reads HTML in a process of its own: `python -m app.tools.web.html_reader`, a request as JSON on
standard input, answers as lines of JSON on standard output.

A stranger's page can keep a parser busy for minutes or crash it. The whole page is answered first;
what of it is the article takes longer to find, and whoever waits may stop waiting at any time.
`html_text.py` starts it.
"""

import contextlib
import json
import logging
import re
import sys
from typing import Any, TextIO

import lxml.etree
import lxml.html
import readability

from app.tools.web.markdown import to_markdown

_MAX_TITLE = 300
_MIN_ARTICLE = 200
_MAX_FOR_ARTICLE = 1_500_000
_MEMORY_BYTES = 1_500_000_000
_CPU_SECONDS = 30


def answer(source: TextIO, target: TextIO) -> None:
    request = json.load(source)
    text, address = request["text"], request["address"]
    # What it says about its encoding is no longer true.
    text = re.sub(r"\A\s*<\?xml[^>]*\?>", "", text)
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.LxmlError, ValueError, AssertionError):
        _tell(target, "", "")
        return
    title = " ".join((root.findtext(".//title") or "").split())[:_MAX_TITLE]
    whole = to_markdown(root, address)
    _tell(target, title, whole)
    if len(text) <= _MAX_FOR_ARTICLE:
        article = _article(root, address)
        if len(article) >= _MIN_ARTICLE and len(article) * 20 >= len(whole):
            _tell(target, title, article)


def _tell(target: TextIO, title: str, text: str) -> None:
    target.write(json.dumps({"title": title, "text": text}) + "\n")
    target.flush()


def _article(root: lxml.html.HtmlElement, address: str) -> str:
    """What readability takes for the page's matter, "" when it finds none. Changes the tree."""
    logging.disable(logging.CRITICAL)
    try:
        # A heading that is a link to itself is taken for a menu.
        for link in root.xpath("//*[self::h1 or self::h2 or self::h3 or self::h4]//a"):
            link.drop_tag()
        text = lxml.html.tostring(root, encoding="unicode")
        summary = readability.Document(text, url=address).summary(html_partial=True)
        return to_markdown(lxml.html.fragment_fromstring(summary, create_parent="div"), address)
    except Exception:  # noqa: BLE001 - a library's guess; the whole page was told already
        return ""


def _limit(resource: Any) -> None:  # noqa: ANN401 - a module that Windows does not have
    for limit, most in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CPU, _CPU_SECONDS)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    if sys.platform != "win32":
        import resource

        _limit(resource)
    answer(sys.stdin, sys.stdout)
