"""The quantizations as a Qt model: what each cell says, shows and is sorted by."""

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from app.core.language import mark, tr
from app.ui.chat.load.words import MemoryRow
from app.ui.models import words
from app.ui.models.planned import Table, TableRow
from app.ui.widgets import plain_tip

Index = QModelIndex | QPersistentModelIndex
CELL_ROLE = Qt.ItemDataRole.UserRole + 1
SORT_ROLE = Qt.ItemDataRole.UserRole + 2
_NO_INDEX = QModelIndex()


class Column(IntEnum):
    NAME = 0
    SIZE = 1
    BITS = 2
    QUALITY = 3
    MEMORY = 4
    CONTEXT = 5
    SPEED = 6
    VERDICT = 7


TITLES = {
    Column.NAME: mark("Quantization"),
    Column.SIZE: mark("Size"),
    Column.BITS: mark("Bits"),
    Column.QUALITY: mark("Quality"),
    Column.MEMORY: mark("Memory per device"),
    Column.CONTEXT: mark("Max context"),
    Column.SPEED: mark("Speed"),
    Column.VERDICT: mark("Verdict"),
}
_TIPS = {
    Column.NAME: mark(
        "How the weights are stored. Fewer bits make a smaller file and a less exact one."
    ),
    Column.SIZE: mark("What has to be downloaded, in GB of 10^9 bytes."),
    Column.BITS: mark("Bits per weight, on average over the file."),
    Column.QUALITY: mark(
        "How often the most likely next token is the one of the unquantized model."
    ),
    Column.MEMORY: mark(
        "Each memory has a part of the bar: what the model takes of what is free there."
    ),
    Column.CONTEXT: mark(
        "With how many tokens it still fits in memory, as the context is kept now."
    ),
    Column.SPEED: mark(
        "Predicted tokens per second of an answer; the range is in each row's tooltip."
    ),
    Column.VERDICT: mark("Where it would run."),
}


@dataclass(frozen=True)
class Cell:
    """What a cell is drawn from. mark: smaller, beside the text; note: below it."""

    text: str = ""
    note: str = ""
    mark: str = ""
    bars: tuple[MemoryRow, ...] = ()
    chip: words.Chip | None = None


@dataclass(frozen=True)
class Line:
    """A row, as far as it is known. installed: it is on the disk."""

    row: TableRow
    context: int | None
    trained: int
    kv: str
    recommended: bool
    installed: bool
    files: int


class QuantModel(QAbstractTableModel):
    """Rows keep their place while their figures change, so that the selection stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: list[Line] = []
        self._cells: dict[tuple[int, int], Cell] = {}

    def show_table(
        self,
        table: Table | None,
        contexts: dict[str, int],
        files: dict[str, int],
        installed: frozenset[str],
    ) -> None:
        best = table.best if table is not None else None
        kv = table.kv if table is not None else ""
        lines = [
            Line(
                row,
                contexts.get(row.quant),
                row.offer.candidate.shape.trained_context,
                kv,
                best is row,
                row.quant in installed,
                files.get(row.quant, 0),
            )
            for row in (table.rows if table is not None else ())
        ]
        same = [line.row.quant for line in lines] == [line.row.quant for line in self._lines]
        if same and lines:
            self._lines = lines
            self._cells.clear()
            self.dataChanged.emit(self.index(0, 0), self.index(len(lines) - 1, len(Column) - 1))
            return
        self.beginResetModel()
        self._lines = lines
        self._cells.clear()
        self.endResetModel()

    def line(self, row: int) -> Line:
        return self._lines[row]

    @property
    def lines(self) -> list[Line]:
        return self._lines

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return tr(TITLES[Column(section)])
            case Qt.ItemDataRole.ToolTipRole:
                return tr(_TIPS[Column(section)])
            case _:
                return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        column, line = Column(index.column()), self._lines[index.row()]
        match role:
            case int(value) if value == CELL_ROLE:
                return self._cell(index.row(), column)
            case int(value) if value == SORT_ROLE:
                return _sort_key(line, column)
            case Qt.ItemDataRole.DisplayRole:
                cell = self._cell(index.row(), column)
                return cell.chip.text if cell.chip is not None else cell.text
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(_tip(line, column))
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(line, column, self._cell(index.row(), column))
            case _:
                return None

    def _cell(self, row: int, column: Column) -> Cell:
        key = (row, int(column))
        if key not in self._cells:
            self._cells[key] = _cell(self._lines[row], column)
        return self._cells[key]


class SortedRows(QSortFilterProxyModel):
    """fitting_only: leave out what would not stay in memory."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fitting_only = False
        self.setSortRole(SORT_ROLE)

    def set_fitting_only(self, on: bool) -> None:
        if on != self._fitting_only:
            self.beginFilterChange()
            self._fitting_only = on
            self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        source = self.sourceModel()
        if not self._fitting_only or not isinstance(source, QuantModel):
            return super().filterAcceptsRow(row, parent)
        return fits(source.line(row))


