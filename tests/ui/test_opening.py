"""A chat from the disk: of a long one the end is shown before all of it is read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.chat.store.reads import Reads
from app.chat.store.store import ChatStore
from app.chat.store.types import NewConversation, StoredMessage
from app.core.errors import KnownError
from app.core.messages import Message, TextPart
from app.ui.chat import opening
from app.ui.chat.entries import Answer, Question
from app.ui.chat.opening import Opened, read_opened
from tests.ui.kept import Kept, kept_window

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    made = ChatStore(tmp_path / "chats")
    made.start().result()
    yield made
    made.close()


@pytest.fixture
def kept(qtbot: QtBot, store: ChatStore, tmp_path: Path) -> Iterator[Kept]:
    yield from kept_window(qtbot, store, tmp_path)


def _written(store: ChatStore, messages: int) -> int:
    stored = [
        StoredMessage(
            number + 1,
            number or None,
            "complete",
            _NOW,
            Message("assistant" if number % 2 else "user", (TextPart(f"text {number}"),)),
        )
        for number in range(messages)
    ]
    new = NewConversation("long", _NOW, _NOW, tuple(stored), chosen=messages)
    found = store.conversations.take_in(new).result()
    assert found is not None
    return found


def _texts(kept: Kept) -> list[str]:
    entries = kept.desktop.session.transcript.entries
    return [entry.text for entry in entries if isinstance(entry, Question | Answer)]


def _wait_open(kept: Kept, conversation: int) -> None:
    session = kept.desktop.session
    kept.wait(lambda: session.conversation == conversation and not session.opening)


def test_the_end_comes_first_and_its_entries_stay(store: ChatStore) -> None:
    long, ends = _written(store, 201), list[Opened]()
    whole = read_opened(store, long, show_end=ends.append)
    (end,) = ends
    assert not end.whole
    assert whole.whole
    assert 0 < len(end.messages) <= 24
    assert end.messages[0].message.role == "user"
    assert whole.messages[-len(end.messages) :] == end.messages
    pairs = zip(whole.entries[-len(end.entries) :], end.entries, strict=True)
    assert all(one is other for one, other in pairs)
    plain = read_opened(store, long)
    assert [(type(one), one.message) for one in plain.entries] == [
        (type(one), one.message) for one in whole.entries
    ]
    assert plain.told == whole.told


def test_a_short_chat_is_read_at_once(store: ChatStore) -> None:
    ends = list[Opened]()
    read_opened(store, _written(store, 10), show_end=ends.append)
    assert ends == []


def test_what_is_written_in_between_is_not_missed(store: ChatStore) -> None:
    long = _written(store, 60)

    def delete_last(end: Opened) -> None:
        name = end.messages[-1].id
        assert name is not None
        store.messages.delete(name)[1].result()

    found = read_opened(store, long, show_end=delete_last)
    assert len(found.messages) == 59
    texts = [one.text for one in found.entries if isinstance(one, Question | Answer)]
    assert texts == [f"text {number}" for number in range(59)]


def test_nothing_can_be_asked_before_all_is_read(
    kept: Kept, store: ChatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_SOME", 30)
    long, session, steps = _written(store, 200), kept.desktop.session, list[tuple[int, bool]]()
    kept.page.transcript.shown.connect(
        lambda: steps.append((len(session.transcript.entries), session.opening))
    )
    kept.page.open_conversation(long)
    _wait_open(kept, long)
    assert len({entries for entries, _ in steps}) > 5
    assert all(going for entries, going in steps if entries < 300)
    assert _texts(kept) == [f"text {number}" for number in range(200)]
    assert len(session.path.messages) == 200
    assert kept.page.transcript.is_visible(session.transcript.entries[-1])


def test_what_is_read_stays_where_it_is_while_more_comes_above(
    kept: Kept, store: ChatStore
) -> None:
    session, view = kept.desktop.session, kept.page.transcript
    long = _written(store, 400)
    kept.page.open_conversation(long)
    kept.wait(lambda: session.conversation == long)
    entries = session.transcript.entries
    read = entries[len(entries) // 2]
    view.show_entry(read)
    bar = view.verticalScrollBar()
    above = bar.value() - view.view_of(read).y()
    _wait_open(kept, long)
    assert bar.value() - view.view_of(read).y() == above


def test_the_latest_click_wins_also_back_to_the_chat_that_is_shown(
    kept: Kept, store: ChatStore
) -> None:
    first, second = _written(store, 60), _written(store, 8)
    kept.page.open_conversation(first)
    _wait_open(kept, first)
    kept.page.open_conversation(second)
    kept.page.open_conversation(first)
    assert not kept.desktop.session.opening
    kept.page.open_conversation(second)
    _wait_open(kept, second)
    kept.page.open_conversation(first)
    kept.wait(lambda: kept.desktop.session.conversation == first)
    kept.page.open_conversation(second)
    kept.page.open_conversation(first)
    _wait_open(kept, first)
    assert len(_texts(kept)) == 60


def test_a_chat_whose_beginning_cannot_be_read_is_not_asked_without_it(
    kept: Kept, store: ChatStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    long, whole = _written(store, 200), Reads.history

    def broken(reads: Reads, conversation: int, last: int | None = None) -> object:
        if last is None:
            raise KnownError("The file is broken.")
        return whole(reads, conversation, last)

    monkeypatch.setattr(Reads, "history", broken)
    notes: list[str] = []
    kept.page.note_wanted.connect(notes.append)
    kept.page.open_conversation(long)
    kept.wait(lambda: bool(notes))
    session = kept.desktop.session
    assert "The file is broken." in notes[0]
    assert session.conversation is None
    assert not session.opening
    assert session.transcript.entries == []
