"""The palette: everything that can be done, found by its name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.settings.declared import TEXT_SIZE
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.commands.match import score
from app.ui.commands.palette import Palette
from app.ui.commands.sources import CHATS, HERE, button_choices
from app.ui.settings.page import SettingsPage
from app.ui.shell import SETTINGS, Shell
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.scripted import ScriptedBackend


@pytest.fixture
def desktop(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Desktop]:
    chats = ChatStore(tmp_path / "chats")
    chats.start()

    def page(shell: Shell) -> QWidget:
        return SettingsPage(shell.look, settings, shell.window.settings_changed)

    made = Desktop(application(), ScriptedBackend(), settings, {SETTINGS.key: page}, chats=chats)
    made.window.resize(1000, 800)
    made.window.show()
    qtbot.addWidget(made.window)
    yield made
    made.window.close()
    assert made.close()
    assert chats.close()


def _palette(desktop: Desktop, qtbot: QtBot) -> Palette:
    palette = desktop.window.commands.palette
    QTest.keyClick(desktop.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(palette.field.hasFocus, timeout=TIMEOUT_MS)
    return palette


def _titles(palette: Palette) -> list[str]:
    return [choice.title for choice in palette.found.choices]


def test_what_is_typed_finds_and_enter_does(desktop: Desktop, qtbot: QtBot) -> None:
    palette = _palette(desktop, qtbot)
    QTest.keyClicks(palette.field, "larger")
    assert _titles(palette)[0] == "Larger text"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert desktop._settings.get(TEXT_SIZE) == "115"
    assert desktop.look.scale.text_size == "115"


def test_escape_gives_the_focus_back(desktop: Desktop, qtbot: QtBot) -> None:
    edit = desktop.window.page.composer.edit
    edit.setFocus()
    palette = _palette(desktop, qtbot)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert QApplication.focusWidget() is edit


def test_arrows_go_around(desktop: Desktop, qtbot: QtBot) -> None:
    palette = _palette(desktop, qtbot)
    last = len(palette.found.choices) - 1
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.view.currentIndex().row() == last
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.view.currentIndex().row() == 0
    assert palette.field.accessibleDescription().startswith(_titles(palette)[0])


def test_a_setting_is_shown_on_the_settings_page(desktop: Desktop, qtbot: QtBot) -> None:
    palette = _palette(desktop, qtbot)
    QTest.keyClicks(palette.field, "dens")
    assert _titles(palette)[0] == "Density"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    page = desktop.window.shown_page
    assert isinstance(page, SettingsPage)
    assert page.search.text() == "Density"


def test_a_chat_is_opened_by_its_title(desktop: Desktop, qtbot: QtBot) -> None:
    chats = desktop.session.chats
    assert chats is not None
    wanted, made = chats.conversations.create("写一封感谢信")
    made.result()
    palette = _palette(desktop, qtbot)
    qtbot.waitUntil(lambda: CHATS in {one.group for one in palette.found.choices})
    palette.field.setText("感谢")
    assert _titles(palette)[0] == "写一封感谢信"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desktop.session.conversation == wanted, timeout=TIMEOUT_MS)


def test_nothing_found_is_said_and_enter_does_nothing(desktop: Desktop, qtbot: QtBot) -> None:
    palette = _palette(desktop, qtbot)
    palette.field.setText("zzzzqqq")
    assert palette.found.choices == []
    assert "Nothing is called that" in palette._none.text()
    assert palette._none.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_what_cannot_be_clicked_now_is_not_offered(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    for number, (text, usable) in enumerate((("Copy report", True), ("Save report", False))):
        button = QPushButton(text, page)
        button.move(0, 40 * number)
        button.setEnabled(usable)
    hidden = QPushButton("Hidden", page)
    hidden.hide()
    page.show()
    assert [(one.title, one.group) for one in button_choices(page)] == [("Copy report", HERE)]


def test_nothing_is_offered_twice(desktop: Desktop, qtbot: QtBot) -> None:
    palette = _palette(desktop, qtbot)
    titles = [choice.title for choice in palette.found.choices if choice.group != CHATS]
    assert "New chat" in titles
    assert sorted(titles) == sorted(set(titles))


def test_every_key_is_told_with_what_it_does(desktop: Desktop) -> None:
    keys = dict(desktop.window.keys())
    assert keys["Ctrl+K"] == "Find anything"
    assert keys["Ctrl+N"] == "New chat"
    assert keys["Ctrl+5"] == "Settings"


@pytest.mark.parametrize(
    ("query", "better", "worse"),
    [
        ("new", "New chat", "Renew"),
        ("chat", "Chat", "New chat"),
        ("nc", "New chat", "Unload"),
        ("larger text", "Larger text", "Text in its usual size"),
    ],
)
def test_the_nearer_title_comes_first(query: str, better: str, worse: str) -> None:
    good, bad = score(query, better), score(query, worse)
    assert good is not None
    assert bad is None or good > bad


def test_other_words_find_it_too() -> None:
    assert score("zoom", "Text size", "zoom larger") is not None
    assert score("zoom", "Text size") is None
