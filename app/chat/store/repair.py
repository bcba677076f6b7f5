"""Out of a damaged database, whatever can still be read; the damaged one is kept."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.chat.store import mend
from app.chat.store.migrate import backups_in, migrate
from app.chat.store.schema import MIGRATIONS

_SIDES = ("-wal", "-shm")
_LARGEST_ID = 2**63 - 1
_TABLES = ("folder", "conversation", "message", "part", "piece", "making", "deletion", "moved")
_LEFT_OUT = {("conversation", "indexed_title")}
_log = logging.getLogger(__name__)


@dataclass
class Salvage:
    """gaps: places where something could not be read; how much was there is not known."""

    conversations: int = 0
    messages: int = 0
    gaps: int = 0


def is_sound(connection: sqlite3.Connection) -> bool:
    """A look at every page. Raises sqlite3.Error only for what is not the file's fault."""
    try:
        rows = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.DatabaseError:
        return False
    return rows == [("ok",)]


def repair(path: Path, backups: Path) -> str:
    """Put a sound database in the place of a damaged one; what to tell the person.

    Raises sqlite3.Error and OSError when not even that can be done; the damaged file then still has
    its name or the one it is kept under.
    """
    new = path.with_name(f"{path.name}.repairing")
    for leftover in (new, *(Path(f"{new}{side}") for side in _SIDES)):
        leftover.unlink(missing_ok=True)
    salvage = _salvage(path, new)
    source = "it"
    if salvage.conversations + salvage.messages == 0:
        for backup in backups_in(backups):
            salvage, source = _salvage(backup, new), "the last backup"
            if salvage.conversations:
                break
    kept = _set_aside(path)
    new.replace(path)
    _log.warning("The chats were repaired: %s, %s", salvage, kept.name)
    return _sentence(salvage, source, kept)


def _sentence(salvage: Salvage, source: str, kept: Path) -> str:
    if not salvage.conversations:
        saved = "Nothing could be read from it"
    else:
        gaps = "" if salvage.gaps == 0 else f"; in {salvage.gaps} places something is missing"
        saved = (
            f"{salvage.conversations:,} chats with {salvage.messages:,} messages were saved from"
            f" {source}{gaps}"
        )
    return f"The file of the chats was damaged. {saved}. The damaged file is kept as {kept.name}."


def _set_aside(path: Path) -> Path:
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    kept = path.with_name(f"{path.stem}.broken-{stamp}{path.suffix}")
    for side in ("", *_SIDES):
        with suppress(FileNotFoundError):
            Path(f"{path}{side}").replace(f"{kept}{side}")
    return kept


def _salvage(source: Path, target: Path) -> Salvage:
    salvage = Salvage()
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as new:
        # No backups: the file that is being saved is kept as a whole.
        new.execute("PRAGMA foreign_keys=OFF")
        with closing(sqlite3.connect(source, isolation_level=None)) as old:
            version = _version(old)
            migrate(new, target.parent, MIGRATIONS[:version])
            new.execute("BEGIN")
            for table in _TABLES:
                _copy(old, new, table, salvage)
        for table, column in (("part", "message"), ("making", "message"), ("moved", "message")):
            new.execute(
                f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM message)"  # noqa: S608
            )
        mend.mend(new)
        salvage.conversations = _count(new, "conversation")
        salvage.messages = _count(new, "message")
        new.execute("COMMIT")
    return salvage


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, salvage: Salvage) -> None:
    theirs = _columns(old, table)
    columns = [
        column
        for column in _columns(new, table)
        if column in theirs and (table, column) not in _LEFT_OUT
    ]
    if not columns:
        salvage.gaps += 1
        return
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    put = f"INSERT OR IGNORE INTO {table}({names}) VALUES({marks})"
    key = "deletion" if table == "moved" else "rowid"
    reader = _Reader(old, f"SELECT {key}, {names} FROM {table} WHERE {key}", key)  # noqa: S608
    for row in reader.rows():
        # STRICT refuses values of a wrong type, which damage can make.
        with suppress(sqlite3.IntegrityError, sqlite3.DataError):
            new.execute(put, row)
    salvage.gaps += reader.gaps


class _Reader:
    """Reads a table in the order of a key, around what cannot be read."""

    def __init__(self, connection: sqlite3.Connection, select: str, key: str) -> None:
        self._connection = connection
        self._from = f"{select} >= ? ORDER BY {key}"
        self.gaps = 0

    def rows(self) -> Iterator[Sequence[Any]]:
        start: int | None = -_LARGEST_ID
        while start is not None:
            last = start - 1
            try:
                for key, *row in self._connection.execute(self._from, (start,)):
                    last = key
                    yield row
            except (sqlite3.DatabaseError, OverflowError):
                self.gaps += 1
                start = self._after_gap(last + 1)
            else:
                start = None

    def _after_gap(self, low: int) -> int | None:
        """The smallest key from which reading works again, as far as doubling steps find it."""
        step = 1
        while low + step <= _LARGEST_ID and not self._works(low + step):
            step *= 2
        high = low + step
        if high > _LARGEST_ID:
            return None
        low += step // 2
        while high - low > 1:
            middle = (low + high) // 2
            if self._works(middle):
                high = middle
            else:
                low = middle
        return high

    def _works(self, start: int) -> bool:
        try:
            self._connection.execute(f"{self._from} LIMIT 1", (start,)).fetchone()
        except sqlite3.DatabaseError:
            return False
        return True


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return []


def _version(connection: sqlite3.Connection) -> int:
    """Of the damaged file, if that can be told."""
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError:
        version = 0
    return version if 0 < version <= len(MIGRATIONS) else len(MIGRATIONS)


def _count(connection: sqlite3.Connection, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
