"""Files beside a question that is not sent yet. In the store as facts, one for each conversation:
they are no part of any message, and nothing searches them."""

import json
import sqlite3
from collections.abc import Sequence

from app.chat.store.part_codec import Row, from_row, to_row
from app.core.messages import AttachmentPart

PREFIX = "draft-files"


def set_draft_files(
    connection: sqlite3.Connection, conversation: int | None, parts: Sequence[AttachmentPart]
) -> None:
    """conversation None: of a chat that has not begun. No parts take the entry away."""
    name = _name(conversation)
    if parts:
        value = json.dumps([list(to_row(part)) for part in parts])
        connection.execute("INSERT OR REPLACE INTO fact VALUES(?, ?)", (name, value))
    else:
        connection.execute("DELETE FROM fact WHERE name = ?", (name,))


def draft_files(
    connection: sqlite3.Connection, conversation: int | None
) -> tuple[AttachmentPart, ...]:
    """A value that makes no sense, of a file that was meddled with, is none."""
    row = connection.execute(
        "SELECT value FROM fact WHERE name = ?", (_name(conversation),)
    ).fetchone()
    try:
        rows = json.loads(row[0]) if row is not None else []
        found = [from_row(Row(*map(_text, one))) for one in rows]
    except (ValueError, TypeError):
        return ()
    return tuple(part for part in found if isinstance(part, AttachmentPart))


def delete_all_draft_files(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM fact WHERE name GLOB ?", (f"{PREFIX}*",))


def _name(conversation: int | None) -> str:
    return PREFIX if conversation is None else f"{PREFIX}:{conversation}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a row is of texts")
    return value
