"""The line and the disk: connections, speed limit, where files go and what is free there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QFrame, QGridLayout, QHBoxLayout, QWidget

from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.limits import MAX_CONNECTIONS
from app.downloads.types import Target
from app.settings.declared import DOWNLOAD_BYTES_PER_SECOND, DOWNLOAD_CONNECTIONS
from app.settings.store import SettingsStore
from app.ui.downloads.parts import Elided
from app.ui.look import Look
from app.ui.widgets import WholeSpin, button, draw_arrows, label, restyle, single_shot

_MEGABYTE = 10**6
_APPLY_MS = 250


@dataclass(frozen=True)
class Room:
    """free_bytes: None when the disk does not say. to_come_bytes: what the queue still brings."""

    target: Target
    free_bytes: int | None
    to_come_bytes: int = 0

    @property
    def text(self) -> str:
        if self.free_bytes is None:
            return tr("free space unknown")
        free = tr("{free} free", free=gigabytes(self.free_bytes))
        return (
            tr("{free}, {to_come} to come", free=free, to_come=gigabytes(self.to_come_bytes))
            if self.to_come_bytes
            else free
        )

    @property
    def enough(self) -> bool:
        return self.free_bytes is None or self.to_come_bytes <= self.free_bytes


class RateSpin(QDoubleSpinBox):
    """MB/s; 0 is no limit."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setDecimals(1)
        self.setRange(0.0, 100_000.0)
        self.setSuffix(" MB/s")
        self.setSpecialValueText(tr("no limit"))
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.lineEdit().setTextMargins(6, 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        draw_arrows(self, self._look)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Controls(QFrame):
    """`limits_changed`: the settings have new values. `folder_wanted`: another folder."""

    limits_changed = Signal()
    folder_wanted = Signal()
    show_folder_wanted = Signal()

    def __init__(self, look: Look, settings: SettingsStore) -> None:
        super().__init__()
        self._settings = settings
        self.setObjectName("downloadsControls")
        self.setProperty("bar", "controls")
        self.connections = WholeSpin(look)
        self.connections.setRange(1, MAX_CONNECTIONS)
        self.rate = RateSpin(look)
        for spin, name, told in (
            (self.connections, "downloadConnections", tr("Connections at once")),
            (self.rate, "downloadRate", tr("Speed limit in megabytes per second, 0 for none")),
        ):
            spin.setObjectName(name)
            spin.setAccessibleName(told)
            spin.setToolTip(tr("{told}. It holds for what runs now, too.", told=told))
            spin.setKeyboardTracking(False)
        self.connections.setFixedWidth(72)
        self.rate.setFixedWidth(124)
        self._room = Elided("", "small", name="downloadsFolder")
        self._low = label("", "small", name="downloadsFree")
        self._build()
        self.refresh()
        self._apply = single_shot(self, _APPLY_MS, self.limits_changed.emit)
        self.connections.valueChanged.connect(lambda _: self._changed())
        self.rate.valueChanged.connect(lambda _: self._changed())

    def refresh(self) -> None:
        """From the settings, which other pages may have changed."""
        for spin, read in (
            (self.connections, self._read_connections),
            (self.rate, self._read_rate),
        ):
            spin.blockSignals(True)
            read()
            spin.blockSignals(False)

    def show_room(self, room: Room) -> None:
        self._room.set_full(_home(room.target.folder))
        if room.target.kind == "hub-cache":
            self._room.setToolTip(
                tr(
                    "{full}\nThe Hugging Face cache, which other programs share.",
                    full=self._room.full,
                )
            )
        self._low.setText(room.text if room.enough else f"! {room.text}")
        restyle(self._low, "tone", "small" if room.enough else "bad")

    def _read_connections(self) -> None:
        self.connections.setValue(self._settings.get(DOWNLOAD_CONNECTIONS))

    def _read_rate(self) -> None:
        self.rate.setValue(self._settings.get(DOWNLOAD_BYTES_PER_SECOND) / _MEGABYTE)

    def _changed(self) -> None:
        self._settings.set(DOWNLOAD_CONNECTIONS, self.connections.value())
        self._settings.set(DOWNLOAD_BYTES_PER_SECOND, round(self.rate.value() * _MEGABYTE))
        self._apply.start()

    def _build(self) -> None:
        limits = QHBoxLayout()
        limits.setSpacing(8)
        for text, spin in ((tr("Connections"), self.connections), (tr("Speed limit"), self.rate)):
            told = label(text, "small")
            told.setBuddy(spin)
            limits.addWidget(told)
            limits.addWidget(spin)
            limits.addSpacing(8)
        limits.addStretch(1)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(label(tr("Files go to"), "small"))
        where.addWidget(self._room, 1)
        where.addWidget(self._low)
        for text, name, call in (
            (tr("Open"), "openDownloadsFolder", self.show_folder_wanted.emit),
            (tr("Change…"), "changeDownloadsFolder", self.folder_wanted.emit),
        ):
            where.addWidget(_quiet(text, name, call))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.addLayout(limits, 0, 0)
        grid.addLayout(where, 1, 0)


def _quiet(text: str, name: str, call: Callable[[], None]) -> QWidget:
    made = button(
        text,
        name,
        "quiet",
        accessible=tr("{what} the folder for downloads", what=text.rstrip("…")),
        on_click=call,
    )
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def _home(folder: Path) -> str:
    """With ~ for the person's own folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
