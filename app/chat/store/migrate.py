"""Brings a database to the newest version, with a copy kept before every step."""

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from app.chat.store.schema import APPLICATION_ID, MIGRATIONS
from app.core.errors import KnownError
from app.core.language import tr

KEPT_BACKUPS = 3
_BACKUP = re.compile(r"before-version-(\d+)\.sqlite3")


def version_of(connection: sqlite3.Connection) -> int:
    """0 for an empty database. Raises KnownError for a database of another program."""
    version = _pragma(connection, "user_version")
    application = _pragma(connection, "application_id")
    empty = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application == APPLICATION_ID or (empty and application == 0 and version == 0):
        return version
    raise KnownError(
        tr("The file of the chats belongs to another program."),
        tr("It is a database, but not one that GLM Launcher has made."),
        tr("Move it away; a new one is made then."),
        f"application_id {application:#x}, user_version {version}",
    )


def refusal_of_newer(version: int, newest: int = len(MIGRATIONS)) -> KnownError | None:
    """Why a database of this version is not written, None when it may be."""
    if version <= newest:
        return None
    return KnownError(
        tr("The chats were saved by a newer version of the program."),
        tr(
            "Their file has version {version}, and this program knows versions up to {newest}.",
            version=version,
            newest=newest,
        ),
        tr("Update the program. Until then the chats can be read, and nothing is saved."),
    )


def migrate(
    connection: sqlite3.Connection, backups: Path, migrations: Sequence[str] = MIGRATIONS
) -> None:
    """Every step is one transaction: it happens or it does not. Raises sqlite3.Error, OSError."""
    version = version_of(connection)
    for number in range(version, len(migrations)):
        if version > 0:  # a new file has nothing to lose
            back_up(connection, backups, number + 1)
        _step(connection, migrations[number], number + 1)


def _step(connection: sqlite3.Connection, script: str, version: int) -> None:
    # executescript would commit first, so the statements run one by one.
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def back_up(connection: sqlite3.Connection, folder: Path, before_version: int) -> Path:
    """A whole copy under a name that says what it was kept before; the oldest ones go.

    Raises sqlite3.Error, OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"before-version-{before_version}.sqlite3"
    beside = target.with_name(f"{target.name}.new")
    beside.unlink(missing_ok=True)
    copy = sqlite3.connect(beside)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    beside.replace(target)
    for old in backups_in(folder)[KEPT_BACKUPS:]:
        old.unlink(missing_ok=True)
    return target


def backups_in(folder: Path) -> list[Path]:
    """Newest version first."""
    if not folder.is_dir():
        return []
    found = [
        (int(match[1]), path)
        for path in folder.iterdir()
        if (match := _BACKUP.fullmatch(path.name))
    ]
    return [path for _, path in sorted(found, reverse=True)]


def _statements(script: str) -> list[str]:
    statements: list[str] = []
    current = ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return int(value)
