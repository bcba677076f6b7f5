"""What is typed and not sent yet stays with its conversation."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from tests.ui.kept import Kept, answer, kept_window


def _type(kept: Kept, text: str) -> None:
    kept.page.composer.edit.insertPlainText(text)


def _on_disk(chats: ChatStore, conversation: int | None) -> str:
    chats.written().result(10)
    if conversation is None:
        return chats.read.new_draft()
    return chats.read.details(conversation).draft


def _two_chats(kept: Kept) -> tuple[int, int]:
    names = []
    for text in ("One?", "Two?"):
        kept.desktop.session.new_chat()
        kept.ask(text, answer("Yes."))
        assert kept.desktop.session.conversation is not None
        names.append(kept.desktop.session.conversation)
    return names[0], names[1]


def _open(kept: Kept, conversation: int) -> None:
    kept.page.open_conversation(conversation)
    kept.wait(lambda: kept.desktop.session.conversation == conversation)


def test_each_chat_keeps_its_own(kept: Kept, chats: ChatStore) -> None:
    one, two = _two_chats(kept)
    _type(kept, "for two")
    _open(kept, one)
    assert kept.page.composer.text() == ""
    _type(kept, "for one")
    kept.desktop.session.new_chat()
    assert kept.page.composer.text() == ""
    _type(kept, "for a new one")
    _open(kept, two)
    assert kept.page.composer.text() == "for two"
    assert [_on_disk(chats, name) for name in (one, two, None)] == [
        "for one", "for two", "for a new one",
    ]  # fmt: skip
    kept.desktop.session.new_chat()
    assert kept.page.composer.text() == "for a new one"


def test_it_is_kept_a_moment_after_typing(kept: Kept, chats: ChatStore) -> None:
    _type(kept, "half a ques")
    kept.wait(lambda: _on_disk(chats, None) == "half a ques")


def test_what_was_sent_is_no_draft_any_more(kept: Kept, chats: ChatStore) -> None:
    _type(kept, "One?")
    kept.wait(lambda: _on_disk(chats, None) == "One?")
    kept.ask("One?", answer("Yes."))
    assert _on_disk(chats, None) == ""
    kept.desktop.session.new_chat()
    assert kept.page.composer.text() == ""
    assert kept.desktop.session.chats is chats
    (name,) = [head.id for head in chats.read.conversations()]
    assert _on_disk(chats, name) == ""


def test_drafts_outlive_the_program(qtbot: QtBot, chats: ChatStore, tmp_path: Path) -> None:
    name = 0
    for kept in kept_window(qtbot, chats, tmp_path):
        kept.ask("One?", answer("Yes."))
        name = kept.desktop.session.conversation or 0
        _type(kept, "a draft of it")
        kept.desktop.session.new_chat()
        _type(kept, "a draft of none")
    for kept in kept_window(qtbot, chats, tmp_path):
        kept.wait(lambda kept=kept: kept.page.composer.text() == "a draft of none")  # type: ignore[misc]
        _open(kept, name)
        assert kept.page.composer.text() == "a draft of it"


def test_what_is_typed_at_once_is_not_replaced(
    qtbot: QtBot, chats: ChatStore, tmp_path: Path
) -> None:
    chats.conversations.set_new_draft("from before")
    for kept in kept_window(qtbot, chats, tmp_path):
        kept.page.composer.set_text("typed now")
        kept.page.drafts._fetched("from before")
        assert kept.page.composer.text() == "typed now"


def test_deleting_everything_deletes_drafts(chats: ChatStore) -> None:
    chats.conversations.set_new_draft("secret")
    chats.delete_everything().result(30)
    assert chats.read.new_draft() == ""


def test_a_chat_in_the_trash_takes_its_draft_along(kept: Kept, chats: ChatStore) -> None:
    kept.ask("One?", answer("Yes."))
    name = kept.desktop.session.conversation or 0
    _type(kept, "more")
    kept.wait_listed("One?")
    kept.panel.act("delete", kept.lines()[0])
    kept.wait(lambda: kept.desktop.session.conversation is None)
    assert kept.page.composer.text() == ""
    assert _on_disk(chats, name) == "more"
