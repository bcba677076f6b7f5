"""The best GPU for a model under some limits: the fewest cards, then the fastest."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.language import mark, sentences, tr
from app.planning.fleet_search import Ranked, headline, plainly, ranked
from app.planning.report import verdict_sentence
from app.ui.chat.load.words import verdict_chip
from app.ui.gpus.board import FleetBoard
from app.ui.gpus.cells import Cell, Column, Line
from app.ui.gpus.filter_bar import FilterBar
from app.ui.gpus.legend import legend
from app.ui.gpus.quant_choice import QuantChoice
from app.ui.gpus.ram_choice import RamChoice
from app.ui.gpus.state_strip import StateStrip
from app.ui.gpus.table import CellTable
from app.ui.gpus.words import bar_cell, fleet_line, memory_figure, ram_sentence, speed_cell, title
from app.ui.look import Look
from app.ui.widgets import announce, button, label

COLUMNS = (
    Column("", 44, align="right"),
    Column(mark("Machine"), 226, stretch=5),
    Column(mark("Kind"), 104, fold=3),
    Column(mark("Memory each"), 104, fold=4, align="right"),
    Column(mark("Year"), 60, fold=5, align="right"),
    Column(mark("Where"), 128, fold=1),
    Column(mark("Memory it takes"), 130, fold=2, stretch=1),
    Column(mark("Tokens/s"), 88, align="right"),
)


class BestView(QWidget):
    """`build_wanted` brings a GPU and the machine with it that was chosen."""

    build_wanted = Signal(object, object)

    def __init__(self, look: Look, board: FleetBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bestView")
        self._board = board
        self._found: tuple[Ranked, ...] = ()
        self._title = label("", "title", name="bestTitle", wrap=True)
        self.quant = QuantChoice(look, "bestQuant")
        self.filters = FilterBar(look, "bestFilter", limits=True)
        self.ram = RamChoice(look, board, "bestRam")
        self._ram_row = QWidget()
        self.strip = StateStrip(board, "bestState")
        self._answer = label("", "title", name="bestAnswer", wrap=True)
        self._why = label("", "small", name="bestWhy", wrap=True)
        self.build = button(
            tr("Build a machine with it"), "bestBuild", "primary", on_click=lambda: self._build("")
        )
        self._banner = QFrame()
        self._banner.setObjectName("bestBanner")
        self._banner.setProperty("banner", "ok")
        self.table = CellTable(look, COLUMNS, "bestTable", tr("GPUs, the best first"))
        self.nothing = label("", "muted", name="bestNothing", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.nothing.setContentsMargins(24, 40, 24, 24)
        self._lay_out(look)
        self.filters.changed.connect(self._fill)
        self.table.chosen.connect(lambda _: self._show_chosen())
        self.table.wanted.connect(self._build)
        board.changed.connect(self._show)
        self._told: tuple[object, ...] = ()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._board.watch(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._board.watch(self, False)

    def _show(self) -> None:
        board = self._board
        self._title.setText(
            tr("The best GPU for {subject}", subject=title(board.subject)) if board.subject else ""
        )
        self.table.cells.set_pale(not board.current)
        told = (board.rows, board.own)
        if told != self._told:
            self._told = told
            self._fill()
        self.build.setEnabled(board.current)

    def _fill(self) -> None:
        before = self._answer.text()
        self._found = ranked(self._board.rows, self.filters.wanted)
        self._ram_row.setVisible(self.filters.wanted.with_ram)
        lines = [self._line(one, place) for place, one in enumerate(self._found, 1)]
        self.table.show_lines(lines)
        self._banner.setVisible(bool(self._found))
        self.table.setVisible(bool(self._found))
        self._rest.setVisible(not self._board.rows)
        nothing = bool(self._board.rows) and not self._found
        self.nothing.setVisible(nothing)
        if nothing:
            self.nothing.setText(_advice(self.filters))
        self._show_chosen()
        if before != self._answer.text():
            announce(self, self._answer.text())

    def _show_chosen(self) -> None:
        """Of the row that is chosen, else of the best."""
        one = self._chosen(self.table.key)
        if one is None:
            return
        first = one is self._found[0]
        self._answer.setText(headline(self._found) if first else plainly(one))
        why = tr(
            "{verdict} {memory}.",
            verdict=verdict_sentence(one.fit.plan),
            memory=memory_figure(one.fit.plan),
        )
        if not one.all_on_gpu and one.fit.ram_gib:
            why = sentences(why, ram_sentence(one.fit, self._board.ram_bytes_per_second))
        self._why.setText(why)

    def _chosen(self, key: str) -> Ranked | None:
        found = (one for one in self._found if _key(one) == key)
        return next(found, self._found[0] if self._found else None)

    def _build(self, key: str) -> None:
        one = self._chosen(key or self.table.key)
        if one is not None:
            self.build_wanted.emit(one.row.gpu, one.fit)

    def _line(self, one: Ranked, place: int) -> Line:
        whole = fleet_line(one.row, self._board.own, self._board.ram_bytes_per_second)
        gpu, fit = one.row.gpu, one.fit
        spilled = not one.all_on_gpu
        where = (
            tr("{ram_gib} GB of RAM", ram_gib=fit.ram_gib)
            if spilled and fit.ram_gib
            else verdict_chip(fit.plan)[0]
        )
        name, _, kind, memory, _, year = whole.cells[:6]
        count = f"{fit.cards} × " if fit.cards > 1 else ""
        cells = (
            Cell(f"{place}", tone="muted"),
            Cell(f"{count}{gpu.name}", note=name.note, chip=name.chip, strong=True),
            kind,
            memory,
            year,
            Cell(where if spilled else tr("GPU memory"), tone="warn" if spilled else "ok"),
            bar_cell(fit),
            speed_cell(fit),
        )
        spoken = f"{place}. {count}{whole.spoken}"
        return Line(_key(one), cells, whole.tip, spoken, whole.marked)

    def _lay_out(self, look: Look) -> None:
        row = QHBoxLayout(self._ram_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        told: QLabel = label(tr("RAM"), "muted")
        row.addWidget(told)
        row.addWidget(self.ram)
        row.addStretch(1)
        banner = QHBoxLayout(self._banner)
        banner.setContentsMargins(16, 12, 16, 12)
        banner.setSpacing(16)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self._answer)
        texts.addWidget(self._why)
        banner.addLayout(texts, 1)
        banner.addWidget(self.build)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self._title, 1)
        head.addWidget(self.quant)
        column.addLayout(head)
        for part in (self.filters, self._ram_row, self._banner):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.strip)
        column.addWidget(legend(look))
        self._rest = QWidget()
        column.addWidget(self._rest, 1)


def _key(one: Ranked) -> str:
    return f"{one.row.gpu.vendor} {one.row.gpu.name}"


def _advice(filters: FilterBar) -> str:
    cards = filters.cards.currentData()
    if cards and not filters.with_ram.isChecked():
        return tr(
            "Nothing of this kind holds all of it. Allow more cards, or choose "
            "“With RAM too” to keep a part of the model in RAM."
        )
    return tr("No GPU of the table is like that and can run it. Clear a filter.")
