"""Conversations and folders as rows. Runs on the store thread, inside its transactions."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.chat.store import tree
from app.chat.store.ids import IdMaker
from app.chat.store.part_codec import clean, json_object, to_json
from app.chat.store.types import (
    ONE_CHAT_ONLY,
    Making,
    NewConversation,
    State,
    StoredMessage,
    TitleOrigin,
    to_ms,
)
from app.core.errors import KnownError
from app.core.json import JsonValue
from app.core.language import tr

LONGEST_TITLE = 200
NEW_DRAFT = "draft"
"""The fact that holds what is typed for a chat that has not begun."""

_COPY = """
INSERT INTO message(id, conversation, parent, role, state, created, characters, chosen, visible)
SELECT copied.new, ?, parents.new, message.role, message.state, message.created,
  message.characters, replies.new, message.visible
FROM copied JOIN message ON message.id = copied.old
LEFT JOIN copied AS parents ON parents.old = message.parent
LEFT JOIN copied AS replies ON replies.old = message.chosen
ORDER BY copied.new
"""
_COPY_PARTS = """
INSERT INTO part(message, ordinal, kind, text, data)
SELECT copied.new, part.ordinal, part.kind, part.text, part.data
FROM copied JOIN part ON part.message = copied.old ORDER BY copied.new, part.ordinal
"""
_COPY_PIECES = """
INSERT INTO piece(message, kind, text, data)
SELECT copied.new, piece.kind, piece.text, piece.data
FROM copied JOIN piece ON piece.message = copied.old ORDER BY piece.id
"""
_COPY_MAKING = """
INSERT INTO making
SELECT copied.new, model, quantization, sampling, seed, timings, reason, raw
FROM copied JOIN making ON making.message = copied.old
"""


def create(
    connection: sqlite3.Connection, conversation: int, title: str, folder: int | None, now: int
) -> None:
    connection.execute(
        "INSERT INTO conversation(id, folder, title, title_origin, created, changed)"
        " VALUES(?, (SELECT id FROM folder WHERE id = ?), ?, 'automatic', ?, ?)",
        (conversation, folder, _title(title), now, now),
    )


def update(connection: sqlite3.Connection, conversation: int, column: str, value: object) -> None:
    """Set one column. Raises KnownError when the conversation is gone."""
    changed = connection.execute(
        f"UPDATE conversation SET {column} = ?"  # noqa: S608 - names are ours
        " WHERE id = ? AND (trashed IS NULL OR trashed > 0)",
        (value, conversation),
    )
    if changed.rowcount == 0:
        raise KnownError(tr("This chat is not there any more."), tr("It has been deleted."))


def set_setting(
    connection: sqlite3.Connection, conversation: int, key: str, value: JsonValue
) -> None:
    """None takes it away. Raises KnownError when the conversation is gone."""
    row = connection.execute(
        "SELECT settings FROM conversation WHERE id = ?", (conversation,)
    ).fetchone()
    settings = json_object(row[0] if row is not None else None)
    settings.pop(key, None)
    if value is not None:
        settings[key] = value
    update(connection, conversation, "settings", to_json(settings))


def set_new_draft(connection: sqlite3.Connection, draft: str) -> None:
    connection.execute("INSERT OR REPLACE INTO fact VALUES(?, ?)", (NEW_DRAFT, draft))


def set_title(
    connection: sqlite3.Connection, conversation: int, title: str, origin: TitleOrigin
) -> bool:
    """False when a person's title would be replaced by another one."""
    row = connection.execute(
        "SELECT title_origin FROM conversation WHERE id = ?", (conversation,)
    ).fetchone()
    if row is not None and row[0] == "person" and origin != "person":
        return False
    update(connection, conversation, "title", _title(title))
    update(connection, conversation, "title_origin", origin)
    return True


def duplicate(
    connection: sqlite3.Connection, ids: IdMaker, old: int, new: int, title: str | None, now: int
) -> None:
    """The whole tree under new ids. Raises KnownError when there is nothing to copy."""
    _copy_head(connection, old, new, title, now)
    rows = connection.execute(
        "SELECT id FROM message WHERE conversation = ? AND deletion IS NULL ORDER BY id", (old,)
    )
    _copy_messages(connection, ids, [int(row[0]) for row in rows], new)
    connection.execute(
        "UPDATE conversation SET first = (SELECT new FROM copied JOIN conversation AS old_one"
        " ON copied.old = old_one.first WHERE old_one.id = ?) WHERE id = ?",
        (old, new),
    )


