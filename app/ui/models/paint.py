"""The bar of a row: a part for each memory."""

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter

from app.ui.chat.load.memory_bar import paint_memory
from app.ui.chat.load.words import MemoryRow
from app.ui.look.theme import Colors

BAR_HEIGHT = 10
_GAP = 2
# What the bar gives the GPUs together at least and at most, whatever the RAM beside them has; and
# at least where next to nothing lies in RAM.
_GPU_SHARE = (0.34, 0.7)
_GPU_ALONE = 0.66
_NEXT_TO_NOTHING = 0.05
_SMALLEST_PART = 6.0


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
