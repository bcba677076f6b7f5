"""Every GPU of the table for the model that is looked at: how many it takes, and how fast it is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.planning.fleet import FleetRow
from app.ui.gpus.board import FleetBoard
from app.ui.gpus.filter_bar import FilterBar
from app.ui.gpus.legend import legend
from app.ui.gpus.quant_choice import QuantChoice
from app.ui.gpus.state_strip import StateStrip
from app.ui.gpus.steps_card import StepsCard
from app.ui.gpus.table import CellTable
from app.ui.gpus.words import (
    FLEET_COLUMNS,
    MEMORY_COLUMN,
    circumstances,
    fleet_lines,
    summary,
    title,
)
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, label

NOT_EXACT = mark(
    "Sizes are those of the list that ships with the program; how they are made up is estimated."
)


class GpusView(QWidget):
    """`build_wanted` brings a GPU and the machine with it that was chosen."""

    build_wanted = Signal(object, object)

    def __init__(self, look: Look, board: FleetBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gpusView")
        self._board = board
        self._told: tuple[object, ...] = ()
        self._title = label("", "title", name="gpusTitle", wrap=True)
        self._about = label("", "muted", name="gpusAbout", wrap=True)
        self.quant = QuantChoice(look, "gpusQuant")
        self.filters = FilterBar(look, "gpusFilter", limits=False)
        self.strip = StateStrip(board, "gpusState")
        self.table = CellTable(
            look, FLEET_COLUMNS, "gpusTable", tr("GPUs that can run it"), sort_column=MEMORY_COLUMN
        )
        self.nothing = label("", "muted", name="gpusNothing", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.nothing.setContentsMargins(24, 40, 24, 24)
        self.steps = StepsCard(look, board)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        told = QVBoxLayout()
        told.setSpacing(2)
        told.addWidget(self._title)
        told.addWidget(self._about)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addLayout(told, 1)
        head.addWidget(self.quant, 0, Qt.AlignmentFlag.AlignTop)
        self.order = self._order_box(look)
        self.filters.beside(self.order)
        column.addLayout(head)
        column.addWidget(self.filters)
        column.addWidget(self.table, 1)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.steps)
        column.addWidget(self.strip)
        column.addWidget(legend(look))
        self._rest = QWidget()
        column.addWidget(self._rest, 1)
        self.filters.changed.connect(self._fill)
        self.table.chosen.connect(self._look_into)
        self.table.wanted.connect(self._build)
        self.steps.build_wanted.connect(self.build_wanted)
        self.steps.closed.connect(self._close_steps)
        board.changed.connect(self._show)
        self._show()

    def _order_box(self, look: Look) -> ChoiceBox:
        """For the keyboard, and where columns are folded away."""
        box = ChoiceBox(look)
        box.setObjectName("gpusOrder")
        box.setAccessibleName(tr("Sorted by"))
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for number, column in enumerate(FLEET_COLUMNS):
            name = tr("name") if number == 0 else _in_text(tr(column.title))
            box.addItem(tr("By {name}", name=name), number)
        box.setCurrentIndex(MEMORY_COLUMN)
        box.activated.connect(self.table.sort_by)
        self.table.sorted_by.connect(box.setCurrentIndex)
        return box

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._board.watch(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._board.watch(self, False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._board.step_row is not None:
            self._close_steps()
            return
        super().keyPressEvent(event)

    def _show(self) -> None:
        board = self._board
        subject = board.subject
        self._title.setText(
            tr("GPUs that can run {subject}", subject=title(subject)) if subject else ""
        )
        about = circumstances(subject) if subject else ""
        if subject is not None and not subject.candidate.exact:
            about = tr("{about} (estimated)", about=about)
            self._about.setToolTip(tr(NOT_EXACT))
        else:
            self._about.setToolTip("")
        if board.current:
            about = f"{about} · {summary(board.rows)}"
        self._about.setText(about)
        self.table.cells.set_pale(not board.current)
        told = (board.rows, board.own)
        if told != self._told:
            self._told = told
            self._fill()
            self._refresh_steps()

    def _fill(self) -> None:
        wanted = self.filters.wanted
        rows = [row for row in self._board.rows if wanted.lets(row)]
        ram = self._board.ram_bytes_per_second
        self.table.show_lines(fleet_lines(rows, self._board.own, ram))
        nothing = bool(self._board.rows) and not rows
        self.table.setVisible(bool(rows))
        self._rest.setVisible(not self._board.rows)
        self.nothing.setVisible(nothing)
        if nothing:
            self.nothing.setText(
                tr("No GPU of the table is like that. Clear a filter, or search for other words.")
            )

    def _row(self, key: str) -> FleetRow | None:
        rows = self._board.rows
        return next((r for r in rows if f"{r.gpu.vendor} {r.gpu.name}" == key), None)

    def _look_into(self, key: str) -> None:
        self._board.look_into(self._row(key))

    def _refresh_steps(self) -> None:
        """For the new figures, when some are open."""
        if self._board.step_row is not None:
            self._board.look_into(self._row(self.table.key))

    def _close_steps(self) -> None:
        self._board.look_into(None)
        self.table.clearSelection()
        self.table.choose("")
        self.table.setFocus()

    def _build(self, key: str) -> None:
        row = self._row(key)
        if row is not None and row.best is not None:
            self.build_wanted.emit(row.gpu, row.best)


def _in_text(title: str) -> str:
    """As it stands within a sentence; initials stay large."""
    return title if title[1:2].isupper() else f"{title[:1].lower()}{title[1:]}"
