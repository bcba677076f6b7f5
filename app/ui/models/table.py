"""The table of quantizations: a view that folds its columns, and how its cells are drawn."""

from PySide6.QtCore import QItemSelectionModel, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.core.language import tr
from app.ui.look import Look
from app.ui.look.look import SMALL_PX
from app.ui.models.paint import paint_bars
from app.ui.models.rows import CELL_ROLE, TITLES, Cell, Column, Index, QuantModel, SortedRows
from app.ui.painting import paint_chip, paint_line, paint_text
from app.ui.widgets import read_only_rows

ROW_HEIGHT = 42
HEADER_HEIGHT = 34
_SIDE = 10
_WIDTHS = {
    Column.SIZE: 92,
    Column.BITS: 62,
    Column.QUALITY: 126,
    Column.CONTEXT: 100,
    Column.SPEED: 96,
    Column.VERDICT: 182,
}
_NAME = (132, 250)
_BARS = (140, 560)
# What goes first when there is no room.
_FOLDS = (Column.BITS, Column.CONTEXT, Column.MEMORY, Column.QUALITY)
_CHIPS = {
    "ok": ("ok_soft", "ok"),
    "warn": ("warn_soft", "warn"),
    "bad": ("bad_soft", "bad"),
    "plain": ("hover", "muted"),
}


class QuantTable(QTableView):
    """`chosen` brings the quantization of the row that is selected, `wanted` the one on which Enter
    was pressed or that was clicked twice."""

    chosen = Signal(str)
    wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("quantTable")
        self.setAccessibleName(tr("Quantizations"))
        self._look = look
        self.rows = QuantModel(self)
        self.sorted = SortedRows(self)
        self.sorted.setSourceModel(self.rows)
        self.setModel(self.sorted)
        self.setItemDelegate(_Cells(look, self))
        self.setHorizontalHeader(_Heads(look, self))
        read_only_rows(self)
        self._least_rows = 5
        self.verticalHeader().hide()
        corner = self.findChild(QAbstractButton)
        if corner is not None:
            corner.setObjectName("quantCorner")
            corner.setAccessibleName(tr("Select all"))
        self._scale_rows()
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._quant = ""
        self.sorted.modelReset.connect(self._select_again)
        self.sorted.rowsInserted.connect(self._select_again)
        self.sorted.rowsRemoved.connect(self._select_again)
        self.doubleClicked.connect(lambda _: self.wanted.emit(self._quant))
        look.changed.connect(self._scale_rows)

    @property
    def quant(self) -> str:
        """The selected one, "" for none."""
        return self._quant

    def select(self, quant: str) -> bool:
        """False when there is no such row to be seen."""
        for row in range(self.sorted.rowCount()):
            index = self.sorted.index(row, 0)
            if self.rows.line(self.sorted.mapToSource(index).row()).row.quant == quant:
                flags = (
                    QItemSelectionModel.SelectionFlag.ClearAndSelect
                    | QItemSelectionModel.SelectionFlag.Rows
                )
                self.selectionModel().setCurrentIndex(index, flags)
                self.scrollTo(index)
                return True
        return False

    def set_least_rows(self, rows: int) -> None:
        """How many are to be seen whatever the window's height."""
        self._least_rows = rows
        scale = self._look.scale
        self.setMinimumHeight(scale.row(HEADER_HEIGHT) + rows * scale.row(ROW_HEIGHT))

    def _scale_rows(self) -> None:
        height = self._look.scale.row(ROW_HEIGHT)
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)
        self.set_least_rows(self._least_rows)
        self.viewport().update()

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if not current.isValid():
            return
        quant = self.rows.line(self.sorted.mapToSource(current).row()).row.quant
        if quant != self._quant:
            self._quant = quant
            self.chosen.emit(quant)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._quant:
            event.accept()
            self.wanted.emit(self._quant)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()
        if event.oldSize().height() > self.height() and self.selectionModel().hasSelection():
            self.scrollTo(self.currentIndex())

    def sizeHint(self) -> QSize:
        return QSize(640, self.minimumHeight())

    def shown(self) -> list[Column]:
        return [column for column in Column if not self.isColumnHidden(column)]

    def _select_again(self) -> None:
        if self._quant and not self.select(self._quant):
            self.clearSelection()

    def _fold(self) -> None:
        room = self.viewport().width()
        shown, widths = set(Column), dict(_WIDTHS)

        def rest() -> int:
            return room - sum(widths[one] for one in shown & set(_WIDTHS))

        for column in _FOLDS:
            bars = _BARS[0] if Column.MEMORY in shown else 0
            if rest() >= _NAME[0] + bars:
                break
            shown.discard(column)
        name = rest()
        if Column.MEMORY in shown:
            name = min(_NAME[1], max(_NAME[0], round(name * 0.45)))
            widths[Column.MEMORY] = rest() - name
        widths[Column.NAME] = max(_NAME[0], name)
        for column in Column:
            self.setColumnHidden(column, column not in shown)
            if column in shown:
                self.setColumnWidth(column, widths[column])


