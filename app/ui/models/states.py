"""What is shown in place of the table: reading, an error, nothing."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.errors import KnownError
from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import button, card, label, plain_tip

_ROWS = 6
_ROW = 42
# Left and width of the grey pieces of a row, as shares of its width.
_PIECES = ((0.0, 0.16), (0.24, 0.07), (0.36, 0.12), (0.52, 0.22), (0.8, 0.13))


class Skeleton(QWidget):
    """The shape of the table before there is one."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tableSkeleton")
        self._look = look
        self._text = label(tr("Reading what the repository holds…"), "muted", name="skeletonText")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.addWidget(self._text)
        column.addStretch(1)
        look.changed.connect(self.update)

    def say(self, text: str) -> None:
        self._text.setText(text)
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        return QSize(400, 40 + _ROWS * _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._look.colors.track))
        for row in range(_ROWS):
            top = 40 + row * _ROW + (_ROW - 12) / 2
            for left, width in _PIECES:
                piece = QRectF(left * self.width(), top, width * self.width(), 12)
                painter.drawRoundedRect(piece, 4, 4)
        painter.end()


class Trouble(QWidget):
    """What happened, why, and what to do; `again` and `search_wanted` do it."""

    again = Signal()
    search_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("modelTrouble")
        frame = card("bad", name="troubleCard")
        self._frame = frame
        self._what = label("", "strong", name="troubleWhat", wrap=True)
        self._why = label("", name="troubleWhy", wrap=True)
        self._next = label("", name="troubleNext", wrap=True)
        self._retry = button(tr("Try again"), "troubleRetry", on_click=self.again.emit)
        self._search = button(
            tr("Search the Hub"), "troubleSearch", on_click=self.search_wanted.emit
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._retry)
        row.addWidget(self._search)
        row.addStretch(1)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(6)
        for part in (self._what, self._why, self._next):
            column.addWidget(part)
        column.addSpacing(4)
        column.addLayout(row)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        outer.addStretch(1)

    def show_error(self, error: KnownError) -> None:
        self._show("bad", error.what, error.why, error.next_step, error.details)
        self._retry.show()

    def show_nothing(self, what: str, next_step: str) -> None:
        """Nobody's fault."""
        self._show("true", what, "", next_step, "")
        self._retry.hide()

    def _show(self, kind: str, what: str, why: str, next_step: str, details: str) -> None:
        self._frame.setProperty("card", kind)
        style = self._frame.style()
        style.unpolish(self._frame)
        style.polish(self._frame)
        for part, text in ((self._what, what), (self._why, why), (self._next, next_step)):
            part.setText(text)
            part.setVisible(bool(text))
        self._what.setToolTip(plain_tip(details))
        self.setAccessibleName(" ".join(filter(None, (what, why, next_step))))
