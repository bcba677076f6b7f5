"""What can be asked of the store. Blocks: for worker threads."""

import sqlite3
import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from app.chat.store import draft_files
from app.chat.store.conversations import NEW_DRAFT
from app.chat.store.part_codec import Row, folded, from_row, json_object
from app.chat.store.types import (
    ConversationDetails,
    ConversationHead,
    Folder,
    Making,
    MessageHead,
    Parts,
    Shelf,
    StoredMessage,
    from_ms,
)
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import AttachmentPart, Message

_MANY = 500
_HEAD = "id, title, title_origin, folder, created, changed, pinned, archived, trashed"
_SHELVES: dict[Shelf, tuple[str, str]] = {
    "active": ("trashed IS NULL AND archived = 0", "pinned DESC, changed DESC, id DESC"),
    "archived": ("trashed IS NULL AND archived = 1", "pinned DESC, changed DESC, id DESC"),
    "trash": ("trashed > 0", "trashed DESC, id DESC"),
}
AnyFolder = Literal["any"]


class Connections:
    """Connections that read, each used by one thread at a time, kept for the next one."""

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        explain: Callable[[sqlite3.Error], KnownError],
    ) -> None:
        self._connect = connect
        self._explain = explain
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._generation = 0
        self._closed = False

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """All that is read within sees the same state. Raises KnownError."""
        generation = self._generation
        try:
            connection = self._take()
        except sqlite3.Error as error:
            raise self._explain(error) from error
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            raise self._explain(error) from error
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, generation)

    def renew(self) -> None:
        """What was opened so far is not used any more: there is another file now."""
        with self._lock:
            self._generation += 1
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise RuntimeError("the store is closed")
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection, generation: int) -> None:
        with self._lock:
            if not self._closed and generation == self._generation:
                self._idle.append(connection)
                return
        connection.close()


