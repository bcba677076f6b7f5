"""A table of cells: sorted by its heads, folded to the width there is, the same by keyboard."""

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTableView, QWidget

from app.core.language import tr
from app.ui.gpus.cells import CELL_ROLE, Column, Line
from app.ui.gpus.paint import HEAD_HEIGHT, ROW_HEIGHT, CellPainter, Heads
from app.ui.look import Look
from app.ui.widgets import plain_tip, read_only_rows

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()
_LEAST_NAME = 96


class CellModel(QAbstractTableModel):
    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.lines: list[Line] = []
        self.pale = False

    def show_lines(self, lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()

    def set_pale(self, pale: bool) -> None:
        """Figures of another choice than the one that is asked for now."""
        if pale != self.pale and self.lines:
            self.pale = pale
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.lines[index.row()]
        cell = line.cells[index.column()]
        if role == CELL_ROLE:
            return cell
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(line.tip)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            told = " ".join(filter(None, (cell.text, cell.note)))
            return line.spoken if index.column() == 0 else f"{self._title(index.column())} {told}"
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(section)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr(self.columns[section].tip)
        return None

    def _title(self, section: int) -> str:
        return tr(self.columns[section].title)


class CellTable(QTableView):
    """`chosen` brings the key of the row that is selected, `wanted` the one on which Enter was
    pressed or that was clicked twice, `sorted_by` the column. sort_column: None keeps the order of
    the lines, whatever is clicked."""

    chosen = Signal(str)
    wanted = Signal(str)
    sorted_by = Signal(int)
    _PAIR: ClassVar = (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder)

    def __init__(
        self,
        look: Look,
        columns: Sequence[Column],
        name: str,
        accessible: str,
        *,
        sort_column: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self._columns = tuple(columns)
        self._lines: tuple[Line, ...] = ()
        self._key = ""
        self._forbidden: frozenset[int] = frozenset()
        self._elastic = max(range(len(columns)), key=lambda i: columns[i].width * (i < 2))
        self._sort = sort_column
        self._descending = sort_column is not None and self._columns[sort_column].descending
        self.cells = CellModel(columns, self)
        self.setModel(self.cells)
        self.setItemDelegate(CellPainter(look, self))
        heads = Heads(look, self, self._columns, clickable=sort_column is not None)
        self.setHorizontalHeader(heads)
        heads.clicked_on.connect(self.sort_by)
        self._behave(look)
        self._show_sort()

    def _behave(self, look: Look) -> None:
        read_only_rows(self)
        self.viewport().setAutoFillBackground(False)
        self.verticalHeader().hide()
        self._look = look
        self._scale_rows()
        look.changed.connect(self._scale_rows)

    def _scale_rows(self) -> None:
        scale = self._look.scale
        self.verticalHeader().setDefaultSectionSize(scale.row(ROW_HEIGHT))
        self.setMinimumHeight(scale.row(HEAD_HEIGHT) + 4 * scale.row(ROW_HEIGHT))

    # -- what is shown ---------------------------------------------------------------------------

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Keeps the selection and where it is scrolled to."""
        self._lines = tuple(lines)
        self._order()

    @property
    def key(self) -> str:
        """Of the selected row, "" for none."""
        return self._key

    def choose(self, key: str) -> None:
        self._key = key
        self._select_again(scroll=True)

    def sort_by(self, column: int) -> None:
        """Once more turns the order round."""
        if column == self._sort:
            self._descending = not self._descending
        else:
            self._sort, self._descending = column, self._columns[column].descending
        self._show_sort()
        self._order()
        self.sorted_by.emit(column)

    def _show_sort(self) -> None:
        if self._sort is None:
            return
        header = self.horizontalHeader()
        header.setSortIndicatorShown(True)
        header.setSortIndicator(self._sort, self._PAIR[self._descending])

    def _order(self) -> None:
        lines = list(self._lines)
        column = self._sort
        if column is not None:
            lines.sort(key=lambda line: line.cells[column].sort, reverse=self._descending)
        at = self.verticalScrollBar().value()
        blocked = self.blockSignals(True)
        self.cells.show_lines(lines)
        self.blockSignals(blocked)
        self._select_again(scroll=False)
        self.verticalScrollBar().setValue(at)

    def _select_again(self, *, scroll: bool) -> None:
        row = next((i for i, line in enumerate(self.cells.lines) if line.key == self._key), -1)
        if row < 0:
            return
        self.selectRow(row)
        if scroll:
            self.scrollTo(self.cells.index(row, 0))

    # -- the person ------------------------------------------------------------------------------

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        rows = self.selectionModel().selectedRows()
        if rows and not self.signalsBlocked():
            key = self.cells.lines[rows[0].row()].key
            if key != self._key:
                self._key = key
                self.chosen.emit(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._key:
            self.wanted.emit(self._key)
            return
        super().keyPressEvent(event)
        current = self.currentIndex()
        moved = event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Home, Qt.Key.Key_End)
        if moved and current.isValid() and not self.selectionModel().hasSelection():
            # Focus alone chooses nothing, so the first key has nowhere to go in a short table.
            self.selectRow(current.row())

    def mouseDoubleClickEvent(self, event: object) -> None:
        del event
        if self._key:
            self.wanted.emit(self._key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fold()
        rows = self.selectionModel().selectedRows() if self._key else []
        if rows:
            # What opens beside the table must not hide what it is about.
            self.scrollTo(rows[0])

    # -- width -----------------------------------------------------------------------------------

    def forbid(self, columns: Sequence[int]) -> None:
        """Columns that are not shown, however much room there is."""
        if frozenset(columns) != self._forbidden:
            self._forbidden = frozenset(columns)
            self.fold()

    def fold(self) -> None:
        """Hides what there is no room for, and shares out what is left."""
        room = self.viewport().width()
        shown = [i for i in range(len(self._columns)) if i not in self._forbidden]
        while sum(self._columns[i].width for i in shown) > room:
            foldable = [i for i in shown if self._columns[i].fold]
            if not foldable:
                break
            shown.remove(max(foldable, key=lambda i: self._columns[i].fold))
        left = room - sum(self._columns[i].width for i in shown)
        shares = sum(self._columns[i].stretch for i in shown) or 1
        for index, column in enumerate(self._columns):
            self.setColumnHidden(index, index not in shown)
            if index in shown:
                more = max(0, left) * column.stretch // shares
                widest = index == self._elastic and left < 0
                least = max(_LEAST_NAME, column.width + left)
                self.setColumnWidth(index, least if widest else column.width + more)
