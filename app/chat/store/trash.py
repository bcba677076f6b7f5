"""Deleting and its undoing. Runs on the store thread, inside its transactions."""

import sqlite3

from app.chat.store import index, tree
from app.chat.store.draft_files import set_draft_files
from app.core.errors import KnownError
from app.core.language import tr

_SWEPT_ROWS = 300
_DELETE_BELOW = """
WITH RECURSIVE below(id) AS (
  SELECT :root UNION ALL
  SELECT message.id FROM below JOIN message
    ON message.conversation = :conversation AND message.parent = below.id
)
UPDATE message SET deletion = :deletion
WHERE id IN (SELECT id FROM below) AND deletion IS NULL
"""


def delete_with_replies(
    connection: sqlite3.Connection, deletion: int, message: int, now: int
) -> None:
    """Raises KnownError when the message is gone already."""
    place = _record(connection, deletion, message, now)
    tree.detach(connection, message)
    connection.execute(
        _DELETE_BELOW,
        {"root": message, "conversation": place.conversation, "deletion": deletion},
    )


def delete_alone(connection: sqlite3.Connection, deletion: int, message: int, now: int) -> None:
    """Its replies become replies to the message before it. Raises KnownError when it is gone."""
    place = _record(connection, deletion, message, now)
    replies = tree.live_replies(connection, place.conversation, message)
    was_chosen = _is_chosen(connection, message)
    tree.detach(connection, message)
    connection.execute("UPDATE message SET deletion = ? WHERE id = ?", (deletion, message))
    for reply in replies:
        connection.execute("UPDATE message SET parent = ? WHERE id = ?", (place.parent, reply))
        connection.execute("INSERT INTO moved VALUES(?, ?)", (deletion, reply))
    if place.chosen is not None:
        connection.execute("UPDATE message SET chosen = NULL WHERE id = ?", (message,))
        if was_chosen:
            tree.choose(connection, place.chosen)


def undo(connection: sqlite3.Connection, deletion: int) -> None:
    """Raises KnownError when it cannot be undone (any more), and says why."""
    row = connection.execute("SELECT root FROM deletion WHERE id = ?", (deletion,)).fetchone()
    if row is None:
        raise KnownError(
            tr("This cannot be restored any more."), tr("It has been deleted for good.")
        )
    root = int(row[0])
    place = tree.place_of(connection, root)
    if place.parent is not None and tree.place_of(connection, place.parent).deletion is not None:
        raise KnownError(
            tr("This message cannot be restored yet."),
            tr("The message before it is deleted as well."),
            tr("Restore that one first."),
        )
    # While the root is still deleted, so that nobody goes on with it half-way.
    _take_back(connection, deletion, root)
    connection.execute("UPDATE message SET deletion = NULL WHERE deletion = ?", (deletion,))
    tree.show(connection, root)
    connection.execute("DELETE FROM deletion WHERE id = ?", (deletion,))


def purge_deletion(connection: sqlite3.Connection, deletion: int) -> None:
    """Remove for good what it deleted, and whatever hangs below that; nothing if it was undone."""
    row = connection.execute(
        "SELECT conversation FROM deletion WHERE id = ?", (deletion,)
    ).fetchone()
    if row is None:
        return
    connection.execute("DELETE FROM deletion WHERE id = ?", (deletion,))
    while True:
        doomed = connection.execute(
            "SELECT id FROM message WHERE deletion = ? OR (conversation = ? AND parent IS NOT NULL"
            " AND deletion IS NOT NULL AND parent NOT IN (SELECT id FROM message))",
            (deletion, row[0]),
        ).fetchall()
        if not doomed:
            break
        for (message,) in doomed:
            remove_message(connection, message)
    connection.execute(
        "DELETE FROM deletion WHERE conversation = ? AND root NOT IN (SELECT id FROM message)",
        (row[0],),
    )


def purge_conversation(connection: sqlite3.Connection, conversation: int) -> None:
    """It is gone at once; of a long one, most rows are removed by `sweep` later."""
    connection.execute(
        "UPDATE conversation SET trashed = 0, source = NULL WHERE id = ?", (conversation,)
    )
    sweep(connection)


def purge_older(connection: sqlite3.Connection, before: int) -> int:
    """Empty the trash of what was put there before that moment; how many things that were."""
    conversations = connection.execute(
        "UPDATE conversation SET trashed = 0, source = NULL WHERE trashed > 0 AND trashed < ?",
        (before,),
    ).rowcount
    deletions = connection.execute(
        "SELECT id FROM deletion WHERE created < ?", (before,)
    ).fetchall()
    for (deletion,) in deletions:
        purge_deletion(connection, deletion)
    sweep(connection)
    return conversations + len(deletions)


def sweep(connection: sqlite3.Connection) -> bool:
    """Remove some rows of purged conversations, a few hundredths of a second of work, so that an
    answer that is being written does not wait for it. True: there is more."""
    rows = connection.execute(
        "SELECT message.id FROM conversation JOIN message"
        " ON message.conversation = conversation.id WHERE conversation.trashed = 0 LIMIT ?",
        (_SWEPT_ROWS,),
    ).fetchall()
    for (message,) in rows:
        remove_message(connection, message)
    if len(rows) == _SWEPT_ROWS:
        return True
    doomed = connection.execute("SELECT id FROM conversation WHERE trashed = 0").fetchall()
    for (conversation,) in doomed:
        index.forget_title(connection, conversation)
        connection.execute("DELETE FROM conversation WHERE id = ?", (conversation,))
        set_draft_files(connection, conversation, ())
    return False


def remove_message(connection: sqlite3.Connection, message: int) -> None:
    """For good, with its parts."""
    tree.remove_parts(connection, message)
    tree.drop_pieces(connection, message)
    connection.execute("DELETE FROM message WHERE id = ?", (message,))


def _record(connection: sqlite3.Connection, deletion: int, message: int, now: int) -> tree.Place:
    place = tree.place_of(connection, message)
    if place.deletion is not None:
        raise tree.gone()
    connection.execute(
        "INSERT INTO deletion VALUES(?, ?, ?, ?)", (deletion, place.conversation, message, now)
    )
    return place


def _take_back(connection: sqlite3.Connection, deletion: int, root: int) -> None:
    """The replies that went up when `root` was deleted alone hang below it again."""
    moved = [
        int(row[0])
        for row in connection.execute(
            "SELECT message FROM moved WHERE deletion = ? ORDER BY message", (deletion,)
        )
    ]
    if not moved:
        return
    chosen = [reply for reply in moved if _is_chosen(connection, reply)]
    for reply in moved:
        tree.detach(connection, reply)
        connection.execute("UPDATE message SET parent = ? WHERE id = ?", (root, reply))
    place = tree.place_of(connection, root)
    live = tree.live_replies(connection, place.conversation, root)
    chosen = [reply for reply in chosen if reply in live] or live[-1:]
    connection.execute(
        "UPDATE message SET chosen = ? WHERE id = ?", (chosen[-1] if chosen else None, root)
    )


def _is_chosen(connection: sqlite3.Connection, message: int) -> bool:
    row = connection.execute(
        "SELECT coalesce((SELECT chosen FROM message WHERE id = this.parent),"
        " CASE WHEN this.parent IS NULL THEN"
        " (SELECT first FROM conversation WHERE id = this.conversation) END) = this.id"
        " FROM message AS this WHERE id = ?",
        (message,),
    ).fetchone()
    return bool(row and row[0])