class Reads:
    """Every method is one consistent look at the database and raises KnownError."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def folders(self) -> tuple[Folder, ...]:
        with self._connections.one() as connection:
            rows = connection.execute("SELECT id, name FROM folder ORDER BY position, id")
            return tuple(Folder(*row) for row in rows)

    def conversations(
        self,
        shelf: Shelf = "active",
        folder: int | AnyFolder | None = "any",
        offset: int = 0,
        limit: int = 200,
    ) -> tuple[ConversationHead, ...]:
        """A page of the list: pinned ones first, then the latest. folder None: those in none."""
        where, order = _SHELVES[shelf]
        condition, values = _in_folder(folder)
        query = (
            f"SELECT {_HEAD} FROM conversation WHERE {where}{condition}"  # noqa: S608
            f" ORDER BY {order} LIMIT ? OFFSET ?"
        )
        with self._connections.one() as connection:
            rows = connection.execute(query, (*values, limit, offset))
            return tuple(_head(row) for row in rows)

    def count(self, shelf: Shelf = "active", folder: int | AnyFolder | None = "any") -> int:
        where, _ = _SHELVES[shelf]
        condition, values = _in_folder(folder)
        query = f"SELECT count(*) FROM conversation WHERE {where}{condition}"  # noqa: S608
        with self._connections.one() as connection:
            return int(connection.execute(query, values).fetchone()[0])

    def details(self, conversation: int) -> ConversationDetails:
        with self._connections.one() as connection:
            row = connection.execute(
                f"SELECT {_HEAD}, persona, system_prompt, settings, draft,"  # noqa: S608
                " (SELECT max(id) FROM message WHERE conversation = conversation.id"
                " AND visible = 1) FROM conversation"
                " WHERE id = ? AND (trashed IS NULL OR trashed > 0)",
                (conversation,),
            ).fetchone()
        if row is None:
            raise KnownError(tr("This chat is not there any more."), tr("It has been deleted."))
        persona, system_prompt, settings, draft, leaf = row[9:]
        return ConversationDetails(
            _head(row[:9]), persona, system_prompt, json_object(settings), draft, leaf
        )

    def recent_questions(self, limit: int = 200, longest: int = 20_000) -> tuple[str, ...]:
        """What was asked in the conversations that are not in the trash, newest first; texts that
        are longer are left out."""
        with self._connections.one() as connection:
            rows = connection.execute(
                "SELECT part.text FROM message"
                " JOIN part ON part.message = message.id AND part.kind = 'text'"
                " JOIN conversation ON conversation.id = message.conversation"
                " WHERE message.role = 'user' AND message.deletion IS NULL"
                " AND conversation.trashed IS NULL AND length(part.text) <= ?"
                " ORDER BY message.id DESC LIMIT ?",
                (longest, limit),
            )
            return tuple(text for (text,) in rows)

    def new_draft(self) -> str:
        """What is typed for a chat that has not begun."""
        with self._connections.one() as connection:
            row = connection.execute(
                "SELECT value FROM fact WHERE name = ?", (NEW_DRAFT,)
            ).fetchone()
        return "" if row is None else str(row[0])

    def draft_files(self, conversation: int | None) -> tuple[AttachmentPart, ...]:
        """What lies beside the question that is being written; None: of a chat not begun."""
        with self._connections.one() as connection:
            return draft_files.draft_files(connection, conversation)

    def path(self, conversation: int) -> tuple[MessageHead, ...]:
        """The visible messages from the first to the last, without their parts."""
        with self._connections.one() as connection:
            return _path(connection, conversation)

    def parts(self, messages: Sequence[int]) -> dict[int, Parts]:
        """The parts of these messages, what has arrived so far included; unknown ids are left out
        unless they have none."""
        with self._connections.one() as connection:
            return _parts(connection, messages)

    def history(self, conversation: int, last: int | None = None) -> tuple[StoredMessage, ...]:
        """The visible messages with their parts and versions, without how they were made. last:
        only so many of them, from the end."""
        with self._connections.one() as connection:
            heads = _path(connection, conversation, last)
            parts = _parts(connection, [head.id for head in heads])
        return tuple(
            StoredMessage(
                head.id,
                head.parent,
                head.state,
                head.created,
                Message(head.role, parts.get(head.id, ())),
                versions=head.versions,
            )
            for head in heads
        )

    def makings(self, messages: Sequence[int]) -> dict[int, Making]:
        """How these messages were made; those of which it is not known are left out."""
        found: dict[int, Making] = {}
        with self._connections.one() as connection:
            for some in _slices(messages):
                rows = connection.execute(
                    "SELECT message, model, quantization, sampling, seed, timings, reason, raw"  # noqa: S608
                    f" FROM making WHERE message IN ({','.join('?' * len(some))})",
                    some,
                )
                found |= {message: _making(making) for message, *making in rows}
        return found

    def tree(self, conversation: int) -> tuple[StoredMessage, ...]:
        """Every message that is not deleted, parents first, with how it was made."""
        with self._connections.one() as connection:
            rows = connection.execute(
                "SELECT id FROM message WHERE conversation = ? AND deletion IS NULL ORDER BY id",
                (conversation,),
            ).fetchall()
            return _whole(connection, [row[0] for row in rows])

    def message(self, message: int) -> StoredMessage:
        with self._connections.one() as connection:
            found = _whole(connection, [message])
        if not found:
            raise KnownError(tr("This message is not there any more."), tr("It has been deleted."))
        return found[0]

    def conversation_of(self, message: int) -> int:
        with self._connections.one() as connection:
            row = connection.execute(
                "SELECT conversation FROM message WHERE id = ?", (message,)
            ).fetchone()
        if row is None:
            raise KnownError(tr("This message is not there any more."), tr("It has been deleted."))
        return int(row[0])

    def deletions(self, conversation: int) -> tuple[tuple[int, int], ...]:
        """What can be restored: (deletion, the message that was deleted), the latest first."""
        with self._connections.one() as connection:
            rows = connection.execute(
                "SELECT id, root FROM deletion WHERE conversation = ? ORDER BY id DESC",
                (conversation,),
            )
            return tuple((row[0], row[1]) for row in rows)


def _in_folder(folder: int | AnyFolder | None) -> tuple[str, tuple[int, ...]]:
    if folder == "any":
        return "", ()
    if folder is None:
        return " AND folder IS NULL", ()
    return " AND folder = ?", (folder,)


def _head(row: Sequence[Any]) -> ConversationHead:
    id, title, origin, folder, created, changed, pinned, archived, trashed = row  # noqa: A001
    return ConversationHead(
        id,
        title,
        origin,
        folder,
        from_ms(created),
        from_ms(changed),
        bool(pinned),
        bool(archived),
        None if trashed is None else from_ms(trashed),
    )


def _path(
    connection: sqlite3.Connection, conversation: int, last: int | None = None
) -> tuple[MessageHead, ...]:
    several_of: dict[int | None, tuple[int, ...]] = {}
    several = connection.execute(
        "SELECT parent FROM message WHERE conversation = ?"
        " AND deletion IS NULL GROUP BY parent HAVING count(*) > 1",
        (conversation,),
    ).fetchall()
    for (parent,) in several:
        several_of[parent] = tuple(
            reply
            for (reply,) in connection.execute(
                "SELECT id FROM message WHERE conversation = ? AND parent IS ?"
                " AND deletion IS NULL ORDER BY id",
                (conversation, parent),
            )
        )
    rows = connection.execute(
        "SELECT id, parent, role, state, created, characters FROM message"
        " WHERE conversation = ? AND visible = 1 ORDER BY id DESC LIMIT ?",
        (conversation, -1 if last is None else last),
    ).fetchall()
    return tuple(
        MessageHead(
            name,
            parent,
            role,
            state,
            from_ms(created),
            characters,
            several_of.get(parent) or (name,),
        )
        for name, parent, role, state, created, characters in reversed(rows)
    )


def _parts(connection: sqlite3.Connection, messages: Sequence[int]) -> dict[int, Parts]:
    rows: defaultdict[int, list[Row]] = defaultdict(list)
    pieces: defaultdict[int, list[Row]] = defaultdict(list)
    for some in _slices(messages):
        marks = ",".join("?" * len(some))
        for message, *row in connection.execute(
            "SELECT message, kind, text, data FROM part"  # noqa: S608
            f" WHERE message IN ({marks}) ORDER BY message, ordinal",
            some,
        ):
            rows[message].append(Row(*row))
        for message, *row in connection.execute(
            "SELECT message, kind, text, data FROM piece"  # noqa: S608
            f" WHERE message IN ({marks}) ORDER BY id",
            some,
        ):
            pieces[message].append(Row(*row))
    for message, streamed in pieces.items():
        rows[message] = folded(rows[message], streamed)
    return {message: tuple(map(from_row, found)) for message, found in rows.items()}


def _whole(connection: sqlite3.Connection, messages: Sequence[int]) -> tuple[StoredMessage, ...]:
    parts = _parts(connection, messages)
    found: list[StoredMessage] = []
    for some in _slices(messages):
        rows = connection.execute(
            "SELECT message.id, parent, role, state, created, making.message, model,"  # noqa: S608
            " quantization, sampling, seed, timings, reason, raw FROM message"
            " LEFT JOIN making ON making.message = message.id"
            f" WHERE message.id IN ({','.join('?' * len(some))}) ORDER BY message.id",
            some,
        )
        for id, parent, role, state, created, made, *making in rows:  # noqa: A001
            found.append(
                StoredMessage(
                    id,
                    parent,
                    state,
                    from_ms(created),
                    Message(role, parts.get(id, ())),
                    None if made is None else _making(making),
                    None if made is None else _raw(making[-1]),
                )
            )
    return tuple(found)


def _making(row: Iterable[Any]) -> Making:
    model, quantization, sampling, seed, timings, reason, _ = row
    return Making(model, quantization, json_object(sampling), seed, json_object(timings), reason)


def _raw(packed: bytes | None) -> str | None:
    if packed is None:
        return None
    try:
        return zlib.decompress(packed).decode("utf-8", "replace")
    except zlib.error:
        return None


def _slices(messages: Sequence[int]) -> Iterator[list[int]]:
    listed = list(messages)
    for start in range(0, len(listed), _MANY):
        yield listed[start : start + _MANY]
