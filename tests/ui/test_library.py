"""On this computer: from the list to what can be done with a model, by mouse and keyboard."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import KnownError
from app.downloads.types import DownloadRequest, FileRequest, JobState, JobStatus, Target
from app.library.library import Library
from app.library.types import Source
from app.library.verify import VerifyProgress
from app.settings.declared import LAST_MODEL, LIBRARY_FOLDERS
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.model_state import Choosing, Ready
from app.ui.library.page import LibraryView, library_view
from app.ui.shell import MODELS
from tests.library.trees import (
    Trash,
    gguf,
    hub,
    hub_file,
    own,
    put,
    shard_files,
)  # fmt: skip
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.scripted import ScriptedBackend

if TYPE_CHECKING:
    from app.chat.services import Services


@dataclass
class Place:
    """A library in folders of the test, in a real window."""

    root: Path
    desktop: Desktop
    qtbot: QtBot
    library: Library
    trash: Trash
    asked: list[tuple[DownloadRequest, Target]] = field(default_factory=list)

    @property
    def view(self) -> LibraryView:
        page = self.desktop.window._pages[MODELS.key]
        assert isinstance(page, LibraryView)
        return page

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def open(self, models: int) -> LibraryView:
        self.desktop.window.go(MODELS.key)
        self.wait(lambda: self.finished and self.view.rows.rowCount() == models)
        return self.view

    @property
    def finished(self) -> bool:
        snapshot = self.view._snapshot
        return snapshot is not None and snapshot.finished

    def pick(self, title: str) -> None:
        rows = self.view.rows
        titles = [model.title for row in range(rows.rowCount()) if (model := rows.at(row))]
        self.view.list.setCurrentIndex(rows.index(titles.index(title)))


@pytest.fixture
def place(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Place]:
    trash = Trash(tmp_path / "trash")
    sources = (
        own(tmp_path / "own"),
        hub(tmp_path / "hub"),
        Source("lm-studio", "LM Studio", tmp_path / "lm"),
    )

    def no_hub(repo: str, _: str | None) -> tuple[()]:
        raise KnownError(f"{repo} cannot be reached.")

    library = Library(
        lambda: sources + tuple(
            Source("folder", "Your folder", Path(one)) for one in settings.get(LIBRARY_FOLDERS)
        ),
        tmp_path / "cache.json",
        tmp_path / "records.json",
        trash=trash,
        list_files=no_hub,
    )  # fmt: skip
    for source in sources:
        source.folder.mkdir()
    asked: list[tuple[DownloadRequest, Target]] = []
    target = Target("folder", tmp_path / "own")
    builders = {
        MODELS.key: lambda shell: LibraryView(
            shell, library, lambda: target, lambda *pair: asked.append(pair)
        )
    }
    desktop = Desktop(application(), ScriptedBackend(), settings, builders)
    desktop.look.choose("light")
    desktop.window.resize(1000, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    yield Place(tmp_path, desktop, qtbot, library, trash, asked)
    desktop.window.close()
    assert desktop.close()


def test_an_empty_computer_says_what_to_do(place: Place) -> None:
    view = place.open(0)
    assert view.states.title.text() == "No model on this computer yet"
    assert "LM Studio" in view.states.text.text()
    assert view.states.add.isVisible()
    assert not view.detail.isVisible()


def test_rows_say_what_they_are(place: Place) -> None:
    put(place.root / "own" / "Good-Q4_0.gguf", gguf())
    put(place.root / "own" / "Cut-Q4_0.gguf", gguf()[:-9000])
    files = shard_files("Half-Q2_K")
    for name in list(files)[1:]:
        put(place.root / "lm" / "a" / "b" / name, files[name])
    view = place.open(3)
    role = Qt.ItemDataRole.AccessibleTextRole
    said = [str(view.rows.data(view.rows.index(row), role)) for row in range(3)]
    assert said[0].startswith("Cut Q4_0, ")
    assert "Broken" in said[0]
    assert "Its tensors need" in said[0]
    assert said[1].startswith("Good Q4_0")
    assert "Ready" in said[1]
    assert "Half-Q2_K-00001-of-00003.gguf" in said[2]
    assert view.bar.summary.text().startswith("3 models · ")
    assert "free where downloads go" in view.bar.summary.text()
    place.pick("Cut Q4_0")
    assert view.detail.repair.isVisible()
    assert not view.detail.load.isVisible()
    place.pick("Half Q2_K")
    assert view.detail.finish.isVisible()
    assert not view.detail.verify.isVisible()


def test_enter_loads_a_model_and_the_row_knows(place: Place) -> None:
    path = put(place.root / "own" / "Good-Q4_0.gguf", gguf())
    view = place.open(1)
    view.list.setFocus()
    QTest.keyClick(view.list, Qt.Key.Key_Return)
    models = place.desktop.session.models
    place.wait(lambda: isinstance(models.state, Choosing | Ready))
    assert models.path == str(path)
    assert place.desktop.window.current == "chat"
    place.wait(lambda: models.ready is not None)
    view = place.open(1)
    assert view.detail.load.text() == "Loaded"
    assert not view.detail.load.isEnabled()
    assert view.detail.state.text() == "Loaded"


def test_finding_and_sorting(place: Place) -> None:
    for name, size in (("Alpha-Q4_0", 1), ("Beta-Q8_0", 3), ("Gamma-Q2_K", 2)):
        put(place.root / "own" / f"{name}.gguf", gguf(name) + bytes(size * 1000))
    view = place.open(3)
    view.bar.sort.setCurrentIndex(1)
    shown = [model.model for row in range(3) if (model := view.rows.at(row))]
    assert shown == ["Beta", "Gamma", "Alpha"]
    assert view.chosen is not None
    assert view.chosen.model == "Alpha"
    QTest.keyClicks(view.bar.search, "q8 launcher")
    assert view.rows.rowCount() == 1
    assert view.chosen.model == "Beta"
    assert view.bar.summary.text().startswith("1 of 3 models")
    view.bar.search.setText("nothing like it")
    assert view.states.title.text() == "Nothing found"
    assert not view.detail.isVisible()
    view.states.clear.click()
    assert view.rows.rowCount() == 3


def test_verify_shows_progress_and_the_result(place: Place) -> None:
    path = hub_file(place.root / "hub", "o/GLM-GGUF", "GLM-Q4_0.gguf", gguf())
    view = place.open(1)
    view.detail.verify.click()
    assert view.work_strip.isVisible()
    assert not view.detail.delete.isEnabled()
    place.wait(lambda: not view.checking.busy)
    assert view.work_strip.what.text() == "GLM Q4_0 is sound"
    place.wait(lambda: view.detail.state.text() == "Verified")
    assert "every byte" in view.detail.why.text()
    path.resolve().write_bytes(gguf()[:-1] + b"x")
    view.work_strip.close_button.click()
    view.detail.verify.click()
    place.wait(lambda: not view.checking.busy)
    assert view.work_strip.what.text() == "GLM Q4_0 is damaged"
    view.detail.repair.click()
    place.wait(lambda: not view.checking.busy)
    assert "cannot be reached" in view.work_strip.line.text()


def test_verifying_can_be_cancelled(
    place: Place, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    put(place.root / "own" / "GLM-Q4_0.gguf", gguf())
    view = place.open(1)
    plain = place.library.verify

    def slow(
        model: object, on_progress: Callable[[VerifyProgress], None], cancel: object
    ) -> object:
        on_progress(VerifyProgress("x", 500, 1000, 250.0))
        gate.wait(20)
        return plain(model, on_progress, cancel)  # type: ignore[arg-type]

    monkeypatch.setattr(place.library, "verify", slow)
    view.detail.verify.click()
    place.wait(lambda: view.work_strip.bar.value() == 500)
    assert "about 2.0 s left" in view.work_strip.line.text()
    view.work_strip.stop.click()
    gate.set()
    place.wait(lambda: not view.checking.busy)


def test_deleting_asks_and_says_what_it_frees(place: Place) -> None:
    path = put(place.root / "own" / "GLM-Q4_0.gguf", gguf())
    view = place.open(1)
    view.list.setFocus()
    QTest.keyClick(view.list, Qt.Key.Key_Delete)
    place.wait(view.question.isVisible)
    assert "Emptying the trash then frees 94." in view.question.text.text()
    place.desktop.window.activateWindow()
    place.wait(lambda: QApplication.focusWidget() is view.question.no)
    QTest.keyClick(view.question.no, Qt.Key.Key_Escape)
    assert not view.question.isVisible()
    assert path.exists()
    settings = place.desktop.window._settings
    settings.set(LAST_MODEL, str(path))
    view.detail.delete.click()
    place.wait(view.question.isVisible)
    view.question.yes.click()
    place.wait(lambda: view.rows.rowCount() == 0)
    assert settings.get(LAST_MODEL) == ""
    assert not path.exists()
    assert place.trash.names == ["GLM-Q4_0.gguf"]
    assert view.work_strip.what.text() == "GLM Q4_0 is deleted"


def test_files_of_others_are_asked_for_twice(place: Place) -> None:
    path = put(place.root / "lm" / "a" / "b" / "GLM-Q4_0.gguf", gguf())
    view = place.open(1)
    view.detail.delete.click()
    place.wait(view.question.isVisible)
    view.question.yes.click()
    assert view.question.isVisible()
    assert "belong to LM Studio" in view.question.text.text()
    view.question.no.click()
    assert path.exists()
    place.trash.full = True
    view.detail.delete.click()
    place.wait(view.question.isVisible)
    view.question.yes.click()
    view.question.yes.click()
    place.wait(lambda: view.question.isVisible() and "for good" in view.question.text.text())
    assert path.exists()
    view.question.yes.click()
    place.wait(lambda: view.rows.rowCount() == 0)
    assert not path.exists()


def test_a_loaded_model_is_not_deleted(place: Place) -> None:
    path = put(place.root / "own" / "GLM-Q4_0.gguf", gguf())
    place.library.note_used(path)
    view = place.open(1)
    view.detail.delete.click()
    place.wait(lambda: "is loaded" in view.work_strip.line.text())
    assert not view.question.isVisible()


def test_finishing_a_download_that_nobody_can_place(place: Place) -> None:
    put(place.root / "own" / "GLM-Q4_0.gguf.part", gguf()[:100])
    view = place.open(1)
    view.detail.finish.click()
    place.wait(lambda: "Nothing tells which repository" in view.work_strip.line.text())
    assert place.asked == []


def test_the_list_follows_the_disk(place: Place) -> None:
    path = put(place.root / "own" / "A-Q4_0.gguf", gguf())
    view = place.open(1)
    place.wait(lambda: view._work._watcher._observer is not None)
    put(place.root / "own" / "B-Q4_0.gguf", gguf("B"))
    place.wait(lambda: view.rows.rowCount() == 2)
    path.unlink()
    place.wait(lambda: view.rows.rowCount() == 1)
    place.desktop.window.go("chat")
    assert view._work._watcher._observer is None


def test_a_folder_is_added_for_good(place: Place, tmp_path: Path) -> None:
    put(tmp_path / "mine" / "A-Q4_0.gguf", gguf())
    view = place.open(0)
    view.add_folder(str(tmp_path / "mine"))
    place.wait(lambda: view.rows.rowCount() == 1)
    assert place.desktop.window._settings.get(LIBRARY_FOLDERS) == (str(tmp_path / "mine"),)


def test_path_and_folder(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(place.root / "own" / "A-Q4_0.gguf", gguf())
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    view = place.open(1)
    view.detail.copy.click()
    assert QGuiApplication.clipboard().text() == str(path)
    view.detail.folder.click()
    assert opened == [str(path.parent)]


def test_ten_thousand_models_are_one_list(place: Place) -> None:
    from dataclasses import replace

    put(place.root / "own" / "A-Q4_0.gguf", gguf())
    view = place.open(1)
    assert view._snapshot is not None
    (model,) = view._snapshot.models
    many = tuple(
        replace(model, key=f"k{n}", title=f"Model {n:05d}", model=f"Model {n:05d}")
        for n in range(10_000)
    )
    view._show(replace(view._snapshot, models=many), None)
    assert view.rows.rowCount() == 10_000
    assert "10,000 models" in view.bar.summary.text()
    view.list.setFocus()
    QTest.keyClick(view.list, Qt.Key.Key_End)
    assert view.detail.title.text() == "Model 09999"
    view.bar.search.setText("09998")
    assert view.rows.rowCount() == 1
    assert len(view.findChildren(QWidget)) < 80


@pytest.mark.parametrize("width", [640, 1280])
def test_everything_is_named_reachable_and_inside(place: Place, width: int) -> None:
    put(place.root / "own" / ("Very-long-name-" * 9 + "-Q4_0.gguf"), gguf())
    place.desktop.window.resize(width, 700)
    view = place.open(1)
    place.desktop.window.activateWindow()
    place.wait(lambda: QApplication.focusWidget() is not None)
    buttons = [one for one in view.findChildren(QAbstractButton) if one.isVisible()]
    ours = [one for one in buttons if not one.objectName().startswith("qt_")]
    assert all(one.objectName() and one.accessibleName() for one in ours if one.text())
    for control in ours:
        right = control.mapTo(place.desktop.window, control.rect().topRight()).x()
        assert 0 < right < width, control.objectName()
        if control.objectName():
            assert min(control.width(), control.height()) >= 24
    wanted = {one.objectName() for one in ours if one.isEnabled() and one.objectName()}
    wanted |= {"librarySearch", "librarySort", "libraryList"}
    reached: set[str] = set()
    view.bar.search.setFocus()
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert wanted - reached == set()


def test_a_download_that_waits_already_goes_on(place: Place) -> None:
    request = DownloadRequest("o/A", "c" * 40, (FileRequest("A.gguf", 10, None),))
    target = Target("folder", place.root)
    job = JobStatus("j1", request, target, JobState.PAUSED, ())
    calls: list[str] = []
    downloads = SimpleNamespace(
        jobs=lambda: (job,) if not calls else (),
        resume=lambda job_id: calls.append(f"resume {job_id}"),
        add=lambda asked, _: calls.append(f"add {asked.repo}"),
    )
    services = SimpleNamespace(
        library=place.library, default_target=lambda: target, downloads=downloads
    )
    view = library_view(place.desktop.window.shell, cast("Services", services))
    assert isinstance(view, LibraryView)
    view._download(request, target)
    view._download(request, target)
    assert calls == ["resume j1", "add o/A"]
    view.deleteLater()


def test_a_low_window_keeps_room_for_the_list(place: Place) -> None:
    put(place.root / "own" / "A-Q4_0.gguf", gguf())
    place.desktop.window.resize(640, 420)
    view = place.open(1)
    assert view.detail.load.isVisible()
    assert not view.detail.path.isVisible()
    assert view.list.height() >= 120
    view.detail.delete.click()
    place.wait(view.question.isVisible)
    assert not view.detail.isVisible()
    assert view.question.no.isVisible()
    view.question.no.click()
    assert view.detail.isVisible()
    place.desktop.window.resize(640, 800)
    place.wait(view.detail.path.isVisible)


def test_asking_for_the_rest_can_be_stopped(
    place: Place, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    put(place.root / "own" / "GLM-Q4_0.gguf.part", gguf()[:100])
    wanted = DownloadRequest("o/A", "c" * 40, ()), Target("folder", place.root)
    begun: list[int] = []
    ended: list[int] = []

    def slow(_: object) -> object:
        begun.append(1)
        gate.wait(20)
        ended.append(1)
        return wanted

    monkeypatch.setattr(place.library, "completion", slow)
    view = place.open(1)
    view.detail.finish.click()
    place.wait(lambda: bool(begun))
    view.work_strip.stop.click()
    assert not view.work_strip.isVisible()
    gate.set()
    place.wait(lambda: len(ended) == 1)
    assert place.asked == []
    monkeypatch.setattr(place.desktop.window, "go", lambda _: None)
    view.detail.finish.click()
    place.wait(lambda: place.asked == [wanted])
    assert not view.work_strip.isVisible()