def branch(
    connection: sqlite3.Connection,
    ids: IdMaker,
    message: int,
    new: int,
    title: str | None,
    now: int,
) -> None:
    """A new conversation of everything up to and including `message`."""
    place = tree.place_of(connection, message)
    if place.deletion is not None:
        raise tree.gone()
    _copy_head(connection, place.conversation, new, title, now)
    path = [
        int(row[0])
        for row in connection.execute(
            "WITH RECURSIVE up(id) AS (SELECT ? UNION ALL SELECT message.parent FROM up"
            " JOIN message ON message.id = up.id WHERE message.parent IS NOT NULL)"
            " SELECT id FROM up ORDER BY id",
            (message,),
        )
    ]
    _copy_messages(connection, ids, path, new)
    connection.execute(
        "UPDATE message SET visible = 1, chosen = (SELECT reply.id FROM message AS reply"
        " WHERE reply.conversation = message.conversation AND reply.parent = message.id)"
        " WHERE conversation = ?",
        (new,),
    )
    connection.execute(
        "UPDATE conversation SET first = (SELECT min(id) FROM message WHERE conversation = ?)"
        " WHERE id = ?",
        (new, new),
    )


@dataclass(frozen=True)
class TakingIn:
    """A conversation that nobody sees yet. names: the id in the file -> the id here."""

    conversation: int
    names: Mapping[int, int]


def begin_taking_in(
    connection: sqlite3.Connection, ids: IdMaker, new: NewConversation
) -> TakingIn | None:
    """None when the conversation is there already.

    Its own ids are kept where they are free and in order, else all of them are new. What is not
    completed is removed at the next start.
    """
    if _is_known(connection, new):
        return None
    names = _names(connection, ids, new)
    conversation = new.id if new.id is not None and 0 < new.id < ids.new() else ids.new()
    connection.execute(
        "INSERT INTO conversation(id, folder, title, title_origin, created, changed, pinned,"
        " archived, persona, system_prompt, settings, draft, source, trashed)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, -1)",
        (
            conversation,
            folder_named(connection, ids, new.folder_name) if new.folder_name else None,
            _title(new.title),
            new.title_origin,
            to_ms(new.created),
            to_ms(new.changed),
            int(new.pinned),
            int(new.archived),
            clean(new.persona),
            clean(new.system_prompt),
            to_json(new.settings),
            clean(new.draft),
            new.source,
        ),
    )
    return TakingIn(conversation, names)


def take_in_messages(
    connection: sqlite3.Connection, taking: TakingIn, messages: Sequence[StoredMessage]
) -> None:
    for message in messages:
        parent = None if message.parent is None else taking.names[message.parent]
        state: State = "interrupted" if message.state == "streaming" else message.state
        role, parts = message.message.role, message.message.parts
        own = taking.names[message.id]
        new = tree.NewMessage(own, taking.conversation, parent, role, state, to_ms(message.created))
        tree.add(connection, new, parts)
        if message.making is not None or message.raw is not None:
            making = message.making or Making()
            tree.set_making(connection, own, making, message.raw)


def end_taking_in(connection: sqlite3.Connection, taking: TakingIn, new: NewConversation) -> int:
    """Let it be seen; its id."""
    if new.chosen is not None and new.chosen in taking.names:
        tree.show(connection, taking.names[new.chosen])
    connection.execute(
        "UPDATE conversation SET trashed = NULL, changed = ? WHERE id = ?",
        (to_ms(new.changed), taking.conversation),
    )
    return taking.conversation


def take_in(connection: sqlite3.Connection, ids: IdMaker, new: NewConversation) -> int | None:
    """All of it at once; its id, or None when it is there already."""
    taking = begin_taking_in(connection, ids, new)
    if taking is None:
        return None
    take_in_messages(connection, taking, new.messages)
    return end_taking_in(connection, taking, new)


