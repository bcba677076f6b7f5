"""The plan of a file, looked at and changed before it is loaded."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QWidget

from app.chat.events import RoundStarted
from app.chat.loading import Loader, PlannedLoad
from app.core.errors import KnownError
from app.dialect.events import TextDelta
from app.planning.measured import DeviceMeasurement, Measurement
from app.ui.chat.entries import Answer
from app.ui.chat.load.panel import LoadPanel
from app.ui.chat.model_state import Choosing, LoadFailed, NoModel, Planning
from tests.gguf import glm46
from tests.planning.made import shipped
from tests.ui.conftest import Driver
from tests.ui.scripted import NoEngine, Step, model, round_finished

WORKSTATION = "workstation-256gb-3090"
MEASURED = Measurement(
    "GLM-4.6",
    "Linux",
    32_768,
    "f16/f16",
    512,
    "experts in RAM",
    (DeviceMeasurement("CUDA0", "gpu", 21_400_000_000, 21_100_000_000, 0, None, 500_000_000),),
    "2026-01-01T00:00:00+00:00",
)


def planned(folder: Path, machine: str = WORKSTATION, glm: glm46.Glm = glm46.GLM_46) -> PlannedLoad:
    path = glm46.write_model(folder, glm, "UD-Q2_K_XL" if glm.experts else "Q4_K_M")
    loader = Loader(
        NoEngine(), recorded=shipped(machine), measurements=lambda: folder / "none.json"
    )
    return loader.plan(path)


def choosing(driver: Driver) -> Choosing:
    state = driver.desktop.session.model
    assert isinstance(state, Choosing)
    return state


def open_panel(driver: Driver, load: PlannedLoad) -> LoadPanel:
    driver.backend.plans[str(load.path)] = load
    driver.desktop.session.models.open(str(load.path))
    driver.wait(lambda: isinstance(driver.desktop.session.model, Choosing))
    driver.wait(driver.page.load_panel.isVisible)
    return driver.page.load_panel


def settled(driver: Driver) -> None:
    driver.wait(driver.page.load_panel.load.isEnabled)


def text_of(panel: QWidget, name: str) -> str:
    found = panel.findChild(QWidget, name)
    assert found is not None
    return str(found.property("text"))


def test_the_plan_is_shown_and_loaded_with_one_click(driver: Driver, tmp_path: Path) -> None:
    load = planned(tmp_path)
    panel = open_panel(driver, load)
    assert text_of(panel, "loadName") == "GLM-4.6"
    assert "135 GB" in text_of(panel, "loadFile")
    assert text_of(panel, "loadVerdict") == "experts in RAM"
    assert text_of(panel, "loadSpeed-1").startswith("about ")
    assert " to " in text_of(panel, "loadSpeedOf-1").replace("\N{NO-BREAK SPACE}", " ")
    assert text_of(panel, "loadSpeedOf-3").startswith("reading a prompt")
    first = panel.findChild(QWidget, "memoryRow-1")
    assert first is not None
    assert first.accessibleName().startswith("NVIDIA GeForce RTX 3090: ~")
    assert "bytes, exact" in first.toolTip() and "bytes, estimated" in first.toolTip()
    assert not driver.page.composer.isVisible()
    assert driver.backend.loaded == []
    panel.load.click()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert driver.backend.loaded == [load]
    assert driver.page.composer.isVisible()


def test_looking_at_the_file_is_quiet_and_can_be_given_up(driver: Driver, tmp_path: Path) -> None:
    driver.load("/m/open.gguf")
    driver.backend.planning.clear()
    load = planned(tmp_path)
    driver.backend.plans[str(load.path)] = load
    driver.desktop.session.models.open(str(load.path))
    assert isinstance(driver.desktop.session.model, Planning)
    assert driver.page.model_panel._what.text() == "looking at the file and this machine…"
    assert driver.desktop.session.ready is not None
    driver.page.model_panel._cancel.click()
    driver.backend.planning.set()
    assert driver.desktop.session.models.path == "/m/open.gguf"
    driver.wait(driver.page.model_panel.isHidden)


def test_the_running_chat_is_behind_the_panel(driver: Driver, tmp_path: Path) -> None:
    driver.load("/m/GLM.gguf")
    gate = threading.Event()
    steps: list[Step] = [
        RoundStarted(0),
        TextDelta("On"),
        gate,
        TextDelta("ward."),
        round_finished("Onward."),
    ]
    driver.ask("Go on.", steps, wait=False)
    panel = open_panel(driver, planned(tmp_path))
    gate.set()
    driver.wait(lambda: not driver.desktop.session.busy)
    assert panel.isVisible()
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    driver.wait(driver.page.transcript.isVisible)
    assert driver.entries(Answer)[0].text == "Onward."
    assert driver.desktop.session.models.path == "/m/GLM.gguf"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_loads(driver: Driver, tmp_path: Path, key: Qt.Key) -> None:
    panel = open_panel(driver, planned(tmp_path))
    QTest.keyClick(panel.load, key)
    driver.wait(lambda: driver.desktop.session.ready is not None)


def test_enter_in_a_field_plans_first_and_loads_then(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    edit = panel.controls.context.lineEdit()
    assert edit is not None
    edit.setText("64K")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    assert driver.backend.loaded == []
    driver.wait(lambda: choosing(driver).planned.placement.context_tokens == 65_536)
    settled(driver)
    assert edit.text() == "65,536"
    QTest.keyClick(edit, Qt.Key.Key_Return)
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert driver.backend.loaded[0].placement.context_tokens == 65_536


def test_a_change_shows_what_it_brings_and_can_be_taken_back(
    driver: Driver, tmp_path: Path
) -> None:
    load = planned(tmp_path)
    panel = open_panel(driver, load)
    assert not panel.back.isEnabled()
    panel.controls.kv.setCurrentIndex(1)
    panel.controls.kv.activated.emit(1)
    assert not panel.load.isEnabled()
    driver.wait(lambda: choosing(driver).planned is not load and choosing(driver).can_load)
    assert choosing(driver).planned.placement.kv_type_v == "q8_0"
    change = text_of(panel, "loadChange")
    assert change.startswith("Against the recommended: NVIDIA GeForce RTX 3090: ")
    assert "→" in change
    panel.back.click()
    assert choosing(driver).planned is load
    assert panel.controls.kv.currentIndex() == 0
    assert not panel.back.isEnabled()


def test_fewer_layers_and_experts_as_the_person_says(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    assert panel.controls.experts.text() == "automatic (89)"
    panel.controls.layers.setValue(40)
    driver.wait(lambda: choosing(driver).planned.placement.gpu_layers == 40)
    settled(driver)
    panel.controls.experts.stepBy(1)
    driver.wait(lambda: len(driver.backend.wanted) == 2)
    settled(driver)
    wanted = driver.backend.wanted[-1]
    assert (wanted.gpu_layers, wanted.cpu_expert_layers) == (40, 80)


def test_only_the_latest_change_counts(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    driver.backend.adjusting.clear()
    panel.controls.layers.setValue(10)
    driver.wait(lambda: len(driver.backend.wanted) == 1)
    panel.controls.layers.setValue(20)
    driver.wait(lambda: len(driver.backend.wanted) == 2)
    driver.backend.adjusting.set()
    settled(driver)
    assert choosing(driver).planned.placement.gpu_layers == 20


def test_what_is_being_typed_is_left_alone(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    driver.desktop.window.activateWindow()
    edit = panel.controls.context.lineEdit()
    assert edit is not None
    edit.setFocus()
    driver.wait(edit.hasFocus)
    driver.backend.adjusting.clear()
    panel.controls.layers.setValue(40)
    driver.wait(lambda: len(driver.backend.wanted) == 1)
    edit.selectAll()
    QTest.keyClicks(edit, "81")
    driver.backend.adjusting.set()
    settled(driver)
    assert edit.text() == "81"
    panel.back.click()
    assert edit.text() == "32,768"


def test_an_impossible_context_is_a_plain_sentence(driver: Driver, tmp_path: Path) -> None:
    load = planned(tmp_path)
    panel = open_panel(driver, load)
    panel.controls.context.setEditText("9,000,000")
    panel.controls.commit()
    driver.wait(lambda: choosing(driver).problem is not None)
    assert "trained for 202,752" in text_of(panel, "loadProblem")
    assert not panel.load.isEnabled()
    panel.controls.context.setEditText("nonsense")
    panel.controls.commit()
    assert panel.controls.context.currentText() == "9,000,000"
    panel.back.click()
    assert panel.load.isEnabled()
    assert panel.controls.context.currentText() == "32,768"


@pytest.mark.parametrize("machine", ["no-gpu", "laptop-rtx4060-8gb"])
def test_use_it_anyway_is_never_hidden(driver: Driver, tmp_path: Path, machine: str) -> None:
    load = planned(tmp_path, machine)
    panel = open_panel(driver, load)
    assert load.plan is not None and load.plan.verdict in ("disk", "does not fit")
    assert panel.load.text() == "Load anyway"
    first = panel.findChild(QWidget, "memoryRow-1")
    assert first is not None
    panel.load.click()
    driver.wait(lambda: driver.desktop.session.ready is not None)


def test_a_model_without_experts_on_a_machine_without_gpu(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path, "no-gpu", glm46.GLM_4_9B))
    assert not panel.controls.experts.isVisible()
    assert not panel.controls.layers.isVisible()
    assert text_of(panel, "loadVerdict") == "runs on the processor"


def test_unified_memory_is_one_bar(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path, "m3-ultra-512gb"))
    rows = [view for view in panel._rows if view.isVisible()]
    assert len(rows) == 1
    assert rows[0].accessibleName().startswith("Unified memory of ")


def test_the_start_loads_what_fits_and_asks_about_the_rest(driver: Driver, tmp_path: Path) -> None:
    fits, too_large = planned(tmp_path, WORKSTATION, glm46.GLM_4_9B), planned(tmp_path, "no-gpu")
    for load in (fits, too_large):
        driver.backend.plans[str(load.path)] = load
    driver.desktop.session.models.open(str(too_large.path), ask=False)
    driver.wait(lambda: isinstance(driver.desktop.session.model, Choosing))
    driver.desktop.session.models.open(str(fits.path), ask=False)
    driver.wait(lambda: driver.backend.loaded == [fits])


def test_reload_starts_from_the_choice_before(driver: Driver, tmp_path: Path) -> None:
    load = planned(tmp_path)
    panel = open_panel(driver, load)
    panel.controls.layers.setValue(40)
    driver.wait(lambda: choosing(driver).planned.placement.gpu_layers == 40)
    settled(driver)
    panel.load.click()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    driver.page.header.reload.emit()
    driver.wait(lambda: isinstance(driver.desktop.session.model, Choosing))
    assert panel.controls.layers.value() == 40
    assert panel.back.isEnabled()


def test_what_the_load_took_is_told(driver: Driver, tmp_path: Path) -> None:
    text = MEASURED.text
    assert text == "predicted 21.4 / measured 21.6 GB"
    load = replace(planned(tmp_path), last=MEASURED)
    driver.backend.loads[str(load.path)] = replace(model(str(load.path)), measured=text)
    panel = open_panel(driver, load)
    assert text_of(panel, "loadLast") == f"Last load: {text}."
    panel.load.click()
    driver.wait(lambda: driver.desktop.session.ready is not None)
    assert driver.page.header.model.toolTip().endswith(text)
    action = next(
        action
        for action in driver.page.header.model.menu().actions()
        if action.objectName() == "measuredMemory"
    )
    assert action.isVisible() and action.text() == f"Memory: {text}"


def test_planning_that_fails_is_an_error_card(driver: Driver) -> None:
    driver.backend.plans["/m/x.gguf"] = KnownError("The disk is gone.")
    driver.desktop.session.models.open("/m/x.gguf")
    driver.wait(lambda: isinstance(driver.desktop.session.model, LoadFailed))


def test_cancel_without_a_model_before(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    panel.cancel.click()
    assert isinstance(driver.desktop.session.model, NoModel)
    assert driver.page.composer.isVisible()


@pytest.mark.parametrize("width", [480, 640, 1280])
def test_everything_has_room_and_a_name(driver: Driver, tmp_path: Path, width: int) -> None:
    panel = open_panel(driver, planned(tmp_path, "two-3090-one-1080"))
    driver.desktop.window.resize(width, 700)
    driver.wait(lambda: driver.page.width() == width - driver.desktop.window.rail.width())
    controls = [
        *panel.findChildren(QAbstractButton),
        *panel.findChildren(QComboBox),
        panel.controls.experts,
        panel.controls.layers,
    ]
    for widget in controls:
        if widget.isVisible() and not widget.objectName().startswith("qt_"):
            assert widget.objectName() and widget.accessibleName()
            right = widget.mapTo(panel, widget.rect().topRight()).x()
            assert 0 < right < width
            assert widget.height() >= 24


def test_the_tab_key_reaches_every_control(driver: Driver, tmp_path: Path) -> None:
    panel = open_panel(driver, planned(tmp_path))
    driver.desktop.window.activateWindow()
    panel.controls.layers.setValue(40)
    driver.wait(lambda: choosing(driver).planned.placement.gpu_layers == 40)
    settled(driver)
    panel.load.setFocus()
    reached: set[str] = set()
    wanted = {
        "loadContext", "loadKvType", "loadExperts", "loadLayers", "loadRecommended", "loadCancel",
        "loadButton",
    }  # fmt: skip
    for _ in range(20):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.add(focus.objectName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert wanted <= reached
