"""Files beside an unsent question are not lost: not by another chat, a restart or a new window."""

import gc
import weakref
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.core.messages import AttachmentPart
from tests.ui.attachments.conftest import Adding
from tests.ui.kept import Kept, answer, kept_window


def names(adding: Adding) -> list[str]:
    return [item.name for item in adding.items]


def on_disk(chats: ChatStore, conversation: int | None) -> list[str]:
    chats.written().result(10)
    return [part.name for part in chats.read.draft_files(conversation)]


def test_they_outlive_the_program(qtbot: QtBot, chats: ChatStore, tmp_path: Path) -> None:
    conversation = 0
    for kept in kept_window(qtbot, chats, tmp_path):
        adding = Adding(kept, tmp_path)
        kept.ask("One?", answer("Yes."))
        conversation = kept.desktop.session.conversation or 0
        adding.add(adding.file("a.csv", "1,2\n"))
        kept.page.new_chat()
        kept.wait(lambda kept=kept: kept.desktop.session.conversation is None)  # type: ignore[misc]
        adding.attachments.desk.add_text("pasted words")
        adding.wait()
    for kept in kept_window(qtbot, chats, tmp_path):
        adding = Adding(kept, tmp_path)
        kept.wait(lambda adding=adding: names(adding) == ["pasted-text.txt"])  # type: ignore[misc]
        kept.page.open_conversation(conversation)
        kept.wait(lambda adding=adding: names(adding) == ["a.csv"])  # type: ignore[misc]
        adding.wait()
        assert adding.attachments.parts == (AttachmentPart("a.csv", "1,2\n", "text/csv", 4),)


def test_what_was_sent_is_not_kept(kept: Kept, chats: ChatStore, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    adding.add(adding.file("a.txt"))
    kept.wait(lambda: on_disk(chats, None) == ["a.txt"])
    kept.ask("One?", answer("Yes."))
    assert on_disk(chats, None) == []
    conversation = kept.desktop.session.conversation
    kept.page.new_chat()
    kept.wait(lambda: kept.desktop.session.conversation is None)
    assert names(adding) == []
    assert on_disk(chats, conversation) == []


def test_they_go_with_the_chat_and_with_everything(chats: ChatStore) -> None:
    part = AttachmentPart("a.txt", "secret")
    conversation, _ = chats.conversations.create("One")
    for slot in (None, conversation):
        chats.conversations.set_draft_files(slot, [part])
    assert on_disk(chats, conversation) == ["a.txt"]
    chats.conversations.trash(conversation)
    chats.conversations.purge(conversation).result(10)
    chats.written().result(10)
    assert on_disk(chats, None) == ["a.txt"]
    chats.delete_everything().result(30)
    assert chats.read.draft_files(None) == ()
    assert chats.read.draft_files(conversation) == ()


def test_a_window_in_place_of_another_has_them_too(kept: Kept, tmp_path: Path) -> None:
    adding = Adding(kept, tmp_path)
    adding.add(adding.file("a.txt"))
    adding.attachments.desk.add_text("pasted words")
    adding.attachments.add_files([adding.file("late.txt")])
    old = weakref.ref(kept.desktop.window)
    kept.desktop.renew_window()
    kept.qtbot.addWidget(kept.desktop.window)
    adding.wait()
    assert names(adding) == ["a.txt", "pasted-text.txt", "late.txt"]
    assert len(adding.attachments.parts) == 3
    assert len(adding.attachments.tray.chips) == 3
    gc.collect()
    assert old() is None, "something keeps the old window"
