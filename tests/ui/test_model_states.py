"""Opening, losing and changing models in the window."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QPushButton

from app.chat.events import RoundStarted
from app.chat.loading import PlannedLoad
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.dialect.events import TextDelta
from app.engine.protocol import LoadProgress
from app.ui.chat.entries import Answer
from app.ui.chat.model_state import Ability, LoadedModel, LoadFailed, NoModel, Ready
from tests.ui.conftest import Driver
from tests.ui.scripted import DEMO, Step, model, round_finished

Progressing = Callable[[LoadProgress], None]


def _answer(text: str) -> list[Step]:
    return [RoundStarted(0), TextDelta(text), round_finished(text)]


def test_a_template_without_tools_turns_the_chip_off(driver: Driver) -> None:
    reason = "This model’s template has no place for tools."
    driver.backend.loads["/m/plain.gguf"] = model("/m/plain.gguf", tools=Ability(False, reason))
    driver.load("/m/plain.gguf")
    assert not driver.page.composer.tools.isEnabled()
    assert driver.page.composer.tools.toolTip() == reason


def test_the_demo_model_is_never_taken_for_glm(driver: Driver) -> None:
    driver.load(DEMO)
    assert driver.page.header.demo.isVisible()
    assert driver.page.header.demo.text() == "Demo model, not GLM-4.6"
    driver.load("/m/real.gguf")
    driver.wait(driver.page.header.demo.isHidden)


def test_loading_shows_how_far_and_can_be_cancelled(driver: Driver, gate: threading.Event) -> None:
    driver.backend.progress = [(LoadProgress(1, "loading", 0.43), gate)]
    driver.desktop.session.models.open("/m/GLM-4.6-Q2-00001-of-00003.gguf")
    driver.wait(lambda: getattr(driver.desktop.session.model, "fraction", 0) == 0.43)
    panel = driver.page.model_panel
    assert panel._title.text() == "Loading GLM-4.6-Q2"
    assert panel._what.text() == "reading the weights · 43%"
    assert not driver.page.composer.send.isEnabled()
    panel._cancel.click()
    driver.wait(lambda: isinstance(driver.desktop.session.model, NoModel))
    assert not panel.isHidden()


def test_a_load_that_fails_says_so_inline(driver: Driver) -> None:
    driver.backend.loads["/bad.gguf"] = KnownError(
        "It is not a GGUF file.", "No magic.", "Open one."
    )
    driver.desktop.session.models.open("/bad.gguf")
    driver.wait(lambda: isinstance(driver.desktop.session.model, LoadFailed))
    panel = driver.page.model_panel
    assert panel._error is not None
    assert "It is not a GGUF file." in panel._error.accessibleName()
    driver.backend.loads.clear()
    retry = panel.findChild(QPushButton, "loadRetry")
    assert retry is not None
    retry.click()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert panel.isHidden()


def test_only_the_last_of_two_loads_counts(driver: Driver, gate: threading.Event) -> None:
    driver.backend.progress = [(LoadProgress(1, "loading", 0.1), gate)]
    driver.desktop.session.models.open("/m/first.gguf")
    driver.wait(lambda: getattr(driver.desktop.session.model, "fraction", 0) > 0)
    driver.backend.progress = []
    driver.load("/m/second.gguf")
    assert driver.desktop.session.models.path == "/m/second.gguf"


def test_unload_and_reload(driver: Driver) -> None:
    driver.load("/m/real.gguf")
    driver.page.header.reload.emit()
    driver.wait(lambda: len(driver.backend.loaded) == 2)
    driver.wait(lambda: isinstance(driver.desktop.session.model, Ready))
    driver.page.header.unload.emit()
    driver.wait(lambda: driver.backend.unloads == 1)
    assert isinstance(driver.desktop.session.model, NoModel)


@pytest.mark.parametrize(("name", "opens"), [("a.gguf", True), ("A.GGUF", True), ("a.txt", False)])
def test_a_dropped_file_opens(driver: Driver, tmp_path: Path, name: str, opens: bool) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
    action, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    event = QDropEvent(
        QPointF(QPoint(50, 50)), action, data, buttons, Qt.KeyboardModifier.NoModifier
    )
    driver.desktop.window.dropEvent(event)
    driver.wait(lambda: (driver.desktop.session.ready is not None) is opens)


@pytest.mark.filterwarnings("ignore:Function.*QDragEnterEvent")  # Qt has no other way to make one
def test_a_file_over_the_composer_is_for_the_window(driver: Driver) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.gguf")])
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    driver.page.composer.edit.dragEnterEvent(event)
    assert not event.isAccepted()


def test_a_name_from_a_file_is_only_text(driver: Driver) -> None:
    info = replace(model("/m/x.gguf").info, name="<img src='file:///x'>\n\u202e" + "y" * 500)
    driver.backend.loads["/m/x.gguf"] = replace(model("/m/x.gguf"), info=info)
    driver.load("/m/x.gguf")
    ready = driver.desktop.session.ready
    assert ready is not None
    assert ready.name.startswith("<img src='file:///x'> y")
    assert len(ready.name) == 80
    assert "<img" not in driver.page.header.model.toolTip()


def test_unload_that_fails_is_told(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.load()

    def broken() -> None:
        raise KnownError("It cannot be unloaded.")

    monkeypatch.setattr(driver.backend, "unload", broken)
    driver.page.header.unload.emit()
    driver.wait(lambda: isinstance(driver.desktop.session.model, LoadFailed))


def test_the_file_dialog_opens_beside_the_event_loop(driver: Driver) -> None:
    window = driver.desktop.window
    window.open_file()
    window.open_file()
    dialog = window._picker._dialog
    assert dialog is not None
    dialog.fileSelected.emit("/m/chosen.gguf")
    dialog.reject()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert window._picker._dialog is None
    assert driver.desktop.session.models.path == "/m/chosen.gguf"


def test_a_file_that_fails_its_check_leaves_the_open_model(driver: Driver) -> None:
    driver.load("/m/GLM-4.6.gguf")
    driver.backend.loads["/bad.gguf"] = KnownError("It is not a GGUF file.")
    driver.desktop.session.models.open("/bad.gguf")
    driver.wait(lambda: isinstance(driver.desktop.session.model, LoadFailed))
    assert "GLM-4.6" in driver.page.header.model.text()
    driver.ask("Still there?", _answer("Yes."))
    assert driver.entries(Answer)[0].text == "Yes."
    keep = driver.page.model_panel.findChild(QPushButton, "loadKeep")
    assert keep is not None
    assert keep.text() == "Go on with GLM-4.6"
    keep.click()
    assert driver.page.model_panel.isHidden()
    assert driver.desktop.session.ready is not None


def test_a_file_that_fails_later_takes_the_open_model_with_it(
    driver: Driver, gate: threading.Event
) -> None:
    driver.load("/m/GLM-4.6.gguf")
    gate.set()
    driver.backend.progress = [(LoadProgress(1, "loading", 0.5), gate)]
    driver.backend.loads["/bad.gguf"] = KnownError("Out of memory.")
    driver.desktop.session.models.open("/bad.gguf")
    driver.wait(lambda: isinstance(driver.desktop.session.model, LoadFailed))
    assert driver.desktop.session.ready is None


def test_cancelling_during_the_check_goes_back(driver: Driver, gate: threading.Event) -> None:
    driver.load("/m/GLM-4.6.gguf")
    driver.backend.progress = [(LoadProgress(1, "checking", 0.0), gate)]
    driver.desktop.session.models.open("/m/other.gguf")
    driver.desktop.session.models.cancel()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert driver.desktop.session.models.path == "/m/GLM-4.6.gguf"


def test_unload_and_open_happen_in_that_order(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    driver.load("/m/first.gguf")
    order: list[str] = []
    load = driver.backend.load_planned

    def slow_unload() -> None:
        gate.wait(20)
        order.append("unload")

    def noted_load(
        planned: PlannedLoad, on_progress: Progressing, cancel: CancelToken
    ) -> LoadedModel:
        order.append("load")
        return load(planned, on_progress, cancel)

    monkeypatch.setattr(driver.backend, "unload", slow_unload)
    monkeypatch.setattr(driver.backend, "load_planned", noted_load)
    driver.desktop.session.models.unload()
    driver.desktop.session.models.open("/m/second.gguf")
    gate.set()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert order == ["unload", "load"]
