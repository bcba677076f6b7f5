"""The settings page: made from the declarations, searched, applied at once, reset."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.catalog.hub import Hub
from app.catalog.tokens import TokenStore
from app.core.hub_access import HubAccess
from app.core.tasks import TaskRunner
from app.settings.declared import (
    ALL,
    CONTEXT_TOKENS,
    DOWNLOAD_BYTES_PER_SECOND,
    HUB_ENDPOINT,
    LIBRARY_FOLDERS,
    MODELS_FOLDER,
    THEME,
    TOOLS,
    WINDOW_GEOMETRY,
)
from app.settings.of_thinking import KEEP_REASONING, THINKING
from app.settings.store import SettingsStore
from app.ui.chat.model_state import Ability
from app.ui.look import Look
from app.ui.settings.editors import FolderEditor, FoldersEditor
from app.ui.settings.info import about_rows, privacy_rows, shortcut_rows
from app.ui.settings.page import Extra, SettingsPage
from app.ui.settings.rows import SettingRow
from app.ui.settings.switch import SwitchBox
from app.ui.settings.token_row import TokenRow
from app.ui.settings.whole import _wrong_address
from app.ui.widgets import ChoiceBox
from tests.hub.server import HubServer
from tests.secrets.vaults import MemoryVault, NoVault
from tests.ui.conftest import Driver

W = TypeVar("W", bound=QWidget)


@pytest.fixture
def changes() -> list[None]:
    return []


@pytest.fixture
def page(
    qtbot: QtBot, look: Look, settings: SettingsStore, changes: list[None], tmp_path: Path
) -> Iterator[SettingsPage]:
    extras = (
        Extra("Privacy", privacy_rows),
        Extra("Shortcuts", lambda: shortcut_rows([("Ctrl+N", "New chat")])),
        Extra("About", lambda: about_rows(settings.path, tmp_path)),
    )
    made = SettingsPage(
        look, settings, lambda: changes.append(None), extras, {HUB_ENDPOINT.key: _wrong_address}
    )
    qtbot.addWidget(made)
    made.resize(1100, 760)
    made.show()
    yield made
    made.close()


def _find(page: QWidget, kind: type[W], name: str) -> W:
    found = page.findChild(kind, name)
    assert isinstance(found, kind)
    return found


def test_every_setting_for_people_has_a_row_and_no_other(page: SettingsPage) -> None:
    rows = {row.objectName() for row in page.findChildren(SettingRow)}
    assert rows == {f"settingRow-{one.key}" for one in ALL if one.shown is not None}
    assert f"settingRow-{WINDOW_GEOMETRY.key}" not in rows
    assert page.pages == (
        "General", "Appearance", "Models and storage", "Performance", "Downloads", "Chat",
        "Personas",
        "Tools",
        "Network",
        "Privacy", "Shortcuts", "About",
    )  # fmt: skip


def test_a_page_shows_its_rows_alone(page: SettingsPage) -> None:
    page.show_page("Chat")
    shown = {row.objectName() for row in page.findChildren(SettingRow) if row.isVisible()}
    assert shown == {
        f"settingRow-{one.key}" for one in ALL if one.shown is not None and one.shown.page == "Chat"
    }


def test_changes_hold_at_once(
    page: SettingsPage, settings: SettingsStore, changes: list[None]
) -> None:
    page.show_page("Chat")
    switch = _find(page, SwitchBox, "setting-thinking")
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert settings.get(THINKING) is False
    assert switch.text() == "Off"
    page.show_page("Performance")
    number = _find(page, QSpinBox, "setting-context_tokens")
    assert number.text() == "as the plan says"
    number.setValue(65_536)
    assert settings.get(CONTEXT_TOKENS) == 65_536
    page.show_page("Downloads")
    limit = _find(page, QSpinBox, "setting-download_bytes_per_second")
    limit.setValue(20)
    assert settings.get(DOWNLOAD_BYTES_PER_SECOND) == 20_000_000
    assert limit.text() == "20 MB/s"
    page.show_page("Appearance")
    theme = _find(page, ChoiceBox, "setting-theme")
    theme.setCurrentIndex(2)
    theme.activated.emit(2)
    assert settings.get(THEME) == "dark"
    assert len(changes) == 4


def test_a_small_limit_is_never_shown_as_none(page: SettingsPage, settings: SettingsStore) -> None:
    settings.set(DOWNLOAD_BYTES_PER_SECOND, 300_000)
    assert _find(page, QSpinBox, "setting-download_bytes_per_second").text() == "1 MB/s"
    assert settings.get(DOWNLOAD_BYTES_PER_SECOND) == 300_000


def test_what_differs_is_marked_and_goes_back(page: SettingsPage, settings: SettingsStore) -> None:
    page.show_page("Chat")
    reset = _find(page, QPushButton, "setting-thinking-reset")
    assert not reset.isVisible()
    settings.set(THINKING, False)
    assert reset.isVisible()
    reset.click()
    assert settings.get(THINKING) is True
    assert not reset.isVisible()
    settings.set(THINKING, False)
    settings.set(TOOLS, False)
    settings.set(THEME, "dark")
    _find(page, QPushButton, "settingsResetPage").click()
    assert (settings.get(THINKING), settings.get(TOOLS)) == (True, True)
    assert settings.get(THEME) == "dark", "it is on another page"


def test_the_search_goes_over_all_pages(page: SettingsPage) -> None:
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = _find(page, QLineEdit, "settingsSearch")
    search.setText("MIRROR")
    shown = [row.objectName() for row in page.findChildren(SettingRow) if row.isVisible()]
    assert shown == ["settingRow-hub_endpoint"]
    assert page.current == ""
    search.setText("telemetry")
    assert _find(page, QWidget, "settingRow-telemetry").isVisible()
    search.setText("no such thing at all")
    assert _find(page, QWidget, "settingsNothing").isVisible()
    page.show_page("Network")
    assert search.text() == ""
    assert not _find(page, QWidget, "settingsNothing").isVisible()


def test_a_wrong_address_is_said_and_not_taken(page: SettingsPage, settings: SettingsStore) -> None:
    page.show_page("Network")
    edit = _find(page, QLineEdit, "setting-hub_endpoint")
    edit.setFocus()
    QTest.keyClicks(edit, "mirror.example")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert settings.get(HUB_ENDPOINT) == ""
    assert _find(page, QWidget, "setting-hub_endpoint-problem").isVisible()
    edit.clear()
    QTest.keyClicks(edit, "https://mirror.example")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert settings.get(HUB_ENDPOINT) == "https://mirror.example"
    assert not _find(page, QWidget, "setting-hub_endpoint-problem").isVisible()


def test_folders(page: SettingsPage, settings: SettingsStore, tmp_path: Path) -> None:
    page.show_page("Models and storage")
    one = page.findChild(FolderEditor)
    assert one is not None
    assert _find(page, QWidget, "setting-models_folder-path").property("text") == (
        "the Hugging Face cache"
    )
    one.edited.emit(str(tmp_path))
    assert settings.get(MODELS_FOLDER) == str(tmp_path)
    several = page.findChild(FoldersEditor)
    assert several is not None
    several._chosen("/a")
    several._chosen("/b")
    several._chosen("/a")
    assert settings.get(LIBRARY_FOLDERS) == ("/a", "/b")
    _find(page, QPushButton, "setting-library_folders-remove-0").click()
    assert settings.get(LIBRARY_FOLDERS) == ("/b",)


@pytest.mark.parametrize("width", [560, 1100])
def test_everything_has_room_and_a_name(page: SettingsPage, width: int) -> None:
    page.resize(width, 700)
    for name in page.pages:
        page.show_page(name)
        QApplication.processEvents()
        for child in page.findChildren(QWidget):
            if child.isVisible() and child.focusPolicy() & Qt.FocusPolicy.TabFocus:
                assert child.objectName(), child
                if not child.objectName().startswith("qt_"):
                    assert child.accessibleName(), child.objectName()
                right = child.mapTo(page, child.rect().topRight()).x()
                assert 0 < right < width, child.objectName()
        assert page._scroll.horizontalScrollBar().maximum() == 0


def test_settings_of_a_newer_version_say_so(qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    path = tmp_path / "newer.json"
    path.write_text('{"version": 99, "settings": {}}', encoding="utf-8")
    store = SettingsStore(path)
    store.load()
    made = SettingsPage(look, store, lambda: None)
    qtbot.addWidget(made)
    assert "newer version" in _find(made, QWidget, "settingsReadOnly").property("text")


def test_the_store_tells_who_listens(settings: SettingsStore) -> None:
    heard: list[Any] = []
    end = settings.subscribe(THINKING, heard.append)
    settings.set(THINKING, False)
    settings.set(THINKING, False)
    settings.set(THEME, "dark")
    settings.reset(THINKING)
    end()
    end()
    settings.set(THINKING, False)
    assert heard == [False, True]


def test_the_window_follows(driver: Driver, settings: SettingsStore) -> None:
    settings.set(THEME, "contrast")
    assert driver.desktop.look.theme.key == "contrast"
    settings.set(THINKING, False)
    assert not driver.page.composer.thinking.isChecked()
    driver.page.composer.thinking.setChecked(True)
    assert settings.get(THINKING) is False, "for this chat alone"


# The token


@pytest.fixture
def no_other_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def _token_row(qtbot: QtBot, tokens: TokenStore, hub: Hub, tasks: TaskRunner) -> TokenRow:
    row = TokenRow(tokens, hub, tasks)
    qtbot.addWidget(row)
    row.show()
    qtbot.waitUntil(lambda: not row._busy)
    return row


@pytest.mark.usefixtures("no_other_token")
def test_a_token_is_kept_tested_and_removed(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path
) -> None:
    with HubServer() as server:
        server.world.tokens["hf_good_token"] = "someone"
        vault = MemoryVault()
        tokens = TokenStore(tmp_path / "token", vault)
        access = HubAccess(lambda: server.endpoint, tokens.value)
        row = _token_row(qtbot, tokens, Hub(access), tasks)
        state = _find(row, QWidget, "tokenState")
        edit, test = (
            _find(row, QLineEdit, "tokenEdit"),
            _find(row, QPushButton, "tokenTest"),
        )
        assert state.property("text") == "There is no token."
        assert not test.isEnabled()
        assert edit.echoMode() == QLineEdit.EchoMode.Password
        edit.setText("hf_wrong_token")
        test.click()
        qtbot.waitUntil(lambda: not row._busy)
        assert "does not accept your access token" in state.property("text")
        edit.setText("hf_good_token")
        QTest.keyClick(edit, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: vault.token == "hf_good_token" and not row._busy)
        assert edit.text() == ""
        assert "keyring" in state.property("text")
        test.click()
        qtbot.waitUntil(lambda: "belongs to someone" in state.property("text"))
        qtbot.waitUntil(lambda: not row._busy)
        _find(row, QPushButton, "tokenRemove").click()
        qtbot.waitUntil(lambda: vault.token is None and not row._busy)
        assert state.property("text") == "There is no token."


@pytest.mark.usefixtures("no_other_token")
def test_without_a_keyring_a_warning_is_seen(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path
) -> None:
    tokens = TokenStore(tmp_path / "token", NoVault())
    row = _token_row(qtbot, tokens, Hub(HubAccess()), tasks)
    _find(row, QLineEdit, "tokenEdit").setText("hf_good_token")
    row.save()
    qtbot.waitUntil(lambda: not row._busy)
    assert "unencrypted" in _find(row, QWidget, "tokenState").property("text")


def test_a_token_of_the_environment_cannot_be_removed_here(
    qtbot: QtBot, tasks: TaskRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    row = _token_row(qtbot, TokenStore(tmp_path / "t", NoVault()), Hub(HubAccess()), tasks)
    assert "HF_TOKEN" in _find(row, QWidget, "tokenState").property("text")
    assert not _find(row, QPushButton, "tokenRemove").isEnabled()


def test_what_the_open_model_cannot_do_says_why(
    look: Look, settings: SettingsStore, qtbot: QtBot
) -> None:
    found = Ability(False, "Its template does not let it stay.")
    made = SettingsPage(look, settings, lambda: None, abilities={KEEP_REASONING.key: lambda: found})
    qtbot.addWidget(made)
    made.show_page("Chat")
    made.show()
    row = _find(made, SettingRow, f"settingRow-{KEEP_REASONING.key}")
    why = _find(made, QLabel, f"setting-{KEEP_REASONING.key}-why")
    assert not row.editor.isEnabled()
    assert why.isVisible()
    assert why.text() == "Its template does not let it stay."
    other = _find(made, SettingRow, f"settingRow-{THINKING.key}")
    assert other.editor.isEnabled()
    made.hide()
    found = Ability(True)
    made.show()
    assert row.editor.isEnabled()
    assert not why.isVisible()
    made.close()
