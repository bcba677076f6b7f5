"""Keeps the index for searching up to date, a little at a time. Runs on the store thread."""

import sqlite3

from app.chat.store.part_codec import Row, json_object
from app.chat.store.words import for_index

_SLICE_CHARACTERS = 100_000
_SLICE_ROWS = 100
_PUT = "INSERT INTO part_index(rowid, name, text) VALUES(?, ?, ?)"
_TAKE = "INSERT INTO part_index(part_index, rowid, name, text) VALUES('delete', ?, ?, ?)"
_PUT_TITLE = "INSERT INTO title_index(rowid, title) VALUES(?, ?)"
_TAKE_TITLE = "INSERT INTO title_index(title_index, rowid, title) VALUES('delete', ?, ?)"


def step(connection: sqlite3.Connection) -> bool:
    """Take in some of what is new: a few hundredths of a second of work. True: there is more."""
    titles = _index_titles(connection)
    return _index_parts(connection) or titles


def catch_up(connection: sqlite3.Connection) -> None:
    while step(connection):
        pass


def forget_parts(connection: sqlite3.Connection, message: int, first: int = 0) -> None:
    """Take the parts of a message, from an ordinal on, out of the index; before they go."""
    rows = connection.execute(
        "SELECT id, kind, text, data FROM part WHERE message = ? AND ordinal >= ? AND id <= ?",
        (message, first, _indexed(connection)),
    ).fetchall()
    connection.executemany(_TAKE, [(part, *_entry(Row(*row))) for part, *row in rows])


def forget_title(connection: sqlite3.Connection, conversation: int) -> None:
    row = connection.execute(
        "SELECT indexed_title FROM conversation WHERE id = ?", (conversation,)
    ).fetchone()
    if row is not None and row[0] is not None:
        connection.execute(_TAKE_TITLE, (conversation, for_index(row[0])))


def _index_parts(connection: sqlite3.Connection) -> bool:
    rows = connection.execute(
        "SELECT id, kind, text, data FROM part WHERE id > ? ORDER BY id", (_indexed(connection),)
    )
    characters = 0
    entries: list[tuple[int, str, str]] = []
    for part, *row in rows:
        entries.append((part, *_entry(Row(*row))))
        characters += len(row[1])
        if characters >= _SLICE_CHARACTERS or len(entries) >= _SLICE_ROWS:
            break
    if not entries:
        return False
    connection.executemany(_PUT, entries)
    last = str(entries[-1][0])
    connection.execute("UPDATE fact SET value = ? WHERE name = 'indexed'", (last,))
    return True


def _index_titles(connection: sqlite3.Connection) -> bool:
    rows = connection.execute(
        "SELECT id, title, indexed_title FROM conversation WHERE indexed_title IS NOT title"
        " LIMIT ?",
        (_SLICE_ROWS,),
    ).fetchall()
    for conversation, title, old in rows:
        if old is not None:
            connection.execute(_TAKE_TITLE, (conversation, for_index(old)))
        connection.execute(_PUT_TITLE, (conversation, for_index(title)))
        connection.execute(
            "UPDATE conversation SET indexed_title = ? WHERE id = ?", (title, conversation)
        )
    return bool(rows)


def _indexed(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM fact WHERE name = 'indexed'").fetchone()
    return int(row[0])


def _entry(row: Row) -> tuple[str, str]:
    """The name of a file or a tool, and the text."""
    name = json_object(row.data).get("name") if row.data else None
    return for_index(name) if isinstance(name, str) else "", for_index(row.text)
