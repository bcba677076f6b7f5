"""The file of the chats: opened for writing by one program, readable by any."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from app.chat.store import connect, tree
from app.chat.store.ids import IdMaker
from app.chat.store.lock import InstanceLock
from app.chat.store.migrate import migrate, refusal_of_newer, version_of
from app.chat.store.repair import is_sound, repair
from app.chat.store.schema import MIGRATIONS
from app.chat.store.types import Opening
from app.core.errors import KnownError
from app.core.language import tr

BACKUPS_NAME = "backups"
_CHECKED_BYTES = 40_000_000
"""Files up to this size are looked through after a crash, which takes less than a second."""


class _DamagedError(Exception):
    pass


class DatabaseFile:
    """`open`, `close` and `connection` belong to the store thread, `reading` to anybody."""

    def __init__(self, path: Path, ids: IdMaker) -> None:
        self._path = path
        self._ids = ids
        self._lock = InstanceLock(path.with_name(f"{path.name}.lock"))
        self._connection: sqlite3.Connection | None = None

    @property
    def path(self) -> Path:
        return self._path

    @property
    def backups(self) -> Path:
        return self._path.parent / BACKUPS_NAME

    @property
    def connection(self) -> sqlite3.Connection | None:
        return self._connection

    def open(self) -> Opening:
        """A damaged file is repaired first, and a sentence says so."""
        problems: list[str] = []
        try:
            self._open(problems)
        except KnownError as error:
            refusal = error
        except sqlite3.Error as error:
            refusal = connect.explained(error, self._path)
            refusal.what = "The chats cannot be saved."
        except OSError as error:
            refusal = self._no_folder(error)
        else:
            return Opening(tuple(problems))
        self.close()
        return Opening(tuple(problems), refusal)

    def explain(self, error: sqlite3.Error) -> KnownError:
        if connect.is_broken(error):
            self.note_damage()
        return connect.explained(error, self._path)

    def note_damage(self) -> None:
        """The next start repairs the file."""
        with suppress(OSError):
            self._damaged.touch()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        self._lock.release()

    def reading(self) -> sqlite3.Connection:
        """A connection that reads. Where there is no file yet, or one of an older version that
        cannot be written, it reads a copy in memory. Raises sqlite3.Error, KnownError."""
        if not self._path.exists():
            return _in_memory(None)
        connection = connect.open_for_reading(self._path)
        try:
            if version_of(connection) >= len(MIGRATIONS):
                return connection
            copy = _in_memory(connection)
        except BaseException:
            connection.close()
            raise
        connection.close()
        return copy

    @property
    def _damaged(self) -> Path:
        """Exists when damage was met in the file; the next start repairs it."""
        return self._path.with_name(f"{self._path.name}.damaged")

    def _open(self, problems: list[str]) -> None:
        _check_library()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._lock.take():
            raise KnownError(
                tr("The chats are open in another window of the program."),
                tr("Only one at a time may write them."),
                tr(
                    "Close the other one. Until then the chats can be read here, and "
                    "what is new is kept in memory."
                ),
            )
        try:
            if self._damaged.exists():
                raise _DamagedError
            self._connection = self._connect()
        except _DamagedError:
            self._repair(problems)
        except sqlite3.DatabaseError as error:
            if not connect.is_broken(error):
                raise
            self._repair(problems)

    def _repair(self, problems: list[str]) -> None:
        problems.append(repair(self._path, self.backups))
        self._damaged.unlink(missing_ok=True)
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        """Raises _DamagedError, and what SQLite raises."""
        log = Path(f"{self._path}-wal")
        crashed = log.exists() and log.stat().st_size > 0
        connection = connect.open_for_writing(self._path, _check_version)
        try:
            small = self._path.stat().st_size <= _CHECKED_BYTES
            if crashed and small and not is_sound(connection):
                raise _DamagedError
            migrate(connection, self.backups)
            _recover(connection)
            self._ids.start_after(_largest_id(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _no_folder(self, error: OSError) -> KnownError:
        return KnownError(
            tr("The chats cannot be saved."),
            tr(
                "The folder {parent} cannot be used: {strerror}.",
                parent=self._path.parent,
                strerror=error.strerror,
            ),
            tr("Allow writing to it; saving is tried again by itself."),
            repr(error),
        )


def _check_version(connection: sqlite3.Connection) -> None:
    refusal = refusal_of_newer(version_of(connection))
    if refusal is not None:
        raise refusal


def _check_library() -> None:
    if sqlite3.sqlite_version_info < (3, 37):
        raise KnownError(
            tr("The chats cannot be saved."),
            tr(
                "This Python comes with SQLite {sqlite_version}, and 3.37 is needed.",
                sqlite_version=sqlite3.sqlite_version,
            ),
            tr("Install a newer Python."),
        )


def _recover(connection: sqlite3.Connection) -> None:
    """Answers that were being written when the program ended keep what there was of them."""
    connection.execute("BEGIN IMMEDIATE")
    rows = connection.execute("SELECT id FROM message WHERE state = 'streaming'").fetchall()
    for (message,) in rows:
        tree.fold_pieces(connection, message)
        tree.set_state(connection, message, "interrupted")
    connection.execute("DELETE FROM piece")
    connection.execute("UPDATE conversation SET trashed = 0, source = NULL WHERE trashed = -1")
    connection.execute("COMMIT")


def _largest_id(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT max((SELECT coalesce(max(id), 0) FROM message),"
        " (SELECT coalesce(max(id), 0) FROM conversation),"
        " (SELECT coalesce(max(id), 0) FROM deletion))"
    ).fetchone()
    return int(row[0])


def _in_memory(source: sqlite3.Connection | None) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        if source is not None:
            source.backup(copy)
        version = version_of(copy)
        # There is nothing to lose in memory, so no backup is made between the steps.
        for number in range(version, len(MIGRATIONS)):
            copy.executescript(MIGRATIONS[number])
    except BaseException:
        copy.close()
        raise
    return copy
