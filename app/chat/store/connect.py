"""Connections to the database, and what their errors mean."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr

_WORLD = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY_SECONDS = 3.0


def open_for_writing(path: Path, check: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """For the store thread alone. Raises sqlite3.Error, and what `check` raises, which looks at the
    file before anything in it is changed.

    Every commit is synced (synchronous=FULL): what a future reports as written survives a power
    cut, not only the end of the program. Streaming commits a few times a second, so the syncs cost
    little. Deleted text is overwritten (secure_delete).
    """
    connection = _connect(path, "rwc")
    try:
        check(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        for pragma in (
            "synchronous=FULL",
            "fullfsync=ON",
            "foreign_keys=ON",
            "secure_delete=ON",
            "journal_size_limit=16000000",
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Never writes, also where nothing may be written. Raises sqlite3.Error."""
    try:
        return _reading(path, "ro")
    except sqlite3.Error as error:
        if _primary(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    # In a folder that cannot be written, SQLite cannot make the file it shares with writers; then
    # there is no writer either.
    return _reading(path, "ro&immutable=1")


def is_world(error: sqlite3.Error) -> bool:
    """The disk or another program is at fault; trying again may help."""
    return _primary(error) in _WORLD


def is_broken(error: sqlite3.Error) -> bool:
    """What the file holds makes no sense."""
    return _primary(error) in _BROKEN


def explained(error: sqlite3.Error, path: Path) -> KnownError:
    """The error in words, for a write that did not happen."""
    code = _primary(error)
    details = f"{getattr(error, 'sqlite_errorname', '')} {error} {path}".strip()
    if code == sqlite3.SQLITE_FULL:
        why, step = "The disk is full.", "Make room; saving is tried again by itself."
    elif code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        why = f"The folder {path.parent} cannot be written."
        step = "Allow writing to it; saving is tried again by itself."
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        why = "Another program is using the file of the chats."
        step = "Close it; saving is tried again by itself."
    elif code in _BROKEN:
        why, step = "The file of the chats is damaged.", "Start the program again to repair it."
    else:
        why, step = "The disk reports an error.", "Check it; saving is tried again by itself."
    return KnownError(tr("The chat could not be saved."), why, step, details)


def unreadable(error: sqlite3.Error, path: Path) -> KnownError:
    """The error in words, for something that could not be read."""
    step = (
        "Start the program again to repair it."
        if is_broken(error)
        else "Check that the file exists and may be read."
    )
    details = f"{getattr(error, 'sqlite_errorname', '')} {error}".strip()
    return KnownError(
        tr("The chats could not be read."), tr("The file is {path}.", path=path), step, details
    )


def _reading(path: Path, mode: str) -> sqlite3.Connection:
    connection = _connect(path, mode)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cache_size=-8000")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """Autocommit; whoever writes says BEGIN. Used by one thread at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=True,
    )
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _primary(error: sqlite3.Error) -> int:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else -1
