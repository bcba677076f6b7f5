"""Small pieces of the queue: a label that shortens itself, a bar of two shades, a grip."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QSizePolicy

from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import plain_tip

_STEPS = 10_000


class Elided(QLabel):
    """One line that is cut where there is no room; the whole of it is its tooltip."""

    def __init__(
        self,
        text: str = "",
        tone: str = "",
        *,
        name: str = "",
        cut: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__()
        self._cut = cut
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._full = ""
        if tone:
            self.setProperty("tone", tone)
        if name:
            self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_full(text)

    @property
    def full(self) -> str:
        return self._full

    def set_full(self, text: str) -> None:
        text = " ".join(text.split())
        if text == self._full:
            return
        self._full = text
        self.setText(text)
        self.setAccessibleName(text)
        self.setToolTip(plain_tip(text))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self._full, self._cut, self.width())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), int(flags), text)
        painter.end()


class TwoToneBar(QProgressBar):
    """What is here in a light shade, what of it is verified in a strong one."""

    def __init__(self, look: Look, name: str, accessible: str, *, height: int = 8) -> None:
        super().__init__()
        self._look = look
        self._verified = 0.0
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setRange(0, _STEPS)
        self.setTextVisible(False)
        self.setFixedHeight(height)
        self.setToolTip(tr("Full colour: verified. Paler: downloaded, still to be verified."))
        look.changed.connect(self.update)

    def show_parts(self, done: int, verified: int, size: int, told: str) -> None:
        """Bytes. told: the same in words."""
        share = min(1.0, verified / size) if size else 0.0
        value = round(_STEPS * min(1.0, done / size)) if size else 0
        if (share, value) == (self._verified, self.value()):
            return
        self._verified = share
        self.setAccessibleDescription(told)
        self.setValue(value)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colors = self._look.colors
        for share, color in (
            (1.0, colors.track),
            (self.value() / _STEPS, colors.ram),
            (self._verified, colors.gpu),
        ):
            self._draw(painter, share, color)
        painter.end()

    def _draw(self, painter: QPainter, share: float, color: str) -> None:
        width, height = self.width() * share, float(self.height())
        if width <= 0:
            return
        painter.setBrush(QColor(color))
        radius = height / 2
        painter.drawRoundedRect(QRectF(0, 0, max(width, height), height), radius, radius)


class Grip(QLabel):
    """To take hold of a row with the mouse; the keyboard has other means."""

    dragged = Signal(QPoint)
    dropped = Signal()

    def __init__(self, look: Look, name: str) -> None:
        super().__init__()
        self._look = look
        self._from: QPoint | None = None
        self._moving = False
        self.setObjectName(name)
        self.setAccessibleName(tr("Move this download"))
        self.setToolTip(tr("Drag to change the order (Alt+Up, Alt+Down)"))
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFixedSize(24, 24)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._tint()
        look.changed.connect(self._tint)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._from = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            return
        where = event.globalPosition().toPoint()
        if not self._moving and (where - self._from).manhattanLength() < 6:
            return
        self._moving = True
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.dragged.emit(where)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        del event
        moved, self._from, self._moving = self._moving, None, False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if moved:
            self.dropped.emit()

    def _tint(self) -> None:
        self.setPixmap(self._look.icon("grip", "muted", 16).pixmap(16, 16))
