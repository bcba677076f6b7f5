"""The row about models in an earlier place: seen, moved both ways, stopped, left there."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.services import default_target
from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner
from app.downloads.storage import place_of
from app.downloads.types import Target
from app.library.library import Library
from app.library.relocating import Relocation
from app.library.sources import default_sources
from app.settings.declared import LAST_MODEL, LIBRARY_FOLDERS, MODELS_FOLDER
from app.settings.store import SettingsStore
from app.ui.look import Look
from app.ui.settings.page import Extra, SettingsPage
from app.ui.settings.storage_row import StorageRow
from app.ui.shell import Shell
from tests.library.moves import NoQueue, downloaded, is_whole
from tests.library.trees import gguf, put, shard_files

W = TypeVar("W", bound=QWidget)
REPO = "unsloth/GLM-4.6-GGUF"


class Window:
    def __init__(self) -> None:
        self.saved = 0
        self.told: list[str] = []

    def settings_changed(self) -> None:
        self.saved += 1

    def tell(self, text: str) -> None:
        self.told.append(text)


class Place:
    """A settings page with the row, on real files."""

    def __init__(
        self, qtbot: QtBot, look: Look, tasks: TaskRunner, settings: SettingsStore, home: Path
    ) -> None:
        self.qtbot, self.settings, self.window = qtbot, settings, Window()
        self.shelf = Library(
            lambda: default_sources(lambda: settings.get(MODELS_FOLDER)),
            home / "cache.json",
            home / "records.json",
        )
        self.relocation = Relocation(self.shelf, NoQueue())
        shell = Shell(look, tasks, settings, cast("Any", None), cast("Any", self.window))

        def rows() -> list[StorageRow]:
            return [StorageRow(shell, self.relocation, lambda: default_target(settings))]

        extra = Extra("Models and storage", rows, after=MODELS_FOLDER.key)
        self.page = SettingsPage(look, settings, self.window.settings_changed, [extra])
        qtbot.addWidget(self.page)
        self.page.resize(900, 900)
        self.row = self.find(StorageRow, "settingRow-storage")

    def open(self) -> None:
        self.page.show_page("Models and storage")
        self.page.show()

    def find(self, kind: type[W], name: str) -> W:
        found = [one for one in self.page.findChildren(kind, name) if not one.isHidden()]
        assert found or kind is StorageRow, name
        return found[-1] if found else self.page.findChildren(kind, name)[-1]

    def text(self, name: str) -> str:
        return self.find(QLabel, name).text()

    def click(self, name: str) -> None:
        self.find(QPushButton, name).click()

    def wait_for(self, name: str) -> None:
        def there() -> bool:
            return any(one.isVisible() for one in self.page.findChildren(QWidget, name))

        self.qtbot.waitUntil(there)

    def wait_for_end(self) -> str:
        self.wait_for("storageState")
        self.qtbot.waitUntil(lambda: self.row._task is None and not self.row._looking)
        return self.text("storageState")


@pytest.fixture
def place(
    qtbot: QtBot, look: Look, tasks: TaskRunner, settings: SettingsStore, tmp_path: Path
) -> Iterator[Place]:
    made = Place(qtbot, look, tasks, settings, tmp_path)
    yield made
    qtbot.waitUntil(lambda: made.row._task is None and not made.row._looking)
    made.page.close()


@pytest.mark.parametrize("way", ["cache to folder", "folder to cache"])
def test_models_move_to_where_downloads_go_now(place: Place, tmp_path: Path, way: str) -> None:
    cache, folder = default_target(place.settings), Target("folder", tmp_path / "models")
    old, new = (cache, folder) if way == "cache to folder" else (folder, cache)
    place.settings.set(MODELS_FOLDER, "" if old == cache else str(folder.folder))
    request = downloaded(place.shelf, old, REPO, shard_files("GLM-4.6-Q4_K_M"))
    before = place_of(request, request.files[0], old).location
    place.settings.set(LAST_MODEL, str(before))
    place.open()
    place.qtbot.waitUntil(lambda: not place.row._looking)
    assert not place.row.isVisible()
    assert not place.row.matches("move")
    place.settings.set(MODELS_FOLDER, "" if new == cache else str(folder.folder))
    place.wait_for("storageMove-0")
    assert place.text("storageWhat-0").startswith("1 model, ")
    assert place.text("storageWhat-0").endswith(f"is still in {old.folder}.")
    assert "same disk" in place.text("storageNeed-0")
    place.click("storageMove-0")
    assert "Moved to" in place.wait_for_end()
    assert is_whole(request, new)
    assert not before.exists()
    now = place_of(request, request.files[0], new).location
    assert place.settings.get(LAST_MODEL) == str(now)
    assert place.window.saved == 1
    assert place.row._blocks == []


def test_a_move_is_stopped_and_taken_up_or_put_back(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another disk; the copy waits at its second file until the person has stopped it."""
    copying, go_on = threading.Event(), threading.Event()

    def other_disk(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("os.rename", other_disk)
    from app.downloads import move

    really = move._copy

    def copy(source: Path, beside: Path, tell: Any, cancel: CancelToken) -> str:
        if "00002" in str(beside):
            copying.set()
            go_on.wait(20)
        return really(source, beside, tell, cancel)

    monkeypatch.setattr(move, "_copy", copy)
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    place.settings.set(MODELS_FOLDER, str(old.folder))
    request = downloaded(place.shelf, old, REPO, shard_files("GLM-4.6-Q4_K_M"))
    place.settings.set(MODELS_FOLDER, str(new.folder))
    place.open()
    place.wait_for("storageMove-0")
    place.click("storageMove-0")
    place.qtbot.waitUntil(copying.is_set)
    assert place.find(QWidget, "storageRunning").isVisible()
    assert not place.row._blocks[0].isVisible()
    place.click("storageCancel")
    assert place.text("storageAmount") == "Stopping…"
    go_on.set()
    told = place.wait_for_end()
    assert told.startswith("Stopped. Nothing was moved, nothing is lost.")
    assert "some files are in the new place already" in told
    place.wait_for("storageBack")
    place.click("storageBack")
    place.qtbot.waitUntil(lambda: is_whole(request, old))
    place.wait_for_end()
    assert not place.row._back.isVisible()
    place.wait_for("storageMove-0")
    place.click("storageMove-0")
    assert "Moved to" in place.wait_for_end()
    assert is_whole(request, new)


def test_they_can_stay_and_still_be_moved_later(place: Place, tmp_path: Path) -> None:
    old = Target("folder", tmp_path / "old")
    place.settings.set(MODELS_FOLDER, str(old.folder))
    downloaded(place.shelf, old, REPO, {"A-Q4_0.gguf": gguf("A")})
    place.settings.set(MODELS_FOLDER, str(tmp_path / "new"))
    half = put(tmp_path / "new" / "A-Q4_0.gguf.glm-moving", b"of a move that was killed")
    place.open()
    place.wait_for("storageLeave-0")
    place.click("storageLeave-0")
    assert place.settings.get(LIBRARY_FOLDERS) == (str(old.folder),)
    assert "found as before" in place.wait_for_end()
    place.qtbot.waitUntil(lambda: not half.exists())
    place.qtbot.waitUntil(lambda: "stays in" in place.text("storageWhat-0"))
    assert place.find(QPushButton, "storageMove-0").isVisible()
    assert not any(
        one.isVisible() for one in place.page.findChildren(QPushButton, "storageLeave-0")
    )


def test_it_is_below_the_folder_and_on_the_way_of_the_tab_key(place: Place, tmp_path: Path) -> None:
    old = Target("folder", tmp_path / "old")
    place.settings.set(MODELS_FOLDER, str(old.folder))
    downloaded(place.shelf, old, REPO, {"A-Q4_0.gguf": gguf("A")})
    place.settings.set(MODELS_FOLDER, str(tmp_path / "new"))
    place.open()
    place.wait_for("storageMove-0")
    choose = place.find(QPushButton, "setting-models_folder")
    seen = [choose.objectName()]
    one: QWidget | None = choose.nextInFocusChain()
    while one is not None and one is not choose:
        if one.isVisible() and one.focusPolicy() != Qt.FocusPolicy.NoFocus:
            seen.append(one.objectName())
        one = one.nextInFocusChain()
    order = ["setting-models_folder", "storageMove-0", "storageLeave-0", "setting-library_folders"]
    assert [name for name in seen if name in order] == order


def test_no_room_and_problems_are_said(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.earlier._device", lambda _: -1)
    monkeypatch.setattr("app.library.earlier.free_bytes", lambda _: 7)
    monkeypatch.setattr("app.downloads.move.free_bytes", lambda _: 7)
    old = Target("folder", tmp_path / "old")
    place.settings.set(MODELS_FOLDER, str(old.folder))
    request = downloaded(place.shelf, old, REPO, {"A-Q4_0.gguf": gguf("A")})
    place.settings.set(MODELS_FOLDER, str(tmp_path / "new"))
    place.open()
    place.wait_for("storageMove-0")
    assert "There is no room" in place.text("storageNeed-0")
    assert place.find(QLabel, "storageNeed-0").property("tone") == "bad"
    place.click("storageMove-0")
    assert "There is no room" in place.wait_for_end()
    assert is_whole(request, old)


def test_where_the_program_looked_before_it_looks_still(tmp_path: Path) -> None:
    from app.bootstrap import library
    from app.core.hub_access import HubAccess

    settings = SettingsStore(tmp_path / "settings.json")
    settings.set(MODELS_FOLDER, str(tmp_path / "first"))
    shelf = library(settings, HubAccess())
    for folder in ("second", "first", "third"):
        settings.set(MODELS_FOLDER, str(tmp_path / folder))
    folders = [source.folder.name for source in shelf.sources() if source.kind in ("own", "folder")]
    assert folders == ["third", "second", "first"]
