"""The rail: pages are built when they are first opened."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.shell import Shell
from tests.ui.conftest import Driver
from tests.ui.scripted import ScriptedBackend


@pytest.fixture
def built() -> list[str]:
    return []


@pytest.fixture
def desktop(qtbot: QtBot, settings: SettingsStore, built: list[str]) -> Iterator[Desktop]:
    def builder(key: str) -> QWidget:
        built.append(key)
        return QLabel(key)

    def models(shell: Shell) -> QWidget:
        shell.window.set_badge("models", "3")
        return builder("models")

    builders = {"models": models, "settings": lambda _: builder("settings")}
    desktop = Desktop(application(), ScriptedBackend(), settings, builders)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    yield desktop
    desktop.window.close()
    assert desktop.close()


def _button(desktop: Desktop, key: str) -> QToolButton:
    found = desktop.window.rail.findChild(QToolButton, f"rail-{key}")
    assert isinstance(found, QToolButton)
    return found


def test_a_page_is_built_once_and_only_when_it_is_wanted(
    desktop: Desktop, built: list[str]
) -> None:
    assert built == []
    for key in ("models", "chat", "models", "settings"):
        _button(desktop, key).click()
        assert desktop.window.current == key
        assert _button(desktop, key).isChecked()
    assert built == ["models", "settings"]


def test_places_without_a_page_are_not_shown(desktop: Desktop) -> None:
    assert desktop.window.rail.findChild(QToolButton, "rail-hardware") is None


def test_the_keyboard_goes_to_a_page(desktop: Desktop) -> None:
    QTest.keyClick(desktop.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert desktop.window.current == "settings"
    QTest.keyClick(desktop.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert desktop.window.current == "chat"


def test_a_badge_takes_the_place_of_the_title(desktop: Desktop) -> None:
    desktop.window.go("models")
    made = _button(desktop, "models")
    assert made.text() == "3"
    assert made.accessibleName() == "Models, 3"
    desktop.window.set_badge("models", "")
    assert made.text() == "Models"


def test_opening_a_file_brings_the_chat_to_the_front(desktop: Desktop) -> None:
    desktop.window.go("settings")
    desktop.window.open_model("model.gguf")
    assert desktop.window.current == "chat"


def test_without_other_pages_only_the_chat_is_there(driver: Driver) -> None:
    assert driver.desktop.window.current == "chat"
    assert driver.desktop.window.rail.findChild(QToolButton, "rail-models") is None
