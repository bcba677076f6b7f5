"""Drawing a cell of the table: texts, chips, and one bar with a part for each memory."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from app.ui.chat.load.memory_bar import paint_memory
from app.ui.chat.load.words import MemoryRow
from app.ui.look.theme import Colors

BAR_HEIGHT = 10
CHIP_HEIGHT = 26
_GAP = 2
_CHIP_PADDING = 10
# What the bar gives the GPUs together at least and at most, whatever the RAM beside them has; and
# at least where next to nothing lies in RAM.
_GPU_SHARE = (0.34, 0.7)
_GPU_ALONE = 0.66
_NEXT_TO_NOTHING = 0.05
_SMALLEST_PART = 6.0


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    color: str,
    alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> int:
    """Elided to the rectangle; the width it took."""
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.setFont(font)
    painter.setPen(QColor(color))
    flags = alignment | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(rect, int(flags), shown)
    return metrics.horizontalAdvance(shown)


def paint_chip(
    painter: QPainter, rect: QRect, text: str, font: QFont, background: str, color: str
) -> None:
    metrics = QFontMetrics(font)
    width = min(rect.width(), metrics.horizontalAdvance(text) + 2 * _CHIP_PADDING)
    height = min(float(rect.height()), max(CHIP_HEIGHT, metrics.height() + 8.0))
    top = rect.top() + (rect.height() - height) / 2
    shape = QRectF(rect.left(), top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(background))
    painter.drawRoundedRect(shape, height / 2, height / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = shape.adjusted(_CHIP_PADDING, 0, -_CHIP_PADDING + 1, 0).toRect()
    paint_text(painter, inner, text, font, color)


def chip_width(text: str, font: QFont) -> int:
    return QFontMetrics(font).horizontalAdvance(text) + 2 * _CHIP_PADDING


def paint_bars(painter: QPainter, rect: QRect, rows: tuple[MemoryRow, ...], colors: Colors) -> None:
    """One part for each memory; each is as full as that memory would be."""
    top = rect.top() + (rect.height() - BAR_HEIGHT) / 2
    left = float(rect.left())
    for row, width in zip(rows, part_widths(rows, float(rect.width())), strict=True):
        paint_memory(painter, QRectF(left, top, width, BAR_HEIGHT), row, colors)
        left += width + _GAP


def part_widths(rows: tuple[MemoryRow, ...], width: float) -> list[float]:
    """By what is free in each, with bounds so that neither side becomes a line."""
    room = width - _GAP * (len(rows) - 1)
    if len(rows) < 2:
        return [room] * len(rows)
    gpus = [max(1, row.capacity_bytes) for row in rows[:-1]]
    ram = max(1, rows[-1].capacity_bytes)
    low, high = _GPU_SHARE
    if rows[-1].total_bytes < _NEXT_TO_NOTHING * ram:
        low = _GPU_ALONE
    share = min(high, max(low, sum(gpus) / (sum(gpus) + ram)))
    widths = [max(_SMALLEST_PART, room * share * size / sum(gpus)) for size in gpus]
    scale = min(1.0, (room - _SMALLEST_PART) / sum(widths))
    widths = [part * scale for part in widths]
    return [*widths, room - sum(widths)]


def paint_line(painter: QPainter, rect: QRect, color: str) -> None:
    """A hairline at the bottom."""
    painter.setPen(QColor(color))
    bottom = rect.bottom() + 0.5
    painter.drawLine(QPointF(rect.left(), bottom), QPointF(rect.right() + 1, bottom))
