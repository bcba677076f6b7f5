"""A file as a small card: its sign, its name, what is known of it; a click shows its text."""

from itertools import count

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from app.core.language import tr
from app.ui.downloads.parts import Elided
from app.ui.look import Look
from app.ui.widgets import IconButton, button, plain_tip, restyle

WIDTH = 232
_NARROWEST, _WIDEST = 168, 320
_HEIGHT = 48
_SIDE = 10
_ICON = 18
_CLOSE = 24
_RADIUS = 8
_GAP = 8
_BAR = 3

_numbers = count(1)


class FileChip(QFrame):
    """open_wanted: show its text. remove_wanted: the cross, when it has one."""

    open_wanted = Signal()
    remove_wanted = Signal()

    def __init__(
        self, look: Look, name: str, parent: QWidget | None = None, *, removable: bool = False
    ) -> None:
        super().__init__(parent)
        self.number = next(_numbers)
        self._look = look
        self._fraction: float | None = None
        self.setObjectName(f"fileChip-{self.number}")
        self.setProperty("card", "file")
        self.open = button(
            "", f"fileOpen-{self.number}", "file", on_click=self.open_wanted.emit, parent=self
        )
        self._icon = QLabel(self)
        self._name = Elided("", "filename", name=f"fileName-{self.number}")
        self._detail = Elided(
            "", "small", name=f"fileDetail-{self.number}", cut=Qt.TextElideMode.ElideRight
        )
        for part in (self._icon, self._name, self._detail):
            part.setParent(self)
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._shown_name = name
        self._name.set_full(name)
        self.close_button: IconButton | None = None
        if removable:
            self.close_button = IconButton(
                look,
                "cross",
                tr("Remove {name}", name=name),
                f"fileRemove-{self.number}",
                kind="mini",
                on_click=self.remove_wanted.emit,
                parent=self,
            )
        look.changed.connect(self._redraw)
        self._redraw()

    @property
    def detail(self) -> str:
        return self._detail.full

    def show_detail(
        self, detail: str, *, bad: bool = False, fraction: float | None = None, tip: str = ""
    ) -> None:
        """fraction: how far its reading is."""
        self._detail.set_full(detail)
        restyle(self._detail, "tone", "bad" if bad else "small")
        restyle(self, "state", "bad" if bad else "normal")
        self._fraction = fraction
        self.updateGeometry()
        said = f"{self._shown_name}, {detail}"
        self.open.setAccessibleName(said if bad else tr("{file}. Show its text", file=said))
        self.open.setToolTip(plain_tip(f"{self._shown_name}\n{tip}" if tip else self._shown_name))
        self.update()

    def sizeHint(self) -> QSize:
        text = max(self._name.sizeHint().width(), self._detail.sizeHint().width())
        close = _CLOSE + 6 if self.close_button is not None else _SIDE
        scale = self._look.scale
        width = max(_NARROWEST, min(_WIDEST, _SIDE + _ICON + _GAP + text + 4 + close))
        return QSize(max(width, scale.text(_NARROWEST)), scale.row(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._fraction is None:
            return
        painter = QPainter(self)
        inner = QPainterPath()
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        inner.addRoundedRect(frame, _RADIUS, _RADIUS)
        painter.setClipPath(inner)
        bar = QRectF(frame.left(), frame.bottom() - _BAR, frame.width(), _BAR)
        painter.fillRect(bar, QColor(self._look.colors.track))
        bar.setWidth(bar.width() * min(1.0, self._fraction))
        painter.fillRect(bar, QColor(self._look.colors.accent))
        painter.end()

    def _place(self) -> None:
        width, height = self.width(), self.height()
        self.open.setGeometry(0, 0, width, height)
        self._icon.setGeometry(_SIDE, (height - _ICON) // 2, _ICON, _ICON)
        left = _SIDE + _ICON + _GAP
        right = width - (_CLOSE + 6 if self.close_button is not None else _SIDE)
        line = self._name.sizeHint().height(), self._detail.sizeHint().height()
        top = (height - sum(line)) // 2
        self._name.setGeometry(left, top, right - left, line[0])
        self._detail.setGeometry(left, top + line[0], right - left, line[1])
        if self.close_button is not None:
            self.close_button.setGeometry(right + 2, (height - _CLOSE) // 2, _CLOSE, _CLOSE)
            self.close_button.raise_()

    def _redraw(self) -> None:
        self._icon.setPixmap(self._look.icon("file", "muted", _ICON).pixmap(_ICON, _ICON))
        self.updateGeometry()
        self._place()
