"""Full-text search. Blocks: for worker threads; a few milliseconds on 100,000 messages."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.chat.store.commands import Now
from app.chat.store.reads import Connections
from app.chat.store.types import from_ms, to_ms
from app.chat.store.words import Phrase, find, match_expression, phrases
from app.core.messages import Role

MOST_RANKED = 1000
_SNIPPET_BEFORE, _SNIPPET_LENGTH = 50, 180
_LONGEST_LOOK = 300_000
_BREAK = re.compile(r"[\s\x00-\x1f\x7f]")
_MONTH_MS = 30 * 86_400_000
_KIND_WEIGHT = {"text": 1.0, "attachment": 0.7, "reasoning": 0.6}

_CANDIDATES = """
SELECT hit.rowid, hit.score, part.message, part.ordinal, part.kind, message.role,
  message.created, message.visible, conversation.id, conversation.title, conversation.archived
FROM (
  SELECT rowid, bm25(part_index, 3.0, 1.0) AS score FROM part_index
  WHERE part_index MATCH ? ORDER BY rowid DESC LIMIT ?
) AS hit
JOIN part ON part.id = hit.rowid
JOIN message ON message.id = part.message
JOIN conversation ON conversation.id = message.conversation
WHERE message.deletion IS NULL AND conversation.trashed IS NULL
"""
_TITLES = """
SELECT conversation.id, conversation.title, conversation.changed, conversation.archived
FROM (
  SELECT rowid, bm25(title_index) AS score FROM title_index
  WHERE title_index MATCH ? ORDER BY rowid DESC LIMIT ?
) AS hit
JOIN conversation ON conversation.id = hit.rowid
WHERE conversation.trashed IS NULL AND conversation.indexed_title = conversation.title
ORDER BY hit.score, conversation.changed DESC LIMIT ?
"""


@dataclass(frozen=True)
class TitleHit:
    """matches: (start, end) within the title."""

    conversation: int
    title: str
    matches: tuple[tuple[int, int], ...]
    changed: datetime
    archived: bool


@dataclass(frozen=True)
class MessageHit:
    """ordinal, kind: the part of the message; offset: where in its text the first match begins.

    snippet: plain text on one line; matches: (start, end) within it; cut_before, cut_after: there
    is more text on that side. visible: on the path that is shown; other versions come last.
    """

    conversation: int
    title: str
    message: int
    role: Role
    created: datetime
    ordinal: int
    kind: str
    offset: int
    snippet: str
    matches: tuple[tuple[int, int], ...]
    cut_before: bool
    cut_after: bool
    visible: bool
    archived: bool


@dataclass(frozen=True)
class Found:
    """found: how many messages' parts there are in all; when `ranked_newest` is True there are more
    than MOST_RANKED, and only the newest of them are among the hits."""

    titles: tuple[TitleHit, ...] = ()
    hits: tuple[MessageHit, ...] = ()
    found: int = 0
    ranked_newest: bool = False


class Search:
    def __init__(self, connections: Connections, now: Now) -> None:
        self._connections = connections
        self._now = now

    def find(self, query: str, *, offset: int = 0, limit: int = 50) -> Found:
        """Parts that have every word of the query, best first: the visible path before other
        versions, then by relevance and age. Raises KnownError.

        The last word may be unfinished; words in quotes are a phrase. Case, accents and the width
        of letters do not matter. What is in the trash is not found.
        """
        wanted = phrases(query)
        if not wanted:
            return Found()
        expression = match_expression(wanted)
        with self._connections.one() as connection:
            titles = connection.execute(_TITLES, (expression, MOST_RANKED, limit)).fetchall()
            rows = connection.execute(_CANDIDATES, (expression, MOST_RANKED + 1)).fetchall()
            now = to_ms(self._now())
            ranked = sorted(rows, key=lambda row: _rank(row, now))
            shown = ranked[offset : offset + limit]
            texts = _texts(connection, [row[0] for row in shown])
        return Found(
            tuple(_title_hit(row, wanted) for row in titles) if offset == 0 else (),
            tuple(_message_hit(row, texts[row[0]], wanted) for row in shown),
            len(rows),
            len(rows) > MOST_RANKED,
        )


def _rank(row: Sequence[Any], now: int) -> tuple[bool, float]:
    """Smaller is better; bm25 gives negative numbers. A month of age weighs little, years more."""
    _, score, _, _, kind, _, created, visible, *_ = row
    months = max(0, now - created) / _MONTH_MS
    return not visible, score * _KIND_WEIGHT.get(kind, 0.5) / (1 + 0.05 * months)


def _texts(connection: sqlite3.Connection, parts: Sequence[int]) -> dict[int, str]:
    marks = ",".join("?" * len(parts))
    query = f"SELECT id, substr(text, 1, {_LONGEST_LOOK}) FROM part WHERE id IN ({marks})"  # noqa: S608
    return dict(connection.execute(query, parts).fetchall())


def _title_hit(row: Sequence[Any], wanted: tuple[Phrase, ...]) -> TitleHit:
    conversation, title, changed, archived = row
    return TitleHit(
        conversation, title, tuple(find(wanted, title)), from_ms(changed), bool(archived)
    )


def _message_hit(row: Sequence[Any], text: str, wanted: tuple[Phrase, ...]) -> MessageHit:
    _, _, message, ordinal, kind, role, created, visible, conversation, title, archived = row
    found = find(wanted, text)
    offset = found[0][0] if found else 0
    start = _start(text, offset)
    end = min(len(text), start + _SNIPPET_LENGTH)
    matches = tuple((a - start, min(b, end) - start) for a, b in found if start <= a < end)
    return MessageHit(
        conversation,
        title,
        message,
        role,
        from_ms(created),
        ordinal,
        kind,
        offset,
        _BREAK.sub(" ", text[start:end]),
        matches,
        start > 0,
        end < len(text),
        bool(visible),
        bool(archived),
    )


def _start(text: str, offset: int) -> int:
    """A little before the match, at the beginning of a word or a line."""
    start = max(0, offset - _SNIPPET_BEFORE)
    if start == 0:
        return 0
    line = text.rfind("\n", start, offset)
    if line >= 0:
        return line + 1
    space = text.find(" ", start, offset)
    return space + 1 if space >= 0 else start
