"""Files of other versions, other programs, and two programs at once."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.chat.store.migrate import KEPT_BACKUPS, backups_in, migrate
from app.chat.store.schema import APPLICATION_ID, MIGRATIONS
from app.chat.store.store import FILE_NAME
from app.chat.store.types import NotSavedError, StoreStatus
from tests.chat.store.helpers import Statuses, Stores, ask, database, done, opened, texts


def test_each_migration_has_a_backup_before_it_and_three_are_kept(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    scripts = [f"CREATE TABLE t{n}(x) STRICT;".replace("(x)", "(x INTEGER)") for n in range(6)]
    with closing(sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)) as connection:
        for count in range(1, 7):
            migrate(connection, backups, scripts[:count])
            connection.execute(f"INSERT INTO t{count - 1} VALUES(?)", (count,))
    kept = backups_in(backups)
    assert [path.name for path in kept] == [f"before-version-{n}.sqlite3" for n in (6, 5, 4)]
    assert len(kept) == KEPT_BACKUPS
    with closing(sqlite3.connect(kept[0])) as backup:
        assert backup.execute("SELECT x FROM t4").fetchall() == [(5,)]
        assert backup.execute("PRAGMA user_version").fetchone() == (5,)


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    scripts = ["CREATE TABLE a(x INTEGER);", "CREATE TABLE b(x INTEGER);\nDROP TABLE nothing;"]
    with closing(sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, tmp_path / "backups", scripts)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        names = connection.execute("SELECT name FROM sqlite_schema").fetchall()
        assert names == [("a",)]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_files_of_every_older_version_are_brought_up_to_date(tmp_path: Path, version: int) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
        migrate(connection, tmp_path, MIGRATIONS[:version])
        connection.execute(
            "INSERT INTO conversation(id, title, title_origin, created, changed, first)"
            " VALUES(1, 'Old', 'person', 0, 0, 2)"
        )
        connection.execute(
            "INSERT INTO message(id, conversation, role, state, created, visible)"
            " VALUES(2, 1, 'user', 'complete', 0, 1)"
        )
        connection.execute(
            "INSERT INTO part(message, ordinal, kind, text) VALUES(2, 0, 'text', 'from before')"
        )
    with opened(tmp_path) as store:
        store.indexed().result(30)
        assert texts(store, 1) == ["from before"]
        assert [hit.message for hit in store.search.find("before").hits] == [2]
        assert [hit.conversation for hit in store.search.find("old").titles] == [1]
    assert backups_in(tmp_path / "backups")


def _make_newer(folder: Path) -> None:
    with opened(folder) as store:
        chat = done(store.conversations.create("From the future"))
        ask(store, chat, None, "Hello")
    with database(folder) as connection:
        connection.execute("PRAGMA user_version=99")


def test_a_newer_file_is_read_and_not_written(tmp_path: Path, stores: Stores) -> None:
    _make_newer(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    store = stores(tmp_path)
    opening = store.start().result(30)
    assert opening.read_only_because is not None
    assert "newer version" in opening.read_only_because.what
    (head,) = store.read.conversations()
    assert head.title == "From the future"
    assert texts(store, head.id) == ["Hello"]
    _, asked = store.messages.ask(head.id, None, ())
    error = asked.exception(30)
    assert isinstance(error, NotSavedError)
    assert "newer version" in error.what
    assert not store.close(30)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_the_database_of_another_program_is_left_alone(tmp_path: Path, stores: Stores) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE bookmarks(url)")
    before = (tmp_path / FILE_NAME).read_bytes()
    store = stores(tmp_path)
    opening = store.start().result(30)
    assert opening.read_only_because is not None
    assert "another program" in opening.read_only_because.what
    store.close(30)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_second_program_reads_and_takes_over_when_the_first_has_gone(
    tmp_path: Path, stores: Stores
) -> None:
    statuses = Statuses()
    first = stores(tmp_path)
    first.start().result(30)
    chat = done(first.conversations.create("Shared"))
    second = stores(tmp_path, on_status=statuses)
    opening = second.start().result(30)
    assert opening.read_only_because is not None
    assert "another window" in opening.read_only_because.what
    assert [head.title for head in second.read.conversations()] == ["Shared"]
    question, asked = second.messages.ask(chat, None, ())
    assert isinstance(asked.exception(30), NotSavedError)
    assert second.status.unsaved == 1
    assert first.close(30)
    statuses.wait_for(StoreStatus(True))
    assert [head.id for head in second.read.path(chat)] == [question]
    assert second.close(30)


def test_it_is_marked_as_ours(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    with database(tmp_path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
