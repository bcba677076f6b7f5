"""A switch: on or off, drawn in the theme's colours."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox

from app.core.language import tr
from app.ui.look import Look

_WIDTH, _HEIGHT, _GAP = 36, 20, 10


class SwitchBox(QCheckBox):
    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(tr("Off "))
        return QSize(_WIDTH + _GAP + text + 8, 32)

    def hitButton(self, pos: object) -> bool:  # noqa: ARG002 - all of it is the button
        return True

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        colors = self._look.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = (self.height() - _HEIGHT) / 2
        track = QRectF(3, top, _WIDTH, _HEIGHT)
        on = self.isChecked()
        if self.hasFocus():
            painter.setPen(QPen(QColor(colors.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), 12, 12)
        painter.setPen(QPen(QColor(colors.accent if on else colors.muted), 1))
        painter.setBrush(QColor(colors.accent if on else colors.surface))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colors.on_accent if on else colors.muted))
        side = _HEIGHT - 8
        left = track.right() - side - 4 if on else track.left() + 4
        painter.drawEllipse(QRectF(left, top + 4, side, side))
        painter.setPen(QColor(colors.text))
        painter.drawText(
            QRectF(_WIDTH + _GAP, 0, self.width() - _WIDTH - _GAP, self.height()),
            Qt.AlignmentFlag.AlignVCenter,
            self.text(),
        )
        painter.end()
