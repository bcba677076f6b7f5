"""A minute of one figure as a line."""

from collections import deque

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.look import Look

SAMPLES = 60
_HEIGHT = 36


class Spark(QWidget):
    """Shares from 0 to 1; None leaves a gap. Newest on the right."""

    def __init__(self, look: Look, token: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look, self._token = look, token
        self._values: deque[float | None] = deque(maxlen=SAMPLES)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def add(self, share: float | None) -> None:
        self._values.append(None if share is None else min(1.0, max(0.0, share)))
        self.update()

    def clear(self) -> None:
        self._values.clear()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        colors = self._look.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 1.5, -0.5, -1.5)
        painter.setPen(QPen(QColor(colors.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        color = QColor(str(getattr(colors, self._token)))
        for points in self._runs(area):
            line = QPainterPath(points[0])
            for point in points[1:]:
                line.lineTo(point)
            fill = QPainterPath(line)
            fill.lineTo(points[-1].x(), area.bottom())
            fill.lineTo(points[0].x(), area.bottom())
            soft = QColor(color)
            soft.setAlpha(40)
            painter.fillPath(fill, soft)
            painter.setPen(QPen(color, 1.6))
            painter.drawPath(line)
        painter.end()

    def _runs(self, area: QRectF) -> list[list[QPointF]]:
        """Stretches without a gap."""
        step = area.width() / (SAMPLES - 1)
        start = area.right() - step * (len(self._values) - 1)
        runs: list[list[QPointF]] = [[]]
        for number, share in enumerate(self._values):
            if share is None:
                runs.append([])
            else:
                y = area.bottom() - share * area.height()
                runs[-1].append(QPointF(start + number * step, y))
        return [run for run in runs if run]
