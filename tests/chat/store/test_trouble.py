"""Full disks, folders that cannot be written, damaged files: said, and nothing lost."""

import os
import random
from pathlib import Path

import pytest

from app.chat.store import mend
from app.chat.store.store import FILE_NAME, ChatStore
from app.chat.store.types import NotSavedError, StoreStatus
from app.core.messages import TextPart
from tests.chat.store.helpers import Statuses, Stores, answer, ask, database, done, opened, texts

LONG = "A long answer that fills pages. " * 300


def _limit_pages(store: ChatStore, more: int | None) -> None:
    """As a full disk does, SQLite refuses to let the file grow."""

    def limit(connection: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        most = 2**30 if more is None else pages + more
        connection.execute(f"PRAGMA max_page_count={most}")  # type: ignore[attr-defined]

    store._writer.submit(limit).result(30)


def test_a_full_disk_is_reported_and_everything_saved_later(tmp_path: Path, stores: Stores) -> None:
    statuses = Statuses()
    store = stores(tmp_path, on_status=statuses)
    store.start().result(30)
    chat = done(store.conversations.create("Full"))
    question = ask(store, chat, None, "Tell me a lot")
    _limit_pages(store, 0)
    stream, begun = store.messages.begin_answer(chat, question)
    for _ in range(20):
        stream.text(LONG)
    finished = stream.finish()
    error = finished.exception(30)
    assert isinstance(error, NotSavedError)
    assert error.why == "The disk is full."
    begun.exception(30)
    status = store.status
    assert status.unsaved > 0
    assert status.trouble is not None
    assert status.trouble.why == "The disk is full."
    assert texts(store, chat) == ["Tell me a lot"]

    # The limit belongs to the connection, and jobs wait in line: lift it where it is.
    connection = store._file.connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count={2**30}")
    statuses.wait_for(StoreStatus(True))
    assert texts(store, chat) == ["Tell me a lot", LONG * 20]
    assert store.read.path(chat)[-1].state == "complete"
    assert store.close(30)


def test_closing_on_a_full_disk_says_that_not_all_is_saved(tmp_path: Path, stores: Stores) -> None:
    store = stores(tmp_path)
    store.start().result(30)
    chat = done(store.conversations.create("Full"))
    _limit_pages(store, 0)
    _, asked = store.messages.ask(chat, None, (TextPart(LONG * 20),))
    assert isinstance(asked.exception(30), NotSavedError)
    assert not store.close(30)
    with opened(tmp_path) as store:
        assert store.read.path(chat) == ()


def test_a_folder_that_cannot_be_made_is_reported_and_tried_again(
    tmp_path: Path, stores: Stores
) -> None:
    folder = tmp_path / "chats"
    folder.write_text("a file where the folder should be")
    statuses = Statuses()
    store = stores(folder, on_status=statuses)
    opening = store.start().result(30)
    assert opening.read_only_because is not None
    assert str(folder) in opening.read_only_because.why
    assert store.read.conversations() == ()
    chat, created = store.conversations.create("Kept in memory")
    question, asked = store.messages.ask(chat, None, (TextPart("Hello"),))
    assert isinstance(created.exception(30), NotSavedError)
    assert isinstance(asked.exception(30), NotSavedError)
    folder.unlink()
    statuses.wait_for(StoreStatus(True))
    assert [head.id for head in store.read.path(chat)] == [question]
    assert store.close(30)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_chats_in_a_folder_that_cannot_be_written_are_read(tmp_path: Path, stores: Stores) -> None:
    with opened(tmp_path / "chats") as store:
        chat = done(store.conversations.create("Read me"))
    (tmp_path / "chats").chmod(0o500)
    try:
        store = stores(tmp_path / "chats")
        opening = store.start().result(30)
        assert opening.read_only_because is not None
        assert "cannot be written" in opening.read_only_because.why
        assert store.read.details(chat).head.title == "Read me"
        assert store.close(30)
    finally:
        (tmp_path / "chats").chmod(0o700)


def _fill(folder: Path, conversations: int = 30) -> list[int]:
    with opened(folder) as store:
        chats = []
        for number in range(conversations):
            chat = done(store.conversations.create(f"Chat {number}"))
            question = ask(store, chat, None, f"Question {number}")
            answer(store, chat, question, f"Answer {number} " + "and so on " * 200)
            chats.append(chat)
        store.indexed().result(30)
    return chats


def _saved(folder: Path) -> tuple[str, list[str], list[str]]:
    """What the person is told, the titles, and all visible texts."""
    with opened(folder) as store:
        opening = store.opening.result(30)
        heads = store.read.conversations(limit=1000)
        found = [text for head in heads for text in texts(store, head.id)]
        store.indexed().result(30)
    assert opening.read_only_because is None
    (problem,) = opening.problems
    with database(folder) as connection:
        assert mend.problems(connection) == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return problem, [head.title for head in heads], found


@pytest.mark.parametrize("seed", range(6))
def test_what_can_be_read_of_a_damaged_file_is_saved(tmp_path: Path, seed: int) -> None:
    _fill(tmp_path)
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    damage = random.Random(seed)
    pages = damage.sample(range(12, len(data) // 4096), 4)
    for page in pages:
        data[page * 4096 : (page + 1) * 4096] = damage.randbytes(4096)
    path.write_bytes(data)
    (tmp_path / f"{FILE_NAME}.damaged").touch()
    problem, _, found = _saved(tmp_path)
    assert "damaged" in problem
    assert sum(text.startswith("Answer") for text in found) >= 20
    (kept,) = tmp_path.glob("chats.broken-*.sqlite3")
    assert kept.name in problem
    assert kept.read_bytes() == bytes(data)


def test_damage_met_while_writing_is_repaired_at_the_next_start(
    tmp_path: Path, stores: Stores
) -> None:
    chats = _fill(tmp_path)
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    with database(tmp_path) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'message_reply'"
        ).fetchone()
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(data)
    store = stores(tmp_path)
    assert store.start().result(30).problems == ()
    _, asked = store.messages.ask(chats[0], None, (TextPart("Hello"),))
    error = asked.exception(30)
    assert isinstance(error, NotSavedError)
    assert "damaged" in error.why
    assert not store.close(30)
    problem, titles, found = _saved(tmp_path)
    assert "30 chats with 60 messages were saved from it." in problem
    assert len(titles) == 30
    assert len(found) == 60


def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database at all " * 500)
    problem, titles, _ = _saved(tmp_path)
    assert "Nothing could be read from it." in problem
    assert titles == []
    (kept,) = tmp_path.glob("chats.broken-*.sqlite3")
    assert kept.read_bytes().startswith(b"not a database")


def test_lost_conversations_and_parents_are_made_up_for(tmp_path: Path) -> None:
    chats = _fill(tmp_path, 3)
    with database(tmp_path) as connection:
        connection.execute("DELETE FROM conversation WHERE id = ?", (chats[0],))
        connection.execute(
            "DELETE FROM message WHERE conversation = ? AND parent IS NULL", (chats[1],)
        )
        assert mend.problems(connection)
        mend.mend(connection)
        assert mend.problems(connection) == []
    with opened(tmp_path) as store:
        titles = {head.id: head.title for head in store.read.conversations()}
        assert titles[chats[0]] == "Recovered chat"
        assert texts(store, chats[0])[0] == "Question 0"
        assert texts(store, chats[1])[0].startswith("Answer 1")
