"""The rail on the left: the program's pages, one button each."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import restyle

WIDTH = 72


@dataclass(frozen=True)
class Place:
    """A page as the rail shows it. low: at the bottom."""

    key: str
    title: str
    icon: str
    shortcut: str
    low: bool = False


class RailButton(QToolButton):
    """Icon over title; a badge says that something goes on there."""

    def __init__(self, look: Look, place: Place, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._place, self._badge = look, place, ""
        self.setObjectName(f"rail-{place.key}")
        self.setProperty("kind", "rail")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(20, 20))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_badge("")
        self._tint()
        self.toggled.connect(lambda _: self._tint())
        look.changed.connect(self._tint)

    def set_badge(self, text: str) -> None:
        """A few characters in place of the title, such as `42%`; "" for none."""
        self._badge = text
        self.setText(text or tr(self._place.title))
        restyle(self, "busy", bool(text))
        title = tr(self._place.title)
        name = tr(", ").join((title, text)) if text else title
        self.setAccessibleName(name)
        self.setToolTip(f"{name} ({self._place.shortcut})")

    def _tint(self) -> None:
        scale = self._look.scale
        self.setFixedSize(scale.text(WIDTH) - 8, scale.row(52))
        tint = "accent_text" if self.isChecked() else "muted"
        self.setIcon(self._look.icon(self._place.icon, tint, 20))


class Rail(QFrame):
    """`chosen` brings the key of the page that the person wants."""

    chosen = Signal(str)

    def __init__(self, look: Look, places: Sequence[Place], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setProperty("bar", "rail")
        self._look = look
        self._scale()
        look.changed.connect(self._scale)
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 12, 4, 12)
        column.setSpacing(4)
        for place in sorted(places, key=lambda place: place.low):
            made = RailButton(look, place)
            made.clicked.connect(lambda *_, key=place.key: self.chosen.emit(key))
            self._group.addButton(made)
            self._buttons[place.key] = made
            column.addWidget(made)
        column.insertStretch(sum(not place.low for place in places), 1)

    def _scale(self) -> None:
        self.setFixedWidth(self._look.scale.text(WIDTH))

    def show_current(self, key: str) -> None:
        self._buttons[key].setChecked(True)

    def set_badge(self, key: str, text: str) -> None:
        self._buttons[key].set_badge(text)
