"""Downloads outside their page: badge, task bar, notifications, tray, and what closing does."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from app.core.errors import KnownError
from app.downloads.types import JobState, Target
from app.settings.declared import CLOSE_ASKED, KEEP_IN_TRAY
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.getting.room import Downloads
from app.ui.presence.taskbar import NoTaskbar, taskbar_progress
from app.ui.presence.tray import SignalSlot
from app.ui.presence.windows_taskbar import WindowsTaskbar
from tests.ui.conftest import TIMEOUT_MS
from tests.ui.fake_queue import FOLDER, FakeQueue, job
from tests.ui.scripted import ScriptedBackend

ROOT = Path(__file__).parents[2]


@dataclass
class FakeTray:
    available: bool = True
    shown: bool = False
    said: list[tuple[str, str, bool]] = field(default_factory=list)
    status: str = ""
    show: SignalSlot = lambda: None
    pause: SignalSlot = lambda: None
    end: SignalSlot = lambda: None

    def set_shown(self, shown: bool) -> None:
        self.shown = shown

    def set_status(self, text: str) -> None:
        self.status = text

    def say(self, title: str, text: str, *, bad: bool) -> None:
        self.said.append((title, text, bad))

    def connect(self, show: SignalSlot, pause: SignalSlot, end: SignalSlot) -> None:
        self.show, self.pause, self.end = show, pause, end


@dataclass
class FakeTaskbar:
    shown: list[float | None] = field(default_factory=list)

    def show(self, fraction: float | None) -> None:
        self.shown.append(fraction)


@dataclass
class Bench:
    desktop: Desktop
    queue: FakeQueue
    tray: FakeTray
    taskbar: FakeTaskbar
    settings: SettingsStore
    qtbot: QtBot

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def badge(self) -> str:
        found = self.desktop.window.rail.findChild(QToolButton, "rail-downloads")
        assert isinstance(found, QToolButton)
        return found.text()

    def question(self) -> QDialog | None:
        found = self.desktop.window.findChild(QDialog, "closeQuestion")
        return found if isinstance(found, QDialog) and found.isVisible() else None

    def answer(self, name: str) -> None:
        self.wait(lambda: self.question() is not None)
        found = self.desktop.window.findChild(QAbstractButton, name)
        assert isinstance(found, QAbstractButton)
        found.click()

    @property
    def closed(self) -> bool:
        return self.desktop._closed


@pytest.fixture
def bench(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[Bench]:
    queue, tray, taskbar = FakeQueue(), FakeTray(), FakeTaskbar()
    downloads = Downloads(
        queue,
        lambda: Target("folder", FOLDER),
        tmp_path / "wish.json",
        tray=tray,
        taskbar=taskbar,
    )
    builders = {"downloads": lambda _: QLabel("downloads")}
    desktop = Desktop(application(), ScriptedBackend(), settings, builders, downloads)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    yield Bench(desktop, queue, tray, taskbar, settings, qtbot)
    desktop.window.quit()
    assert desktop.close()
    assert QApplication.quitOnLastWindowClosed()


def test_the_rail_says_how_far_and_what_needs_somebody(bench: Bench) -> None:
    bench.queue.put(job("a", done=0.42))
    bench.wait(lambda: bench.badge() == "42%")
    bench.queue.put(job("a", JobState.NO_SPACE))
    bench.wait(lambda: bench.badge() == "Disk full")
    bench.queue.put(job("a", JobState.CHANGED))
    bench.wait(lambda: bench.badge() == "Asks")
    bench.queue.put(job("a", JobState.FAILED))
    bench.wait(lambda: bench.badge() == "Failed")
    bench.queue.put(job("a", JobState.DONE, 1.0))
    bench.wait(lambda: bench.badge() == "Downloads")


def test_the_task_bar_shows_progress_and_loses_it(bench: Bench) -> None:
    bench.queue.put(job("a", done=0.42))
    bench.wait(lambda: bench.taskbar.shown[-1:] != [])
    assert bench.taskbar.shown[-1] == pytest.approx(0.42, abs=0.001)
    bench.queue.put(job("a", JobState.DONE, 1.0))
    bench.wait(lambda: bench.taskbar.shown[-1] is None)


def test_ends_and_failures_are_notified_when_nobody_looks(bench: Bench) -> None:
    bench.desktop.window.hide()
    bench.queue.put(job("a"), job("b", JobState.FAILED))
    bench.wait(lambda: bench.badge() == "42%")
    assert bench.tray.said == []
    bench.queue.put(job("a", JobState.DONE, 1.0))
    bench.wait(lambda: len(bench.tray.said) == 1)
    assert bench.tray.said[0] == ("GLM-4.6 UD-Q3_K_XL is here", "158 GB, complete.", False)
    bench.queue.put(job("c"))
    bench.queue.put(job("c", JobState.FAILED, error=KnownError("It broke.", "", "Try again.")))
    bench.wait(lambda: bench.badge() == "Failed")
    assert [title for title, _, bad in bench.tray.said if bad] == []
    bench.queue.put(job("c"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.queue.put(job("c", JobState.FAILED, error=KnownError("It broke.", "", "Try again.")))
    bench.wait(lambda: len(bench.tray.said) == 2)
    assert bench.tray.said[1] == ("GLM-4.6 UD-Q3_K_XL failed", "It broke. Try again.", True)


def test_who_looks_at_the_window_is_not_notified(bench: Bench) -> None:
    bench.desktop.window.activateWindow()
    bench.wait(bench.desktop.window.isActiveWindow)
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.queue.put(job("a", JobState.DONE, 1.0))
    bench.wait(lambda: bench.badge() == "Downloads")
    assert bench.tray.said == []
    assert not bench.tray.shown


def test_without_downloads_closing_closes(bench: Bench) -> None:
    bench.desktop.window.close()
    assert bench.closed


def test_closing_asks_once_and_remembers_the_tray(bench: Bench) -> None:
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    assert bench.tray.shown
    bench.desktop.window.close()
    bench.wait(lambda: bench.question() is not None)
    bench.desktop.window.close()
    bench.answer("closeKeep")
    assert not bench.closed
    assert not bench.desktop.window.isVisible()
    assert bench.tray.shown
    assert bench.settings.get(CLOSE_ASKED)
    assert bench.settings.get(KEEP_IN_TRAY)
    assert not QApplication.quitOnLastWindowClosed()
    bench.tray.show()
    assert bench.desktop.window.isVisible()
    bench.desktop.window.close()
    assert not bench.desktop.window.isVisible()
    bench.tray.end()
    assert bench.closed


def test_stop_and_close_is_remembered_too(bench: Bench) -> None:
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.desktop.window.close()
    bench.answer("closeStop")
    assert bench.closed
    assert bench.settings.get(CLOSE_ASKED)
    assert not bench.settings.get(KEEP_IN_TRAY)
    assert bench.queue.commands == []


def test_cancel_changes_nothing(bench: Bench) -> None:
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.desktop.window.close()
    bench.answer("closeCancel")
    assert not bench.closed
    assert bench.desktop.window.isVisible()
    assert not bench.settings.get(CLOSE_ASKED)


def test_without_a_tray_the_window_is_minimized_and_says_so(bench: Bench) -> None:
    bench.tray.available = False
    bench.settings.set(CLOSE_ASKED, True)
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.desktop.window.close()
    assert not bench.closed
    assert bench.desktop.window.isMinimized()
    assert "no tray" in bench.desktop.window.notice.text.text()


@pytest.mark.parametrize("page", ["chat", "downloads"])
def test_quit_asks_nothing_on_whatever_page(bench: Bench, page: str) -> None:
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.desktop.window.go(page)
    bench.desktop.window.activateWindow()
    bench.wait(bench.desktop.window.isActiveWindow)
    QTest.keyClick(bench.desktop.window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert bench.closed
    assert bench.question() is None


def test_the_tray_pauses_everything(bench: Bench) -> None:
    bench.queue.put(job("a"))
    bench.wait(lambda: bench.badge() == "42%")
    bench.tray.pause()
    assert bench.queue.commands == [("pause", "a")]
    assert "GLM Launcher: 1 in the queue" in bench.tray.status


def test_a_platform_without_a_task_bar_gets_none(bench: Bench) -> None:
    window = bench.desktop.window
    assert isinstance(taskbar_progress(int(window.winId())), NoTaskbar)
    if sys.platform != "win32":
        assert WindowsTaskbar.create(0) is None


LISTENER = r"""
import subprocess
from PySide6.QtCore import QCoreApplication
from app.ui.presence.unity import UnityLauncher

