"""Text in a conversation, found in what is shown of each entry. No Qt."""

import re
from typing import NamedTuple

from app.ui.chat.context.entry import Omitted
from app.ui.chat.entries import Answer, Entry, Failure, Footer, Notice, Question, Thinking, ToolUse

_LINK = re.compile(r"!?\[([^\[\]\n]{1,2000})\]\([^()\s]{0,2000}\)")
# Marks that are drawn as something else: headings, quotes, bullets, fences, emphasis.
_LINE_MARKS = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|```.*|~~~.*)", re.MULTILINE)
_EMPHASIS = re.compile(r"\*+|~~|`+")
_MOST_CACHED = 20_000


def shown_text(entry: Entry) -> str:
    """About what a person reads of it; an answer without its Markdown signs."""
    match entry:
        case Answer(text=text):
            return _without_markup(text)
        case Question(text=text) | Notice(text=text) | Thinking(text=text) | Omitted(text=text):
            return text
        case ToolUse():
            parts = (entry.name, entry.result or entry.reason, entry.written)
            return "\n".join(part for part in parts if part)
        case Failure(error=error):
            return f"{error.what}\n{error.why}\n{error.next_step}"
        case Footer():
            return ""


class Place(NamedTuple):
    """The number-th match (from 0) in the entry at that index."""

    at: int
    number: int


class Finder:
    """Matches in a list of entries; what did not change is not searched again."""

    def __init__(self) -> None:
        self._pattern: re.Pattern[str] | None = None
        self._query = ""
        self._texts: dict[Entry, tuple[int, str]] = {}
        self._counts: dict[Entry, tuple[int, int]] = {}

    def search(self, entries: list[Entry], query: str) -> list[Place]:
        """All of them in order; upper and lower case are the same."""
        if query != self._query:
            self._query = query
            self._counts.clear()
            self._pattern = re.compile(re.escape(query), re.IGNORECASE) if query else None
        if self._pattern is None:
            return []
        if len(self._texts) > max(_MOST_CACHED, 2 * len(entries)):
            self.forget()
        return [
            Place(index, number)
            for index, entry in enumerate(entries)
            for number in range(self._count(entry, self._pattern))
        ]

    def forget(self) -> None:
        self._texts.clear()
        self._counts.clear()

    def _count(self, entry: Entry, pattern: re.Pattern[str]) -> int:
        version = _version(entry)
        known = self._counts.get(entry)
        if known is None or known[0] != version:
            known = version, sum(1 for _ in pattern.finditer(self._text(entry, version)))
            self._counts[entry] = known
        return known[1]

    def _text(self, entry: Entry, version: int) -> str:
        known = self._texts.get(entry)
        if known is None or known[0] != version:
            known = self._texts[entry] = version, shown_text(entry)
        return known[1]


def _version(entry: Entry) -> int:
    """Another one once the text changed. Texts are compared by hash, which Python keeps."""
    match entry:
        case ToolUse():
            return hash((entry.name, entry.result, entry.reason, entry.written))
        case Failure() | Footer():
            return 0
        case _:
            return hash(entry.text)


def _without_markup(text: str) -> str:
    text = _LINE_MARKS.sub("", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    return _EMPHASIS.sub("", text)
