"""One memory as a stacked bar, with its figures above and below."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui.chat.load.words import MemoryRow
from app.ui.look import Look
from app.ui.look.theme import Colors
from app.ui.widgets import label, plain_tip, restyle

_HEIGHT = 12
_RADIUS = 4.0
_LIMIT = 2


class MemoryBar(QWidget):
    """Segments against what is free; a load that is larger fills it, with a mark at the limit."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._row: MemoryRow | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.update)

    def show_row(self, row: MemoryRow) -> None:
        self._row = row
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_memory(painter, QRectF(self.rect()), self._row, self._look.colors)
        painter.end()


def paint_memory(painter: QPainter, rect: QRectF, row: MemoryRow | None, colors: Colors) -> None:
    """The bar of one memory in a rectangle; only its track without a row."""
    painter.save()
    shape = QPainterPath()
    radius = min(_RADIUS, rect.height() / 2, rect.width() / 2)
    shape.addRoundedRect(rect, radius, radius)
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.fillRect(rect, QColor(colors.track))
    if row is not None:
        scale = rect.width() / max(1, row.capacity_bytes, row.total_bytes)
        left = rect.left()
        for segment in row.segments:
            width = segment.size_bytes * scale
            color = QColor(getattr(colors, segment.token))
            painter.fillRect(QRectF(left, rect.top(), width, rect.height()), color)
            left += width
        if row.missing_bytes:
            start = max(rect.left(), left - row.missing_bytes * scale)
            _paint_excess(painter, QRectF(start, rect.top(), left - start, rect.height()), colors)
    painter.restore()


def _paint_excess(painter: QPainter, excess: QRectF, colors: Colors) -> None:
    painter.fillRect(excess, QColor(colors.bad_soft))
    painter.fillRect(excess, _hatched(colors.bad))
    limit = QRectF(excess.left(), excess.top(), _LIMIT, excess.height())
    painter.fillRect(limit, QColor(colors.text))


class MemoryRowView(QFrame):
    def __init__(self, look: Look, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"memoryRow-{number}")
        self._look = look
        self._row: MemoryRow | None = None
        self._name = label("", "strong", name=f"memoryName-{number}")
        self._name.setMinimumWidth(60)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._figure = label("", "small", name=f"memoryFigure-{number}")
        self._bar = MemoryBar(look, self)
        self._bar.setObjectName(f"memoryBar-{number}")
        self._parts = QLabel()
        self._parts.setObjectName(f"memoryParts-{number}")
        self._parts.setTextFormat(Qt.TextFormat.RichText)
        self._parts.setProperty("tone", "small")
        self._parts.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._name, 1)
        head.addWidget(self._figure)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self._parts)
        look.changed.connect(self._draw_parts)

    def show_row(self, row: MemoryRow) -> None:
        self._row = row
        self._name.setText(row.label)
        self._figure.setText(row.figure)
        restyle(self._figure, "tone", "bad" if row.missing_bytes else "small")
        self._bar.show_row(row)
        self._draw_parts()
        told = ", ".join(segment.figure for segment in row.segments)
        self.setAccessibleName(f"{row.label}: {row.figure}. {told}")
        self.setAccessibleDescription(row.tooltip)
        self.setToolTip(plain_tip(row.tooltip))

    def _draw_parts(self) -> None:
        if self._row is None:
            return
        colors = self._look.colors
        parts = []
        for segment in self._row.segments:
            text = segment.figure.replace(" ", "\N{NO-BREAK SPACE}")
            color: str = getattr(colors, segment.token)
            parts.append(f'<span style="color:{color}">■</span>\N{NO-BREAK SPACE}{text}')
        self._parts.setText((3 * "&nbsp;" + " ").join(parts))


def _hatched(color: str) -> QBrush:
    return QBrush(QColor(color), Qt.BrushStyle.BDiagPattern)
