"""Under the table: what one card, two cards and so on bring, and a way to build with them."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.planning.fleet import Fit, FleetRow
from app.planning.report import rate_text
from app.ui.gpus.board import FleetBoard
from app.ui.gpus.cells import Bar
from app.ui.gpus.paint import paint_bar
from app.ui.gpus.words import cards_word, memory_figure, plan_bar
from app.ui.look import Look
from app.ui.widgets import IconButton, button, card, label, plain_tip

_HEIGHT = 204
_BARS_FROM = 680


class BarView(QWidget):
    def __init__(self, look: Look, bar: Bar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._bar = look, bar
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(140, 20)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_bar(painter, QRect(0, 0, self.width(), self.height()), self._bar, self._look.colors)
        painter.end()


class StepsCard(QWidget):
    """`build_wanted` brings the GPU's row and a machine of the list; `closed` that it goes."""

    build_wanted = Signal(object, object)
    closed = Signal()

    def __init__(self, look: Look, board: FleetBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gpuSteps")
        self._look, self._board = look, board
        self._title = label("", "title", name="gpuStepsTitle")
        self._title.setMinimumWidth(80)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.close_button = IconButton(
            look, "cross", tr("Close"), "gpuStepsClose", kind="mini", on_click=self.closed.emit
        )
        self._list = QWidget()
        self._grid = QGridLayout(self._list)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        scroll = QScrollArea()
        scroll.setObjectName("gpuStepsScroll")
        scroll.setAccessibleName(tr("What each number of cards brings"))
        scroll.setProperty("ring", True)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self._list)
        frame = card(name="gpuStepsCard")
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 10, 10, 10)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.close_button)
        column.addLayout(head)
        column.addWidget(scroll, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.setFixedHeight(_HEIGHT)
        self._bars: list[BarView] = []
        board.steps_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        row = self._board.step_row
        self.setVisible(row is not None)
        self._clear()
        if row is None:
            return
        self._title.setText(f"{row.gpu.vendor} {row.gpu.name}")
        self._title.setToolTip(plain_tip(tr("Source: {source}", source=row.gpu.source)))
        if self._board.looking:
            self._grid.addWidget(label(tr("Planning…"), "muted", name="gpuStepsBusy"), 0, 0, 1, 4)
        elif not self._board.steps:
            text = tr("It is too small, and so is any number of it that one computer can have.")
            if row.gpu.kind in ("unified", "consumer-laptop"):
                text = tr("It is too small.")
            self._grid.addWidget(label(text, "muted", name="gpuStepsNone", wrap=True), 0, 0, 1, 4)
        for number, fit in enumerate(self._board.steps):
            self._add(row, fit, number)
        self._grid.setRowStretch(len(self._board.steps) + 1, 1)

    def _add(self, row: FleetRow, fit: Fit, number: int) -> None:
        what = tr("The whole machine") if row.gpu.kind == "unified" else cards_word(fit.cards)
        spilled = fit.ram_gib and fit.plan.verdict != "gpu"
        text = tr("{what}, {ram_gib} GB RAM", what=what, ram_gib=fit.ram_gib) if spilled else what
        speed = fit.plan.speed
        told = rate_text(speed.generation_empty) if speed else ""
        name = label(text, "strong", name=f"gpuStep-{number}")
        bar = BarView(self._look, plan_bar(fit.plan))
        bar.setToolTip(plain_tip(memory_figure(fit.plan)))
        rate = label(told, "", name=f"gpuStepSpeed-{number}")
        build = button(
            tr("Build"),
            f"gpuStepBuild-{number}",
            "quiet",
            accessible=tr("Build a machine with {text}", text=text),
            tooltip=tr("See every quantization on a machine with {text}", text=text),
            on_click=lambda: self.build_wanted.emit(row.gpu, fit),
        )
        self._bars.append(bar)
        bar.setVisible(self.width() >= _BARS_FROM)
        for column, widget in enumerate((name, bar, rate, build)):
            self._grid.addWidget(widget, number, column)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for bar in self._bars:
            bar.setVisible(self.width() >= _BARS_FROM)

    def _clear(self) -> None:
        self._bars.clear()
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
