"""What the colours of the memory bars mean."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.core.language import tr
from app.ui.flow import Flow
from app.ui.gpus.words import LEGEND
from app.ui.look import Look
from app.ui.look.look import SMALL_PX

_DOT = 8


class _Entry(QWidget):
    def __init__(self, look: Look, token: str, text: str) -> None:
        super().__init__()
        self._look, self._token, self._text = look, token, text
        self.setAccessibleName(text)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._look.font(SMALL_PX))
        return QSize(_DOT + 6 + metrics.horizontalAdvance(self._text), metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._look.colors, self._token)))
        painter.drawRoundedRect(QRectF(0, (self.height() - _DOT) / 2, _DOT, _DOT), 2, 2)
        painter.setPen(QColor(self._look.colors.muted))
        painter.setFont(self._look.font(SMALL_PX))
        rect = self.rect().adjusted(_DOT + 6, 0, 0, 0)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter), self._text)
        painter.end()


def legend(look: Look) -> Flow:
    result = Flow(14)
    result.hold(*(_Entry(look, token, tr(text)) for token, text in LEGEND))
    return result
