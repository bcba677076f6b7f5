"""Tells outside of the downloads page how the downloads stand, and decides what closing means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.types import JobState, JobStatus
from app.settings.declared import CLOSE_ASKED, KEEP_IN_TRAY
from app.settings.store import SettingsStore
from app.ui.downloads.board import Change, DownloadBoard
from app.ui.downloads.words import (
    badge_percent,
    change_text,
    overall_percent,
    percent_text,
    summary_text,
    title_of,
)
from app.ui.presence.question import CloseQuestion
from app.ui.presence.taskbar import TaskbarProgress
from app.ui.presence.tray import Tray
from app.ui.shell import DOWNLOADS
from app.ui.widgets import single_shot

_TRAY_STAYS_MS = 15_000


class PresenceWindow(Protocol):
    """What is asked of the main window."""

    def set_badge(self, key: str, text: str) -> None: ...

    def go(self, key: str) -> None: ...

    def tell(self, text: str) -> None: ...

    def settings_changed(self) -> None: ...

    def quit(self) -> None: ...


@dataclass(frozen=True)
class Told:
    """A notification."""

    title: str
    text: str
    bad: bool = False


class Presence(QObject):
    """For the GUI thread, as long as the window. window: the same object in both arguments."""

    def __init__(
        self,
        widget: QWidget,
        window: PresenceWindow,
        board: DownloadBoard,
        settings: SettingsStore,
        tray: Tray,
        taskbar: Callable[[], TaskbarProgress],
    ) -> None:
        super().__init__(widget)
        self._widget, self._window, self._board = widget, window, board
        self._settings, self._tray = settings, tray
        self._make_taskbar = taskbar
        self._taskbar: TaskbarProgress | None = None
        self._badge = self._waits = ""
        self._question: CloseQuestion | None = None
        self._stay_open = QApplication.quitOnLastWindowClosed()
        self._away = False
        self._lingering = single_shot(self, _TRAY_STAYS_MS, self._show_tray)
        tray.connect(self.come_back, board.pause_all, window.quit)
        self._stop_listening = board.listen(self._changed)

    def may_close(self) -> bool:
        """The person closes the window: True when it may go, else something else happens now."""
        if not self._board.going_on:
            return True
        if self._away:
            return False
        if not self._settings.get(CLOSE_ASKED):
            self._ask()
            return False
        if self._settings.get(KEEP_IN_TRAY):
            self._leave()
            return False
        return True

    def come_back(self) -> None:
        """From the tray."""
        self._away = False
        QApplication.setQuitOnLastWindowClosed(self._stay_open)
        if self._widget.isMinimized():
            self._widget.showNormal()
        else:
            self._widget.show()
        self._widget.raise_()
        self._widget.activateWindow()
        self._show_tray()

    def asks(self, text: str) -> None:
        """The model waits for the person; "" when it does not any more."""
        self._waits = text
        if text and not self._seen():
            self._lingering.start()
            self._tray.say(tr("A question waits"), text, bad=False)
            QApplication.alert(self._widget)
        self._show_tray()

    def close(self) -> None:
        """The window goes."""
        self._stop_listening()
        QApplication.setQuitOnLastWindowClosed(self._stay_open)
        self._lingering.stop()
        self._tray.set_shown(False)
        if self._taskbar is not None:
            self._taskbar.show(None)
        if self._question is not None:
            self._question.close()

    def _ask(self) -> None:
        if self._question is not None:
            self._question.raise_()
            return
        what = running_text(self._board.going_on)
        self._question = CloseQuestion(what, tray=self._tray.available, parent=self._widget)
        self._question.answered.connect(self._answered)
        self._question.open()

    def _answered(self, answer: str) -> None:
        if self._question is not None:
            self._question.deleteLater()
            self._question = None
        if answer == "cancel":
            return
        self._settings.set(CLOSE_ASKED, True)
        self._settings.set(KEEP_IN_TRAY, answer == "keep")
        self._window.settings_changed()
        if answer == "keep":
            self._leave()
        else:
            self._window.quit()

    def _leave(self) -> None:
        """Out of sight; downloads go on."""
        if not self._tray.available:
            self._window.tell(
                tr(
                    "The downloads go on while the window is minimized: this desktop "
                    "has no tray. Ctrl+Q ends the program."
                )
            )
            self._widget.showMinimized()
            return
        self._away = True
        QApplication.setQuitOnLastWindowClosed(False)
        self._tray.set_shown(True)
        self._tray.set_status(self._waits or _status(self._board))
        self._widget.hide()

    def _changed(self, changes: tuple[Change, ...]) -> None:
        self._show_badge()
        self._show_taskbar()
        for change in changes:
            told = told_of(change)
            if told is not None and not self._seen():
                self._lingering.start()
                self._tray.say(told.title, told.text, bad=told.bad)
        self._show_tray()

    def _seen(self) -> bool:
        return self._widget.isVisible() and self._widget.isActiveWindow()

    def _show_badge(self) -> None:
        badge = badge_text(self._board.jobs, self._board.going_on)
        if badge != self._badge:
            self._badge = badge
            self._window.set_badge(DOWNLOADS.key, badge)

    def _show_taskbar(self) -> None:
        going_on = self._board.going_on
        if self._taskbar is None:
            if not going_on:
                return
            self._taskbar = self._make_taskbar()
        self._taskbar.show(overall_percent(going_on) / 100 if going_on else None)

    def _show_tray(self) -> None:
        """Only while something goes on, it is the way back, or a notification hangs on it."""
        needed = self._away or bool(self._board.going_on) or self._lingering.isActive()
        self._tray.set_shown(needed)
        self._tray.set_status(self._waits or _status(self._board))


def _status(board: DownloadBoard) -> str:
    return tr(
        "GLM Launcher: {jobs}",
        jobs=summary_text(board.jobs, board.going_on) or "nothing is running",
    )


def badge_text(jobs: tuple[JobStatus, ...], going_on: tuple[JobStatus, ...]) -> str:
    """A few characters; what needs the person comes before the percent."""
    states = {job.state for job in jobs}
    if JobState.CHANGED in states:
        return tr("Asks")
    if JobState.NO_SPACE in states:
        return tr("Disk full")
    if going_on:
        return badge_percent(going_on)
    return tr("Failed") if JobState.FAILED in states else ""


def running_text(going_on: tuple[JobStatus, ...]) -> str:
    if len(going_on) == 1:
        job = going_on[0]
        return tr(
            "{job} is being downloaded ({percent}).",
            job=title_of(job),
            percent=percent_text(job.percent),
        )
    return tr(
        "{going_on} downloads are running ({going_on2}).",
        going_on=len(going_on),
        going_on2=badge_percent(going_on),
    )


def told_of(change: Change) -> Told | None:
    """What deserves a notification: an end, a failure, a question. Not what was so at the start."""
    before, job = change.before, change.now
    if before is None or job is None or before.state is job.state:
        return None
    title = title_of(job)
    match job.state:
        case JobState.DONE:
            return Told(
                tr("{title} is here", title=title),
                tr("{size}, complete.", size=gigabytes(job.size_bytes)),
            )
        case JobState.FAILED:
            return Told(
                tr("{title} failed", title=title),
                str(job.error or tr("Open the window to see why.")),
                bad=True,
            )
        case JobState.NO_SPACE:
            needed = gigabytes(job.needed_bytes)
            return Told(
                tr("No room for {title}", title=title),
                tr("It needs {needed} more.", needed=needed),
                bad=True,
            )
        case JobState.CHANGED:
            return Told(
                tr("{title} has changed on the server", title=title), change_text(job), bad=True
            )
        case _:
            return None