def fits(line: Line) -> bool:
    return line.row.row is not None and words.in_memory(line.row.row.plan)


def _cell(line: Line, column: Column) -> Cell:
    candidate, row = line.row.offer.candidate, line.row.row
    match column:
        case Column.NAME:
            marked = tr("recommended") if line.recommended else ""
            return Cell(line.row.quant, tr("on this computer") if line.installed else "", marked)
        case Column.SIZE:
            return Cell(words.size(candidate))
        case Column.BITS:
            bits = candidate.bits_per_weight
            return Cell(f"{bits:.2f}" if bits < 10 else f"{bits:.1f}")
        case Column.CONTEXT:
            return Cell(*words.context_cell(line.context, line.trained))
        case _ if row is None:
            problem = words.Chip(tr("cannot be kept so"), "bad")
            return Cell("–", chip=problem if column is Column.VERDICT else None)
        case Column.QUALITY:
            figure, mark, grade = words.quality_cell(row.quality)
            return Cell(figure, grade, mark)
        case Column.MEMORY:
            return Cell(bars=words.bars(row.plan))
        case Column.SPEED:
            return Cell(words.speed(row.plan))
        case _:
            return Cell(chip=words.verdict(row.plan))


def _tip(line: Line, column: Column) -> str:
    candidate, row = line.row.offer.candidate, line.row.row
    match column:
        case Column.SIZE | Column.BITS:
            return words.size_tip(candidate, line.files)
        case Column.CONTEXT:
            return words.context_tip(line.context, line.trained, line.kv)
        case Column.NAME:
            return words.row_text(row) if row is not None else line.row.quant
        case _ if row is None:
            return str(line.row.problem)
        case Column.QUALITY:
            return words.quality_tip(candidate, row.quality)
        case Column.MEMORY:
            return words.bars_tip(words.bars(row.plan))
        case Column.SPEED:
            return words.speed_tip(row.plan)
        case _:
            return words.placement_text(row.plan)


def _spoken(line: Line, column: Column, cell: Cell) -> str:
    title = tr(TITLES[column])
    if column is Column.NAME:
        return ", ".join(filter(None, (cell.text, cell.mark, cell.note)))
    if column is Column.MEMORY and cell.bars:
        return f"{title}: {words.bars_text(cell.bars)}"
    if column is Column.SPEED and line.row.row is not None:
        return f"{title}: {words.speed_words(line.row.row.plan)}"
    text = cell.chip.text if cell.chip is not None else cell.text
    told = " ".join(filter(None, (text, cell.mark, cell.note))) or tr("unknown")
    return f"{title}: {told}"


def _sort_key(line: Line, column: Column) -> object:
    candidate, row = line.row.offer.candidate, line.row.row
    match column:
        case Column.NAME:
            return line.row.quant.upper()
        case Column.SIZE:
            return float(candidate.size_bytes)
        case Column.BITS:
            return candidate.bits_per_weight
        case Column.CONTEXT:
            return float(-1 if line.context is None else line.context)
        case _ if row is None:
            return -1.0 if column is not Column.VERDICT else 2e18
        case Column.QUALITY:
            return row.quality.score
        case Column.MEMORY:
            return float(sum(use.total_bytes for use in row.plan.devices))
        case Column.SPEED:
            return row.tokens_per_second
        case _:
            order = (
                "gpu",
                "experts in RAM",
                "layers in RAM",
                "cpu",
                "disk",
                "does not fit",
            )
            return order.index(row.plan.verdict) * 1e17 + float(row.plan.missing_bytes)
