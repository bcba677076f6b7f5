"""Progress on the program's entry in the task bar or dock, where the platform has such a thing."""

import sys
from typing import Protocol

from PySide6.QtGui import QGuiApplication

from app.ui.presence.unity import UnityLauncher, session_bus_there


class TaskbarProgress(Protocol):
    """For the GUI thread. Never raises and never waits."""

    def show(self, fraction: float | None) -> None:
        """0 to 1; None takes it away."""


class NoTaskbar:
    def show(self, fraction: float | None) -> None:
        del fraction


class DockBadge:
    """macOS: the percent as a number on the icon."""

    def show(self, fraction: float | None) -> None:
        number = 0 if fraction is None else max(1, int(100 * fraction))
        QGuiApplication.instance().setBadgeNumber(number)  # type: ignore[union-attr]


def taskbar_progress(window_handle: int) -> TaskbarProgress:
    """window_handle: the main window's own, which Windows asks for."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return NoTaskbar()
    if sys.platform == "win32":
        from app.ui.presence.windows_taskbar import WindowsTaskbar

        return WindowsTaskbar.create(window_handle) or NoTaskbar()
    if sys.platform == "darwin":
        return DockBadge()
    return UnityLauncher() if session_bus_there() else NoTaskbar()
