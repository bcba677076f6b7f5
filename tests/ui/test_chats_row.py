"""All chats at once, on the settings page; and one chat out of the list."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.core.messages import TextPart
from app.core.tasks import TaskRunner
from app.ui.chat.history.panel import HistoryPanel
from app.ui.chat.history.rows import Line
from app.ui.look import Look
from app.ui.settings.chats_row import ChatsRow


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[ChatStore]:
    store = ChatStore(tmp_path / "chats")
    store.start()
    for title in ("First", "Second"):
        chat, _ = store.conversations.create(title)
        question, _ = store.messages.ask(chat, None, [TextPart(f"{title}?")])
        stream, _ = store.messages.begin_answer(chat, question)
        stream.finish(parts=[TextPart(f"**{title}**.")])
    store.written().result(10)
    yield store
    assert store.close()


class Heard:
    changed = 0
    deleted = 0

    def note_changed(self) -> None:
        self.changed += 1

    def note_deleted(self) -> None:
        self.deleted += 1


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def row(qtbot: QtBot, chats: ChatStore, tasks: TaskRunner, heard: Heard, look: Look) -> ChatsRow:  # noqa: ARG001
    made = ChatsRow(chats, tasks, heard.note_changed, heard.note_deleted)
    qtbot.addWidget(made)
    made.show()
    return made


def _told(row: ChatsRow) -> str:
    return row._state.text()


def test_everything_goes_out_and_comes_in_again(
    qtbot: QtBot, row: ChatsRow, chats: ChatStore, heard: Heard, tmp_path: Path
) -> None:
    target = tmp_path / "out.zip"
    row.export_to(str(target))
    assert not row._export.isEnabled()
    qtbot.waitUntil(lambda: "2 chats written" in _told(row))
    qtbot.waitUntil(row._export.isEnabled)
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == ["First.json", "Second.json", "manifest.json"]
    row.import_from(str(target))
    qtbot.waitUntil(lambda: "2 were there already" in _told(row))
    qtbot.waitUntil(row._export.isEnabled)
    row.delete_all()
    qtbot.waitUntil(lambda: heard.deleted == 1)
    assert chats.read.count() == 0
    qtbot.waitUntil(row._export.isEnabled)
    row.import_from(str(target))
    qtbot.waitUntil(lambda: "2 new chats" in _told(row))
    assert {head.title for head in chats.read.conversations()} == {"First", "Second"}
    assert heard.changed == 2
    qtbot.waitUntil(row._export.isEnabled)


def test_as_markdown(qtbot: QtBot, row: ChatsRow, tmp_path: Path) -> None:
    row.export_to(str(tmp_path / "chats-markdown.zip"))
    qtbot.waitUntil(lambda: "written" in _told(row))
    with zipfile.ZipFile(tmp_path / "chats-markdown.zip") as archive:
        assert "**First**." in archive.read("First.md").decode()
    qtbot.waitUntil(row._export.isEnabled)


def test_what_cannot_be_written_or_read_is_said(
    qtbot: QtBot, row: ChatsRow, tmp_path: Path
) -> None:
    row.export_to(str(tmp_path / "nowhere" / "out.zip"))
    qtbot.waitUntil(lambda: _told(row) not in ("", "Working…"))
    assert row._state.property("tone") == "bad"
    qtbot.waitUntil(row._export.isEnabled)
    (tmp_path / "odd.json").write_text("[]", encoding="utf-8")
    row.import_from(str(tmp_path / "odd.json"))
    qtbot.waitUntil(lambda: row._export.isEnabled() and _told(row) != "Working…")
    assert "new chats" not in _told(row) or _told(row).startswith("0")


def test_deleting_everything_asks_first(row: ChatsRow, chats: ChatStore, heard: Heard) -> None:
    row._delete.click()
    assert row._sure.isVisible()
    keep = row.findChild(QPushButton, "chatsDeleteNo")
    assert keep is not None
    keep.click()
    assert not row._sure.isVisible()
    assert (chats.read.count(), heard.deleted) == (2, 0)
    place = row.findChild(QLabel, "chatsPlace")
    assert place is not None
    assert str(chats.path.parent) in place.text()


def test_one_chat_is_exported_and_copied(
    qtbot: QtBot, look: Look, tasks: TaskRunner, chats: ChatStore, tmp_path: Path
) -> None:
    panel = HistoryPanel(look, tasks, chats)
    qtbot.addWidget(panel)
    panel.show()
    panel.reload()
    qtbot.waitUntil(lambda: len(panel.shown) == 3)
    line = panel.shown[1]
    assert isinstance(line, Line)
    panel.export(line, str(tmp_path / "one.html"), "html")
    qtbot.waitUntil(lambda: panel._said.text() == "Written to one.html")
    html = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert line.title in html
    assert "<script" not in html
    panel.copy_chat(line)
    qtbot.waitUntil(lambda: panel._said.text() == "Copied as Markdown")
    assert f"**{line.title}**." in QGuiApplication.clipboard().text()
    assert not panel._back.isVisible()
    problems: list[str] = []
    panel.problem.connect(problems.append)
    panel.export(line, str(tmp_path / "nowhere" / "one.md"), "markdown")
    qtbot.waitUntil(lambda: bool(problems))
