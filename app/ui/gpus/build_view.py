"""Build a machine: parts on one side, and on the other what every quantization does on it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.hardware.nominal import Nominal
from app.planning.build import Build
from app.planning.build_report import build_text
from app.planning.fleet import Fit
from app.ui.flow import Flow
from app.ui.gpus.build_board import BuildBoard
from app.ui.gpus.build_words import BUILD_COLUMNS, HERE_COLUMN, build_lines
from app.ui.gpus.legend import legend
from app.ui.gpus.parts_card import PartsCard
from app.ui.gpus.table import CellTable
from app.ui.look import Look
from app.ui.widgets import announce, button, label, restyle, single_shot

_STACKED_BELOW = 860
_PARTS_WIDTH = 328
_COPIED_MS = 1500


class BuildView(QWidget):
    """`plan_wanted` brings a name and the `Machine`, to plan for it elsewhere in the window."""

    plan_wanted = Signal(str, object)

    def __init__(self, look: Look, board: BuildBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("buildView")
        self._board = board
        self._dialog: QFileDialog | None = None
        self.parts = PartsCard(look, board)
        self._name = label("", "title", name="buildName", wrap=True)
        self._statement = label("", "strong", name="buildStatement", wrap=True)
        self._next = label("", "small", name="buildNext", wrap=True)
        self._here = label("", "small", name="buildHere", wrap=True)
        self._banner = QFrame()
        self._banner.setObjectName("buildBanner")
        self.table = CellTable(
            look, BUILD_COLUMNS, "buildTable", tr("Quantizations on this machine")
        )
        self._state = label("", "small", name="buildState", wrap=True)
        self.compare = button(
            tr("Compare with this machine"), "buildCompare",
            tooltip=tr("Shows what each quantization does on the machine the program runs on"),
        )  # fmt: skip
        self.compare.setCheckable(True)
        self.copy = button(tr("Copy as text"), "buildCopy", on_click=self._copy)
        self.save = button(tr("Save…"), "buildSave", on_click=self._ask_where)
        self.open = button(tr("Open…"), "buildOpen", on_click=self._ask_which)
        self.mine = button(
            tr("Start from this machine"), "buildMine", on_click=self._from_here,
            tooltip=tr("Takes over the parts of the machine the program runs on"),
        )  # fmt: skip
        self.undo = button(tr("Undo"), "buildUndo", "quiet", on_click=board.undo)
        self.plan = button(
            tr("Plan models for it"), "buildPlan", "primary", on_click=self._plan_with_it,
            tooltip=tr(
"Shows the quantizations of every model on this machine instead of "
"yours"),
        )  # fmt: skip
        self._copied = single_shot(self, _COPIED_MS, lambda: self.copy.setText(tr("Copy as text")))
        self._lay_out(look)
        self.compare.toggled.connect(lambda _: self._show())
        board.changed.connect(self._show)
        self._show()

    def start_with(self, gpu: Nominal, fit: Fit) -> None:
        """A GPU from another list, with as many of it and as much RAM as there."""

        def change(build: Build) -> Build:
            fresh = Build(
                ram_gib=max(fit.ram_gib, 16) if fit.ram_gib else build.ram_gib,
                channels=build.channels,
                megatransfers=build.megatransfers,
                cores=build.cores,
                pcie_generation=build.pcie_generation,
            )
            return fresh.with_count(gpu, fit.cards)

        self._board.try_change(change)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._board.watch(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._board.watch(self, False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo) and self._board.can_undo:
            self._board.undo()
            return
        super().keyPressEvent(event)

    # -- what the person does --------------------------------------------------------------------

    def _copy(self) -> None:
        board = self._board
        if board.result is None:
            return
        compared = board.here if self.compare.isChecked() else None
        text = build_text(
            board.build.name,
            board.result,
            other=compared.statement if compared is not None else "",
            here=tr("This machine"),
        )
        QGuiApplication.clipboard().setText(text)
        self.copy.setText(tr("Copied"))
        announce(self, tr("Copied"))
        self._copied.start()

    def _ask_where(self) -> None:
        dialog = self._file_dialog(tr("Save the machine"), "buildSaveDialog")
        if dialog is not None:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix("json")
            dialog.selectFile("machine.json")
            dialog.fileSelected.connect(lambda name: self._board.save(Path(name)))
            dialog.open()

    def _ask_which(self) -> None:
        dialog = self._file_dialog(tr("Open a machine"), "buildOpenDialog")
        if dialog is not None:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.fileSelected.connect(lambda name: self._board.open(Path(name)))
            dialog.open()

    def _file_dialog(self, title: str, name: str) -> QFileDialog | None:
        if self._dialog is not None:
            self._dialog.raise_()
            return None
        dialog = QFileDialog(self, title)
        dialog.setObjectName(name)
        dialog.setNameFilters([tr("Machine files (*.json)"), tr("All files (*)")])
        dialog.finished.connect(self._dialog_gone)
        self._dialog = dialog
        return dialog

    def _dialog_gone(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
            self._dialog = None

    def _from_here(self) -> None:
        if self._board.machine is not None:
            self._board.from_machine(self._board.machine)

    def _plan_with_it(self) -> None:
        build = self._board.build
        self.plan_wanted.emit(build.name, build.machine())

    # -- what is shown ---------------------------------------------------------------------------

    def _show(self) -> None:
        board = self._board
        result = board.result
        self._name.setText(board.build.name)
        self.undo.setVisible(board.can_undo)
        self.mine.setVisible(board.machine is not None)
        self.compare.setVisible(board.machine is not None)
        self._actions.lay_out()
        for needs_result in (self.copy, self.plan):
            needs_result.setEnabled(result is not None)
        self._show_state()
        self._banner.setVisible(result is not None)
        self.table.setVisible(result is not None)
        if result is None:
            return
        if result.statement != self._statement.text() and board.current:
            announce(self, result.statement)
        good = result.best is not None and not result.best.shortfall
        restyle(self._banner, "banner", "ok" if good else "warn")
        self._statement.setText(result.statement)
        self._next.setText(result.next_step)
        self._next.setVisible(bool(result.next_step))
        comparing = self.compare.isChecked() and board.machine is not None
        here = board.here if comparing else None
        self._here.setText(
            tr("This machine: {statement}", statement=here.statement) if here is not None else ""
        )
        self._here.setVisible(here is not None)
        self.table.forbid(() if comparing else (HERE_COLUMN,))
        self.table.cells.set_pale(not board.current)
        self.table.show_lines(build_lines(result, here))

    def _show_state(self) -> None:
        board = self._board
        told = ""
        if board.problem is not None:
            told = str(board.problem)
        elif not board.candidates:
            told = tr("Choose a model first.")
        elif board.computing:
            told = tr("Planning…")
        elif board.note:
            told = board.note
        restyle(self._state, "tone", "bad" if board.problem is not None else "small")
        self._state.setText(told)
        self._state.setVisible(bool(told))

    def _fold(self) -> None:
        stacked = self.width() < _STACKED_BELOW
        direction = (
            QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        )
        if self._sides.direction() != direction:
            self._sides.setDirection(direction)
        self.parts.setMinimumWidth(0 if stacked else _PARTS_WIDTH)
        self.parts.setMaximumWidth(16_777_215 if stacked else _PARTS_WIDTH)

    def _lay_out(self, look: Look) -> None:
        banner = QVBoxLayout(self._banner)
        banner.setContentsMargins(16, 12, 16, 12)
        banner.setSpacing(4)
        for told in (self._statement, self._next, self._here):
            banner.addWidget(told)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._name, 1)
        head.addWidget(self.plan, 0, Qt.AlignmentFlag.AlignTop)
        self._actions = Flow(8)
        self._actions.hold(self.mine, self.open, self.save, self.copy, self.compare, self.undo)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addLayout(head)
        right.addWidget(self._actions)
        right.addWidget(self._state)
        right.addWidget(self._banner)
        right.addWidget(self.table, 1)
        right.addWidget(legend(look))
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(20)
        self._sides.addWidget(self.parts, 0)
        self._sides.addLayout(right, 1)
