"""Live cards, sampled once a second and only while somebody can see them."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.language import tr
from app.core.tasks import Task, TaskRunner
from app.hardware.live_types import LiveSample
from app.ui.hardware.grid import CardGrid
from app.ui.hardware.live_card import (
    LiveCard,
    cpu_reading,
    gpu_reading,
    ram_reading,
)
from app.ui.look import Look
from app.ui.widgets import label


class Monitor(Protocol):
    """See app.hardware.live.LiveMonitor. sample blocks; abandon does not."""

    def sample(self, *, busy: bool) -> LiveSample: ...

    def abandon(self) -> None: ...

    def close(self) -> None: ...


class LiveStrip(QWidget):
    """make: a new monitor, each time the strip comes into view. busy: the engine computes."""

    def __init__(
        self,
        look: Look,
        tasks: TaskRunner,
        make: Callable[[], Monitor],
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self.setObjectName("liveStrip")
        self._look, self._tasks, self._make, self._busy = look, tasks, make, busy
        self._monitor: Monitor | None = None
        self._task: Task | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._look_again)
        self._ram = LiveCard(look, "ram", "ram")
        self._cpu = LiveCard(look, "cpu", "work")
        self._gpus: dict[int, LiveCard] = {}
        self._problem = label("", "small", name="liveProblem", wrap=True)
        self._problem.hide()
        self._grid = CardGrid(260)
        self._grid.set_cards([self._ram, self._cpu])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._grid)
        column.addWidget(self._problem)

    @property
    def sampling(self) -> bool:
        return self._monitor is not None

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._monitor is None:
            self._monitor = self._make()
            self._look_again()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def _stop(self) -> None:
        self._timer.stop()
        monitor, self._monitor = self._monitor, None
        if monitor is None:
            return
        monitor.abandon()
        task, self._task = self._task, None
        if not self._tasks.closed:
            self._tasks.run(lambda _: _close_after(monitor, task))

    def _look_again(self) -> None:
        monitor = self._monitor
        if monitor is None or self._task is not None or self._tasks.closed:
            return
        if self.window().isMinimized():
            self._timer.start(1000)
            return
        busy = self._busy()

        def done(sample: LiveSample) -> None:
            if self._monitor is monitor:
                self._show(sample)
                self._timer.start(max(500, round(1000 * sample.next_seconds)))

        def ended() -> None:
            if self._monitor is monitor:
                self._task = None

        self._task = self._tasks.run(lambda _: monitor.sample(busy=busy), done, on_finally=ended)

    def _show(self, sample: LiveSample) -> None:
        self._ram.show_reading(ram_reading(sample))
        self._cpu.show_reading(cpu_reading(sample))
        for gpu in sample.gpus:
            if gpu.index not in self._gpus:
                self._gpus[gpu.index] = LiveCard(self._look, f"gpu{gpu.index}", "gpu")
                order = [self._gpus[index] for index in sorted(self._gpus)]
                self._grid.set_cards([*order, self._ram, self._cpu])
            self._gpus[gpu.index].show_reading(gpu_reading(gpu))
        wanted = bool(sample.error) and bool(self._gpus)
        self._problem.setText(tr(sample.error) if wanted else "")
        self._problem.setVisible(wanted)


def _close_after(monitor: Monitor, task: Task | None) -> None:
    """A look that still goes on comes back first: a monitor is for one thread at a time."""
    if task is not None:
        task.wait(10)
    monitor.close()
