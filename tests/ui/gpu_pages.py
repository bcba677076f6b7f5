"""The views about GPUs in a window of their own, on a recorded machine."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtWidgets import QAbstractButton, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner
from app.hardware.types import Machine
from app.planning.fleet import FleetRow, Subject, fleet
from app.planning.offers import DEFAULT_REPOSITORY, Offers, shipped_offers
from app.planning.types import Choice
from app.settings.store import SettingsStore
from app.ui.gpus import GpuViews
from app.ui.look import Look
from app.ui.main_thread import MainThread
from tests.planning.made import shipped
from tests.ui.conftest import TIMEOUT_MS

MACHINE = "rtx4090-192gb"


@functools.cache
def glm46() -> Offers:
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    return offers


@functools.cache
def _planned(quant: str, choice: Choice, ram: int) -> tuple[FleetRow, ...]:
    return fleet(Subject(glm46().choose(quant).candidate, choice, ram))


def planned_once(
    subject: Subject, cancel: CancelToken, on_progress: Callable[[int, int], None]
) -> Sequence[FleetRow]:
    """The real figures, worked out once for all tests."""
    del cancel, on_progress
    return _planned(subject.candidate.quant, subject.choice, subject.ram_bytes_per_second)


@dataclass
class FakeShell:
    """What the views use of the real one."""

    look: Look
    tasks: TaskRunner
    settings: SettingsStore
    saves: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def window(self) -> "FakeShell":
        return self

    def settings_changed(self) -> None:
        self.saves += 1

    def tell(self, text: str) -> None:
        self.told.append(text)


class Gpus:
    """What a person does at the views, and a test looks at."""

    def __init__(
        self,
        qtbot: QtBot,
        look: Look,
        settings: SettingsStore,
        machine: Callable[[], Machine] = lambda: shipped(MACHINE),
    ) -> None:
        self.qtbot = qtbot
        self.main_thread = MainThread()
        self.tasks = TaskRunner(self.main_thread.post, name="test")
        self.shell = FakeShell(look, self.tasks, settings)
        self.views = GpuViews(self.shell, machine)  # type: ignore[arg-type]
        self.views.fleet._plans = planned_once
        self.window = QWidget()
        self.window.setProperty("page", True)
        self.window.resize(1200, 800)
        column = QVBoxLayout(self.window)
        for _, _, view in self.views.tabs:
            column.addWidget(view)
            view.hide()
        qtbot.addWidget(self.window)
        self.window.show()

    def show(self, key: str) -> QWidget:
        for name, _, view in self.views.tabs:
            view.setVisible(name == key)
        return next(view for name, _, view in self.views.tabs if name == key)

    def about(self, quant: str = "Q4_K_M", context_tokens: int = 32_768) -> None:
        self.views.set_subject(glm46(), quant, context_tokens, "f16")

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def planned(self) -> None:
        self.wait(lambda: self.views.fleet.current and not self.views.fleet.computing)

    def built(self) -> None:
        self.wait(lambda: self.views.built.current)

    def widget(self, name: str) -> QWidget:
        found = self.window.findChild(QWidget, name)
        assert found is not None, name
        return found

    def text(self, name: str) -> str:
        found = self.widget(name)
        assert isinstance(found, QLabel | QAbstractButton), name
        return found.text()

    def seen(self, name: str) -> bool:
        return self.widget(name).isVisible()

    def press(self, name: str) -> None:
        found = self.widget(name)
        assert isinstance(found, QAbstractButton), name
        found.click()

    def close(self) -> None:
        self.window.close()
        assert self.tasks.close(), "background work did not end in time"
        self.main_thread.close()
