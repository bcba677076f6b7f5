"""How cells and heads are drawn: texts, chips, bars and hairlines, in the tokens of the theme."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
)
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
)

from app.core.language import tr
from app.ui.gpus.cells import CELL_ROLE, Bar, Cell, Column
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.look.theme import Colors
from app.ui.painting import chip_width, paint_chip, paint_line, paint_text, text_width

ROW_HEIGHT = 40
HEAD_HEIGHT = 34
_SIDE = 10
_GAP = 8
_BAR_HEIGHT = 10
# A note is left out rather than cut its text down to less.
_LEAST_TEXT = 60
_CHIPS = {
    "ok": ("ok_soft", "ok"),
    "warn": ("warn_soft", "warn"),
    "bad": ("bad_soft", "bad"),
    "busy": ("accent_soft", "accent_text"),
    "plain": ("hover", "muted"),
}


class CellPainter(QStyledItemDelegate):
    def __init__(self, look: Look, table: QTableView) -> None:
        super().__init__(table)
        self._look, self._table = look, table
        look.changed.connect(table.viewport().update)

    def sizeHint(self, option: QStyleOptionViewItem, index: object) -> QSize:
        del option, index
        return QSize(60, self._look.scale.row(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: object) -> None:
        cell = index.data(CELL_ROLE)  # type: ignore[attr-defined]
        colors = self._look.colors
        rect: QRect = option.rect
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(colors.accent_soft))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colors.hover))
        paint_line(painter, rect, colors.border)
        inner = rect.adjusted(_SIDE, 0, -_SIDE, 0)
        if cell.bar is not None:
            paint_bar(painter, inner, cell.bar, colors)
        elif cell.text or cell.note:
            column = self._table.model().columns[index.column()]  # type: ignore[attr-defined]
            self._paint_text(painter, inner, cell, _side(column))
        if self._table.hasFocus() and self._table.currentIndex().row() == index.row():  # type: ignore[attr-defined]
            self._paint_focus(painter, rect)
        painter.restore()

    def _paint_text(
        self, painter: QPainter, rect: QRect, cell: Cell, alignment: Qt.AlignmentFlag
    ) -> None:
        colors = self._look.colors
        pale: bool = self._table.model().pale  # type: ignore[attr-defined]
        tone = "muted" if pale else cell.tone
        font = self._look.font(bold=cell.strong)
        small = self._look.font(SMALL_PX)
        note = 0
        if cell.note:
            wide = chip_width if cell.chip else text_width
            note = wide(cell.note, small) + _GAP
        fits = not cell.text or note < rect.width() - _LEAST_TEXT
        room = rect.adjusted(0, 0, -note, 0) if note and cell.text and fits else rect
        took = paint_text(painter, room, cell.text, font, getattr(colors, tone), alignment)
        if not note or not fits:
            return
        rest = rect.adjusted(took + _GAP if cell.text else 0, 0, 0, 0)
        if cell.chip:
            background, color = _CHIPS[cell.chip]
            pair = getattr(colors, background), getattr(colors, color)
            paint_chip(painter, rest, cell.note, small, *pair)
        else:
            paint_text(painter, rest, cell.note, small, colors.muted)

    def _paint_focus(self, painter: QPainter, rect: QRect) -> None:
        """Its part of a ring along the whole row, which is what is chosen."""
        painter.setPen(QColor(self._look.colors.accent))
        top, bottom = rect.top() + 0.5, rect.bottom() - 0.5
        left, right = rect.left() + 0.5, rect.right() + 0.5
        painter.drawLine(QPointF(rect.left(), top), QPointF(rect.right() + 1, top))
        painter.drawLine(QPointF(rect.left(), bottom), QPointF(rect.right() + 1, bottom))
        if rect.left() <= 0:
            painter.drawLine(QPointF(left, top), QPointF(left, bottom))
        if rect.right() >= self._table.viewport().width() - 2:
            painter.drawLine(QPointF(right, top), QPointF(right, bottom))


class Heads(QHeaderView):
    """`clicked_on` brings the column by which to sort."""

    clicked_on = Signal(int)

    def __init__(
        self, look: Look, table: QTableView, columns: Sequence[Column], *, clickable: bool
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, table)
        self._look, self._columns, self._clickable = look, columns, clickable
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self._scale()
        self.setMinimumSectionSize(20)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        look.changed.connect(self._scale)

    def _scale(self) -> None:
        self.setFixedHeight(self._look.scale.row(HEAD_HEIGHT))
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        colors = self._look.colors
        painter.save()
        painter.fillRect(rect, QColor(colors.bg))
        paint_line(painter, rect, colors.border)
        column = self._columns[logicalIndex]
        inner = rect.adjusted(_SIDE, 0, -_SIDE, 0)
        sorted_by = self.isSortIndicatorShown() and self.sortIndicatorSection() == logicalIndex
        font = self._look.font(SMALL_PX, bold=sorted_by)
        color = colors.text if sorted_by else colors.muted
        sign = ""
        if sorted_by:
            up = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
            sign = " ↑" if up else " ↓"
        paint_text(painter, inner, tr(column.title) + sign, font, color, _side(column))
        painter.restore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = self.logicalIndexAt(event.position().toPoint())
        if self._clickable and at >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.clicked_on.emit(at)
        super().mouseReleaseEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            at = self.logicalIndexAt(event.pos())
            if at >= 0:
                QToolTip.showText(event.globalPos(), tr(self._columns[at].tip), self)
                return True
        return super().viewportEvent(event)


def _side(column: Column) -> Qt.AlignmentFlag:
    right = column.align == "right"
    return Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft


def paint_bar(painter: QPainter, rect: QRect, bar: Bar, colors: Colors) -> None:
    """Against its capacity; what is more than that is hatched, behind a mark."""
    top = rect.top() + (rect.height() - _BAR_HEIGHT) / 2
    box = QRectF(rect.left(), top, rect.width(), _BAR_HEIGHT)
    shape = QPainterPath()
    shape.addRoundedRect(box, 4.0, 4.0)
    painter.save()
    painter.setClipPath(shape, Qt.ClipOperation.IntersectClip)
    painter.fillRect(box, QColor(colors.track))
    scale = box.width() / max(1, bar.capacity_bytes, bar.total_bytes)
    left = box.left()
    for token, size in bar.segments:
        painter.fillRect(
            QRectF(left, top, size * scale, _BAR_HEIGHT), QColor(getattr(colors, token))
        )
        left += size * scale
    if bar.total_bytes > bar.capacity_bytes:
        limit = box.left() + bar.capacity_bytes * scale
        excess = QRectF(limit, top, left - limit, _BAR_HEIGHT)
        painter.fillRect(excess, QColor(colors.bad_soft))
        painter.fillRect(excess, QBrush(QColor(colors.bad), Qt.BrushStyle.BDiagPattern))
        painter.fillRect(QRectF(limit, top, 2, _BAR_HEIGHT), QColor(colors.text))
    painter.restore()