def _is_known(connection: sqlite3.Connection, new: NewConversation) -> bool:
    if new.id is not None and _exists(connection, "conversation", new.id):
        return True
    if new.source is None:
        return False
    query = "SELECT 1 FROM conversation WHERE source = ?"
    return connection.execute(query, (new.source,)).fetchone() is not None


def _names(connection: sqlite3.Connection, ids: IdMaker, new: NewConversation) -> dict[int, int]:
    """The id in the file -> the id here."""
    own = [message.id for message in new.messages]
    # An id of the future would sort behind the replies that it gets here.
    in_order = own == sorted(set(own)) and own[:1] > [0] and own[-1:] < [ids.new()]
    if in_order and not any(_exists(connection, "message", name) for name in own):
        return {name: name for name in own}
    first = ids.block(max(1, len(own)))
    return {name: first + n for n, name in enumerate(own)}


def _exists(connection: sqlite3.Connection, table: str, name: int) -> bool:
    query = f"SELECT 1 FROM {table} WHERE id = ?"  # noqa: S608 - names are ours
    return connection.execute(query, (name,)).fetchone() is not None


def _copy_head(
    connection: sqlite3.Connection, old: int, new: int, title: str | None, now: int
) -> None:
    queue, permissions = (f"$.{key}" for key in ONE_CHAT_ONLY)
    copied = connection.execute(
        "INSERT INTO conversation(id, folder, title, title_origin, created, changed, persona,"
        " system_prompt, settings) SELECT ?, folder, coalesce(?, title), title_origin, ?, ?,"
        " persona, system_prompt, json_remove(settings, ?, ?) FROM conversation WHERE id = ?",
        (new, None if title is None else _title(title), now, now, queue, permissions, old),
    )
    if copied.rowcount == 0:
        raise KnownError(tr("This chat is not there any more."), tr("It has been deleted."))


def _copy_messages(
    connection: sqlite3.Connection, ids: IdMaker, old: Sequence[int], conversation: int
) -> None:
    first = ids.block(max(1, len(old)))
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS copied(old INTEGER PRIMARY KEY, new INTEGER)"
    )
    connection.execute("DELETE FROM copied")
    connection.executemany(
        "INSERT INTO copied VALUES(?, ?)", [(name, first + n) for n, name in enumerate(old)]
    )
    connection.execute(_COPY, (conversation,))
    for statement in (_COPY_PARTS, _COPY_PIECES, _COPY_MAKING):
        connection.execute(statement)
    unfinished = connection.execute(
        "SELECT id FROM message WHERE conversation = ? AND state = 'streaming'", (conversation,)
    ).fetchall()
    for (message,) in unfinished:
        tree.fold_pieces(connection, message)
        tree.set_state(connection, message, "interrupted")


# Folders


def create_folder(connection: sqlite3.Connection, folder: int, name: str) -> None:
    connection.execute(
        "INSERT INTO folder VALUES(?, ?, (SELECT coalesce(max(position), 0) + 1 FROM folder))",
        (folder, _title(name)),
    )


def folder_named(connection: sqlite3.Connection, ids: IdMaker, name: str) -> int:
    """The folder of that name, made when there is none."""
    row = connection.execute(
        "SELECT id FROM folder WHERE name = ? ORDER BY position", (_title(name),)
    ).fetchone()
    if row is not None:
        return int(row[0])
    folder = ids.new()
    create_folder(connection, folder, name)
    return folder


def rename_folder(connection: sqlite3.Connection, folder: int, name: str) -> None:
    connection.execute("UPDATE folder SET name = ? WHERE id = ?", (_title(name), folder))


def remove_folder(connection: sqlite3.Connection, folder: int) -> None:
    """Its conversations stay, outside of any folder."""
    connection.execute("DELETE FROM folder WHERE id = ?", (folder,))


def order_folders(connection: sqlite3.Connection, order: Sequence[int]) -> None:
    connection.executemany(
        "UPDATE folder SET position = ? WHERE id = ?",
        [(n, folder) for n, folder in enumerate(order)],
    )


def _title(text: str) -> str:
    """One line of a bearable length."""
    return " ".join(clean(text).split())[:LONGEST_TITLE]
