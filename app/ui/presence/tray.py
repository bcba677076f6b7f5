"""The icon in the system's tray, and the notifications that need it."""

from typing import Protocol

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.core.language import tr

_SHOWN_MS = 10_000


class Tray(Protocol):
    """For the GUI thread."""

    @property
    def available(self) -> bool: ...

    def set_shown(self, shown: bool) -> None: ...

    def set_status(self, text: str) -> None: ...

    def say(self, title: str, text: str, *, bad: bool) -> None:
        """A notification, where the desktop has such a thing."""

    def connect(self, show: "SignalSlot", pause: "SignalSlot", end: "SignalSlot") -> None:
        """What its menu does."""


class SignalSlot(Protocol):
    def __call__(self) -> None: ...


class SystemTray:
    """Made when it is first needed: asking for a tray may start a connection to the desktop."""

    def __init__(self, icon: QIcon, parent: QObject) -> None:
        self._icon, self._parent = icon, parent
        self._made: QSystemTrayIcon | None = None
        self._menu: QMenu | None = None
        self._calls: tuple[SignalSlot, ...] = ()

    @property
    def available(self) -> bool:
        return QSystemTrayIcon.isSystemTrayAvailable()

    def connect(self, show: SignalSlot, pause: SignalSlot, end: SignalSlot) -> None:
        self._calls = (show, pause, end)

    def set_shown(self, shown: bool) -> None:
        if self._made is None and not (shown and self.available):
            return
        self._icon_made().setVisible(shown)

    def set_status(self, text: str) -> None:
        if self._made is not None:
            self._made.setToolTip(text)

    def say(self, title: str, text: str, *, bad: bool) -> None:
        if not self.available or not QSystemTrayIcon.supportsMessages():
            return
        made = self._icon_made()
        made.show()
        kind = QSystemTrayIcon.MessageIcon
        made.showMessage(title, text, kind.Warning if bad else kind.Information, _SHOWN_MS)

    def _icon_made(self) -> QSystemTrayIcon:
        if self._made is None:
            self._made = made = QSystemTrayIcon(self._icon, self._parent)
            made.setObjectName("trayIcon")
            self._menu = menu = QMenu()
            menu.setObjectName("trayMenu")
            for text, call in zip(
                (tr("Show GLM Launcher"), tr("Pause all downloads"), tr("Quit")),
                self._calls,
                strict=True,
            ):
                _connected(menu.addAction(text).triggered, call)
            made.setContextMenu(menu)
            _connected(made.messageClicked, self._calls[0])
            made.activated.connect(self._activated)
        return self._made

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self._calls[0]()


def _connected(signal: SignalInstance, call: SignalSlot) -> None:
    signal.connect(lambda *_: call())
