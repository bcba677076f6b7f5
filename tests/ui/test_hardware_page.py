"""The hardware page on recorded machines and on a scripted monitor."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.loading import Loader, LoadResult
from app.core.errors import KnownError
from app.core.tasks import TaskRunner
from app.hardware.live_types import LiveGpu, LiveSample
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Machine
from app.ui.hardware.live_card import gpu_reading
from app.ui.hardware.live_strip import LiveStrip
from app.ui.hardware.page import HardwarePage, Sources
from app.ui.hardware.spark import SAMPLES, Spark
from app.ui.look import Look
from tests.gguf.glm46 import GLM_46, write_model
from tests.ui.scripted import NoEngine, model

_SAMPLE = LiveSample(
    64 * 10**9,
    40 * 10**9,
    12.5,
    (LiveGpu(0, name="RTX 4090", total_bytes=24 * 10**9, used_bytes=6 * 10**9, load_percent=40),),
    "",
    0.01,
)


@dataclass
class ScriptedMonitor:
    sample_: LiveSample = _SAMPLE
    looks: int = 0
    abandoned: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def sample(self, *, busy: bool) -> LiveSample:
        assert not busy
        assert not self.closed.is_set()
        self.looks += 1
        return self.sample_

    def abandon(self) -> None:
        self.abandoned = True

    def close(self) -> None:
        self.closed.set()


def recorded(name: str) -> Machine:
    return load_machine(next(path for path in shipped_machines() if path.stem == name))


Make = Callable[..., HardwarePage]


@pytest.fixture
def make(qtbot: QtBot, look: Look, tasks: TaskRunner) -> Make:
    def made(machine_: Machine, **changes: object) -> HardwarePage:
        usual = Sources(lambda: machine_, lambda: None, lambda _: "the report", None)
        page = HardwarePage(look, tasks, replace(usual, **changes))  # type: ignore[arg-type]
        qtbot.addWidget(page)
        page.resize(1100, 800)
        page.show()
        qtbot.waitUntil(lambda: not page._looking)
        return page

    return made


def _button(page: QWidget, name: str) -> QPushButton:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def _texts(page: QWidget) -> str:
    return "\n".join(shown.text() for shown in page.findChildren(QLabel) if shown.isVisible())


@pytest.mark.parametrize("path", shipped_machines(), ids=lambda path: path.stem)
def test_every_recorded_machine_is_shown(make: Make, path: Path) -> None:
    machine = load_machine(path)
    page = make(machine)
    told = _texts(page)
    assert "a recorded machine" in told
    for gpu in machine.gpus:
        assert gpu.uuid is None or gpu.uuid not in told
        assert (gpu.name or "unknown") in told
    for finding in machine.findings:
        assert finding.what in told
    assert page.findChild(QWidget, "liveStrip") is None


def test_what_keeps_a_gpu_from_being_used_can_be_copied(make: Make) -> None:
    page = make(recorded("two-3060-cpu-engine"))
    _button(page, "hardwareFinding0Copy").click()
    assert "launch.py --engine" in QGuiApplication.clipboard().text()
    assert "Problem" in _texts(page)


def test_live_figures_only_while_somebody_can_see_them(make: Make, qtbot: QtBot) -> None:
    monitors: list[ScriptedMonitor] = []

    def monitor() -> ScriptedMonitor:
        monitors.append(ScriptedMonitor())
        return monitors[-1]

    page = make(recorded("rtx4090-192gb"), monitor=monitor)
    qtbot.waitUntil(lambda: bool(monitors) and monitors[0].looks >= 2)
    told = _texts(page)
    assert "24.0 GB of 64.0 GB used" in told
    assert "6.0 GB of 24.0 GB used" in told
    assert "40% busy" in told
    page.hide()
    qtbot.waitUntil(monitors[0].closed.is_set)
    assert monitors[0].abandoned
    strip = page.findChild(LiveStrip)
    assert strip is not None
    assert not strip.sampling
    assert not strip._timer.isActive()
    page.show()
    qtbot.waitUntil(lambda: len(monitors) == 2 and monitors[1].looks >= 1)
    page.hide()
    qtbot.waitUntil(monitors[1].closed.is_set)


def test_a_driver_that_stops_answering_is_said(make: Make, qtbot: QtBot) -> None:
    broken = replace(
        _SAMPLE,
        gpus=(replace(_SAMPLE.gpus[0], stale=True),),
        error="The NVIDIA driver does not answer.",
    )
    monitor = ScriptedMonitor(broken)
    page = make(recorded("rtx4090-192gb"), monitor=lambda: monitor)
    qtbot.waitUntil(lambda: "does not answer" in _texts(page))
    assert "(last known)" in _texts(page)
    page.hide()
    qtbot.waitUntil(monitor.closed.is_set)


def test_what_is_not_known_is_not_zero() -> None:
    assert gpu_reading(LiveGpu(1)).figure == "memory unknown"
    assert gpu_reading(LiveGpu(1)).share is None
    assert "lost" in gpu_reading(LiveGpu(0, name="A", state="lost")).figure


def test_the_report_is_copied_shown_and_saved(make: Make, qtbot: QtBot, tmp_path: Path) -> None:
    page = make(recorded("no-gpu"))
    copy = _button(page, "hardwareCopy")
    copy.click()
    qtbot.waitUntil(lambda: copy.text() == "Copied")
    assert QGuiApplication.clipboard().text() == "the report"
    show = _button(page, "hardwareShow")
    show.click()
    preview = page.findChild(QPlainTextEdit, "hardwareReport")
    assert preview is not None
    qtbot.waitUntil(preview.isVisible)
    assert preview.toPlainText() == "the report"
    assert show.text() == "Hide report"
    show.click()
    assert not preview.isVisible()
    page.write_report(str(tmp_path / "report.md"))
    qtbot.waitUntil(lambda: "Saved" in page._state.text())
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == "the report"
    page.write_report(str(tmp_path / "nowhere" / "report.md"))
    qtbot.waitUntil(lambda: "was not saved" in page._state.text())
    qtbot.waitUntil(lambda: copy.text() == "Copy report")


def test_looking_can_fail_and_be_tried_again(make: Make, qtbot: QtBot) -> None:
    answers: list[Machine | KnownError] = [KnownError("It did not work."), recorded("no-gpu")]

    def machine() -> Machine:
        answer = answers.pop(0)
        if isinstance(answer, KnownError):
            raise answer
        return answer

    page = make(recorded("no-gpu"), machine=machine)
    qtbot.waitUntil(lambda: "It did not work." in page._state.text())
    assert not _button(page, "hardwareCopy").isEnabled()
    _button(page, "hardwareRefresh").click()
    qtbot.waitUntil(_button(page, "hardwareCopy").isEnabled)
    assert "No GPU was found" in _texts(page)


def test_the_open_model_is_told(make: Make, glm_result: LoadResult) -> None:
    page = make(recorded("workstation-256gb-3090"), loaded=lambda: glm_result)
    told = _texts(page)
    assert "GLM-4.6" in told
    assert "experts of 89 layers stay in RAM" in told
    assert "tokens/s" in told


@pytest.mark.parametrize("width", [560, 1100])
def test_everything_has_room_and_a_name(make: Make, width: int) -> None:
    page = make(recorded("eight-h100"))
    page.resize(width, 800)
    QGuiApplication.processEvents()
    for child in page.findChildren(QWidget):
        if child.isVisible() and child.focusPolicy() & Qt.FocusPolicy.TabFocus:
            assert child.objectName()
            assert child.accessibleName()
            right = child.mapTo(page, child.rect().topRight()).x()
            assert 0 < right < width, child.objectName()


def test_a_line_keeps_a_minute(qtbot: QtBot, look: Look) -> None:
    line = Spark(look, "gpu", "line")
    qtbot.addWidget(line)
    line.resize(200, 36)
    for number in range(SAMPLES + 20):
        line.add(None if number % 7 == 0 else number / 100)
    line.add(5.0)
    assert len(line._values) == SAMPLES
    assert not line.grab().isNull()
    line.clear()
    assert not line.grab().isNull()


@pytest.fixture
def glm_result(tmp_path: Path) -> LoadResult:
    machine = recorded("workstation-256gb-3090")
    loader = Loader(NoEngine(), recorded=machine, measurements=lambda: tmp_path / "m.json")
    planned = loader.plan(write_model(tmp_path, GLM_46, "UD-Q2_K_XL"))
    info = replace(model().info, name="GLM-4.6")
    return LoadResult(info, planned)