class _Cells(QStyledItemDelegate):
    def __init__(self, look: Look, table: QuantTable) -> None:
        super().__init__(table)
        self._look, self._table = look, table

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002
        return QSize(80, self._look.scale.row(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = index.data(CELL_ROLE)
        if not isinstance(cell, Cell):
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        colors = self._look.colors
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, QColor(colors.accent_soft))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(colors.hover))
        paint_line(painter, rect, colors.border)
        inner = rect.adjusted(_SIDE, 0, -_SIDE, -1)
        self._paint_cell(painter, inner, Column(index.column()), cell)
        if selected and self._table.hasFocus():
            self._paint_focus(painter, rect, Column(index.column()))
        painter.restore()

    def _paint_cell(self, painter: QPainter, rect: QRect, column: Column, cell: Cell) -> None:
        colors, look = self._look.colors, self._look
        small = look.font(SMALL_PX)
        if cell.chip is not None:
            soft, strong = _CHIPS[cell.chip.kind]
            background: str = getattr(colors, soft)
            color: str = getattr(colors, strong)
            paint_chip(painter, rect, cell.chip.text, small, background, color)
        elif cell.bars:
            paint_bars(painter, rect, cell.bars, colors)
        elif column is Column.NAME:
            self._paint_name(painter, rect, cell)
        else:
            mono = column in (Column.SIZE, Column.BITS, Column.CONTEXT)
            font = look.mono_font() if mono else look.font()
            self._paint_pair(painter, rect, cell, font)

    def _paint_pair(self, painter: QPainter, rect: QRect, cell: Cell, font: QFont) -> None:
        """The text with its mark beside it, and the note below."""
        colors, small = self._look.colors, self._look.font(SMALL_PX)
        half = rect.height() // 2
        top = rect.adjusted(0, 3, 0, -half + 1) if cell.note else rect
        taken = paint_text(painter, top, cell.text, font, colors.text)
        if cell.mark:
            paint_text(painter, top.adjusted(taken + 6, 0, 0, 0), cell.mark, small, colors.muted)
        if cell.note:
            below = rect.adjusted(0, half - 1, 0, -4)
            paint_text(painter, below, cell.note, small, colors.muted)

    def _paint_name(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        """What marks the row beside the name, or below it where there is no room."""
        colors, look = self._look.colors, self._look
        small, bold = look.font(SMALL_PX), look.font(bold=True)
        mark = ", ".join(filter(None, (cell.mark, cell.note)))
        color = colors.accent_text if cell.mark else colors.muted
        wide = QFontMetrics(bold).horizontalAdvance(cell.text) + 14
        if not mark or rect.width() >= wide + QFontMetrics(small).horizontalAdvance(mark):
            paint_text(painter, rect, cell.text, bold, colors.text)
            paint_text(painter, rect.adjusted(wide, 0, 0, 0), mark, small, color)
            return
        half = rect.height() // 2
        paint_text(painter, rect.adjusted(0, 3, 0, -half + 1), cell.text, bold, colors.text)
        paint_text(painter, rect.adjusted(0, half - 1, 0, -4), mark, small, color)

    def _paint_focus(self, painter: QPainter, rect: QRect, column: Column) -> None:
        """A ring around the whole row, drawn cell by cell."""
        shown = self._table.shown()
        painter.setPen(QPen(QColor(self._look.colors.accent), 2))
        top, bottom = rect.top() + 1, rect.bottom() - 1
        painter.drawLine(rect.left(), top, rect.right() + 1, top)
        painter.drawLine(rect.left(), bottom, rect.right() + 1, bottom)
        if column is shown[0]:
            painter.drawLine(rect.left() + 1, top, rect.left() + 1, bottom)
        if column is shown[-1]:
            painter.drawLine(rect.right(), top, rect.right(), bottom)


class _Heads(QHeaderView):
    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("quantHeads")
        self._look = look
        self._scale()
        self.setMinimumSectionSize(24)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setSortIndicatorClearable(True)
        look.changed.connect(self._scale)

    def _scale(self) -> None:
        self.setFixedHeight(self._look.scale.row(HEADER_HEIGHT))
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, index: int) -> None:
        look, colors = self._look, self._look.colors
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(rect, QColor(colors.bg))
        paint_line(painter, rect, colors.border)
        font = look.font(SMALL_PX)
        inner = rect.adjusted(_SIDE, 0, -_SIDE, 0)
        taken = paint_text(painter, inner, tr(TITLES[Column(index)]), font, colors.muted)
        if self.sortIndicatorSection() == index:
            up = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
            icon = look.icon("chevron-up" if up else "chevron-down", "accent_text", 12)
            at = QRect(inner.left() + taken + 4, rect.center().y() - 6, 12, 12)
            icon.paint(painter, at)
        painter.restore()
