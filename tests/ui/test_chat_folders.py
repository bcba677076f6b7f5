"""Chats in folders: made, moved, renamed, removed; what lies in one is never lost with it."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.chat.store.store import ChatStore
from app.ui.chat.history.rows import Line
from app.ui.chat.history.shelves import Place, add_move_menu
from tests.ui.kept import Kept, answer


def _two_chats(kept: Kept) -> Line:
    kept.ask("What is quantization?", answer("Fewer bits."))
    kept.wait_listed("What is quantization?")
    kept.page.new_chat()
    kept.ask("Good morning", answer("Good morning."))
    kept.wait_listed("Good morning", "What is quantization?")
    return next(line for line in kept.lines() if line.title == "What is quantization?")


def _into_new(kept: Kept, line: Line, name: str) -> int:
    kept.panel.move_to_new(line)
    field = kept.panel.shelves.name
    assert field.isVisible()
    QTest.keyClicks(field, name)
    QTest.keyClick(field, Qt.Key.Key_Return)
    kept.wait(lambda: any(folder.name == name for folder in kept.panel.shelves.folders))
    folder = next(one for one in kept.panel.shelves.folders if one.name == name)
    kept.wait(lambda: any(one.folder == folder.id for one in kept.lines()))
    return folder.id


def test_a_chat_goes_into_a_new_folder_and_is_listed_there(kept: Kept) -> None:
    folder = _into_new(kept, _two_chats(kept), "Work")
    assert any("Work" in line.detail for line in kept.lines())
    kept.panel.shelves.show_place(Place("active", folder))
    kept.wait(lambda: [line.title for line in kept.lines()] == ["What is quantization?"])
    kept.panel.shelves.show_place(Place())
    kept.wait(lambda: len(kept.lines()) == 2)


def test_moving_can_be_taken_back(kept: Kept, chats: ChatStore) -> None:
    line = _two_chats(kept)
    folder = _into_new(kept, line, "Work")
    assert chats.read.details(line.conversation).head.folder == folder
    kept.panel._take_back()
    kept.wait(lambda: all(one.folder is None for one in kept.lines()))


def test_a_folder_is_renamed_and_removed_and_its_chats_stay(kept: Kept, chats: ChatStore) -> None:
    folder = _into_new(kept, _two_chats(kept), "Work")
    shelves = kept.panel.shelves
    shelves.show_place(Place("active", folder))
    shelves.renamed.emit(folder, "Home")
    kept.wait(lambda: [one.name for one in shelves.folders] == ["Home"])
    assert shelves.box.currentText() == "Home"
    shelves.removed.emit(folder)
    kept.wait(lambda: shelves.folders == ())
    kept.wait(lambda: len(kept.lines()) == 2)
    assert shelves.place == Place()
    assert chats.read.count() == 2


def test_escape_makes_no_folder(kept: Kept, chats: ChatStore) -> None:
    kept.panel.move_to_new(_two_chats(kept))
    field = kept.panel.shelves.name
    QTest.keyClicks(field, "Never")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not field.isVisible()
    chats.written().result(10)
    assert chats.read.folders() == ()


def test_the_menu_offers_every_folder_but_its_own(kept: Kept) -> None:
    folder = _into_new(kept, _two_chats(kept), "R&D")
    moved: list[int | None] = []
    menu = QMenu()
    add_move_menu(menu, kept.panel.shelves.folders, folder, moved.append, lambda: None)
    into = menu.findChild(QMenu, "historyMove")
    assert into is not None
    offered = {action.text(): action for action in into.actions() if action.text()}
    assert not offered["R&&D"].isEnabled()
    offered["Out of the folder"].trigger()
    assert moved == [None]