app = QCoreApplication([])
rule = "interface='com.canonical.Unity.LauncherEntry'"
monitor = subprocess.Popen(
    ["dbus-monitor", "--session", rule], stdout=subprocess.PIPE, text=True
)
heard = iter(monitor.stdout)
next(line for line in heard if "NameLost" in line or "NameAcquired" in line)
launcher = UnityLauncher()
for fraction in (0.42, 0.421, 0.5, None):
    launcher.show(fraction)
ends = 0
while ends < 3:
    line = next(heard).strip()
    if line.startswith(("variant", "string \"app")):
        print(" ".join(line.split()), flush=True)
    ends += line == "]"
monitor.kill()
monitor.wait()
"""


@pytest.mark.skipif(shutil.which("dbus-monitor") is None, reason="needs dbus-monitor")
def test_the_launcher_hears_each_percent_once(tmp_path: Path) -> None:
    script = tmp_path / "listener.py"
    script.write_text(LISTENER, encoding="utf-8")
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, str(script)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    uri = 'string "application://io.github.glm_launcher.GlmLauncher.desktop"'
    told = [
        [uri, f"variant double {progress}", f"variant boolean {shown}"]
        for progress, shown in (("0.42", "true"), ("0.5", "true"), ("0", "false"))
    ]
    assert done.stdout.splitlines() == [line for lines in told for line in lines], done.stderr


def test_a_question_of_the_model_is_told_when_nobody_looks(bench: Bench) -> None:
    presence = bench.desktop.presence
    assert presence is not None
    bench.desktop.window.hide()
    bench.desktop.window.page.attention.asking.emit("May the model use “Fetch a page”?")
    assert bench.tray.said == [("A question waits", "May the model use “Fetch a page”?", False)]
    assert bench.tray.status == "May the model use “Fetch a page”?"
    bench.desktop.window.page.attention.asking.emit("")
    assert bench.tray.status != "May the model use “Fetch a page”?"
    bench.desktop.window.show()
