"""The replies of a conversation as a tree, of which one path is visible. Runs on the store thread,
inside its transactions."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.chat.store import index
from app.chat.store.part_codec import Row, folded, to_json, to_row
from app.chat.store.types import Making, State
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import Part, Role

_CHAIN = """
WITH RECURSIVE chain(id) AS (
  SELECT ? UNION ALL
  SELECT message.chosen FROM chain JOIN message ON message.id = chain.id
  WHERE message.chosen IS NOT NULL
)
UPDATE message SET visible = ? WHERE id IN (SELECT id FROM chain)
"""


class Place(NamedTuple):
    """Where a message hangs."""

    conversation: int
    parent: int | None
    chosen: int | None
    visible: int
    deletion: int | None


class NewMessage(NamedTuple):
    """parent None begins the conversation, once more if it has begun already."""

    id: int
    conversation: int
    parent: int | None
    role: Role
    state: State
    created: int


def gone() -> KnownError:
    return KnownError(tr("This message is not there any more."), tr("It has been deleted."))


def place_of(connection: sqlite3.Connection, message: int) -> Place:
    """Raises KnownError when there is no such message."""
    row = connection.execute(
        "SELECT conversation, parent, chosen, visible, deletion FROM message WHERE id = ?",
        (message,),
    ).fetchone()
    if row is None:
        raise gone()
    return Place(*row)


def add(connection: sqlite3.Connection, new: NewMessage, parts: Iterable[Part] = ()) -> None:
    """The new message becomes the chosen reply to its parent.

    It is visible only if its parent is: an answer that goes on in the background does not turn the
    page for somebody who has gone to another version meanwhile. Raises KnownError when the
    conversation or the parent is gone.
    """
    _check_place(connection, new.conversation, new.parent)
    insert(connection, new)
    choose(connection, new.id)
    replace_parts(connection, new.id, [to_row(part) for part in parts])
    touch(connection, new.conversation, new.created)


def insert(connection: sqlite3.Connection, new: NewMessage) -> None:
    connection.execute(
        "INSERT INTO message(id, conversation, parent, role, state, created)"
        " VALUES(?, ?, ?, ?, ?, ?)",
        new,
    )


def choose(connection: sqlite3.Connection, message: int) -> None:
    """Make it the reply that its parent goes on with."""
    place = place_of(connection, message)
    old = _chosen(connection, place)
    shown = place.parent is None or bool(place_of(connection, place.parent).visible)
    if old == message and bool(place.visible) == shown:
        return
    if shown and old is not None:
        connection.execute(_CHAIN, (old, 0))
    _set_chosen(connection, place, message)
    if shown:
        connection.execute(_CHAIN, (message, 1))


def show(connection: sqlite3.Connection, message: int) -> None:
    """Let the visible path go through it. Raises KnownError when it is deleted."""
    current: int | None = message
    while current is not None:
        place = place_of(connection, current)
        if place.deletion is not None:
            raise gone()
        choose(connection, current)
        if place.visible:
            return
        current = place.parent


def detach(connection: sqlite3.Connection, message: int) -> None:
    """Let its parent go on with another reply, the one before it or else the one after it."""
    place = place_of(connection, message)
    if _chosen(connection, place) != message:
        return
    if place.visible:
        connection.execute(_CHAIN, (message, 0))
    others = live_replies(connection, place.conversation, place.parent)
    earlier = [other for other in others if other < message]
    later = [other for other in others if other > message]
    heir = earlier[-1] if earlier else (later[0] if later else None)
    _set_chosen(connection, place, heir)
    if heir is not None and place.visible:
        connection.execute(_CHAIN, (heir, 1))


def live_replies(
    connection: sqlite3.Connection, conversation: int, parent: int | None
) -> list[int]:
    """In the order in which they were made."""
    rows = connection.execute(
        "SELECT id FROM message WHERE conversation = ? AND parent IS ? AND deletion IS NULL"
        " ORDER BY id",
        (conversation, parent),
    )
    return [row[0] for row in rows]


def set_state(connection: sqlite3.Connection, message: int, state: State) -> None:
    connection.execute("UPDATE message SET state = ? WHERE id = ?", (state, message))


def reopen(connection: sqlite3.Connection, message: int) -> None:
    """A finished answer is written on."""
    rows = part_rows(connection, message)
    while rows and rows[-1].kind in ("notice", "error"):
        rows.pop()
    replace_parts(connection, message, rows)
    connection.execute("UPDATE making SET raw = NULL WHERE message = ?", (message,))
    set_state(connection, message, "streaming")


def touch(connection: sqlite3.Connection, conversation: int, now: int) -> None:
    connection.execute(
        "UPDATE conversation SET changed = max(changed, ?) WHERE id = ?", (now, conversation)
    )


def part_rows(connection: sqlite3.Connection, message: int) -> list[Row]:
    rows = connection.execute(
        "SELECT kind, text, data FROM part WHERE message = ? ORDER BY ordinal", (message,)
    )
    return [Row(*row) for row in rows]


def replace_parts(connection: sqlite3.Connection, message: int, rows: Sequence[Row]) -> None:
    """Parts that are as they were are left alone: they are not written or indexed again."""
    old = part_rows(connection, message)
    same = 0
    while same < min(len(old), len(rows)) and old[same] == rows[same]:
        same += 1
    remove_parts(connection, message, same)
    connection.executemany(
        "INSERT INTO part(message, ordinal, kind, text, data) VALUES(?, ?, ?, ?, ?)",
        [(message, same + n, *row) for n, row in enumerate(rows[same:])],
    )
    connection.execute(
        "UPDATE message SET characters = ? WHERE id = ?",
        (sum(len(row.text) for row in rows), message),
    )


def remove_parts(connection: sqlite3.Connection, message: int, first: int = 0) -> None:
    index.forget_parts(connection, message, first)
    connection.execute("DELETE FROM part WHERE message = ? AND ordinal >= ?", (message, first))


def fold_pieces(connection: sqlite3.Connection, message: int) -> None:
    """Turn what was streamed into parts."""
    rows = folded(part_rows(connection, message), pieces_of(connection, message))
    replace_parts(connection, message, rows)
    drop_pieces(connection, message)


def pieces_of(connection: sqlite3.Connection, message: int) -> list[Row]:
    rows = connection.execute(
        "SELECT kind, text, data FROM piece WHERE message = ? ORDER BY id", (message,)
    )
    return [Row(*row) for row in rows]


def drop_pieces(connection: sqlite3.Connection, message: int) -> None:
    connection.execute("DELETE FROM piece WHERE message = ?", (message,))


def set_making(
    connection: sqlite3.Connection, message: int, making: Making, raw: str | None
) -> None:
    packed = None if raw is None else zlib.compress(raw.encode("utf-8", "replace"), 3)
    connection.execute(
        "INSERT OR REPLACE INTO making VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (
            message,
            making.model,
            making.quantization,
            to_json(making.sampling),
            making.seed,
            to_json(making.timings),
            making.reason,
            packed,
        ),
    )


def _check_place(connection: sqlite3.Connection, conversation: int, parent: int | None) -> None:
    known = connection.execute(
        "SELECT 1 FROM conversation WHERE id = ? AND trashed IS NOT 0", (conversation,)
    )
    if known.fetchone() is None:
        raise KnownError(tr("This chat is not there any more."), tr("It has been deleted."))
    if parent is not None:
        place = place_of(connection, parent)
        if place.deletion is not None:
            raise gone()
        if place.conversation != conversation:
            raise ValueError(f"message {parent} is of another conversation")


def _chosen(connection: sqlite3.Connection, place: Place) -> int | None:
    if place.parent is None:
        row = connection.execute(
            "SELECT first FROM conversation WHERE id = ?", (place.conversation,)
        ).fetchone()
    else:
        row = connection.execute(
            "SELECT chosen FROM message WHERE id = ?", (place.parent,)
        ).fetchone()
    value = row[0]
    return None if value is None else int(value)


def _set_chosen(connection: sqlite3.Connection, place: Place, message: int | None) -> None:
    if place.parent is None:
        connection.execute(
            "UPDATE conversation SET first = ? WHERE id = ?", (message, place.conversation)
        )
    else:
        connection.execute("UPDATE message SET chosen = ? WHERE id = ?", (message, place.parent))
