"""Delete everything, so that it is really gone."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from app.chat.store.conversations import NEW_DRAFT
from app.chat.store.draft_files import delete_all_draft_files

_TABLES = ("moved", "deletion", "making", "piece", "part", "message", "conversation", "folder")


def erase_everything(connection: sqlite3.Connection, kept: Sequence[Path]) -> None:
    """Outside of a transaction. kept: files and folders with copies, which go as well.

    The texts are overwritten and the file is made small again, the log of SQLite included.
    """
    connection.execute("BEGIN IMMEDIATE")
    for index in ("part_index", "title_index"):
        connection.execute(f"INSERT INTO {index}({index}) VALUES('delete-all')")
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    connection.execute("DELETE FROM fact WHERE name = ?", (NEW_DRAFT,))
    delete_all_draft_files(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in kept:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
