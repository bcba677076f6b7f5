"""One program at a time writes the chats."""

import sqlite3
from pathlib import Path


class InstanceLock:
    """Held until released or until the process ends, however it ends.

    A lock of SQLite on an empty file beside the database: the same on every system, and nothing is
    left to clean up after a crash.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def take(self) -> bool:
        """False when another holds it. Raises sqlite3.Error when the folder cannot be written."""
        if self._connection is not None:
            return True
        connection = sqlite3.connect(
            self._path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            raise
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return True

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
