"""Over the transcript while a file is being opened: the plan, its price, and one button."""

from itertools import zip_longest

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.chat.loading import PlannedLoad
from app.core.language import tr
from app.planning.types import Plan
from app.ui.chat.load import words
from app.ui.chat.load.controls import LoadControls
from app.ui.chat.load.memory_bar import MemoryRowView
from app.ui.chat.model_state import Choosing
from app.ui.look import Look
from app.ui.widgets import (
    announce,
    button,
    card,
    chip,
    label,
    plain_tip,
    set_chip,
    single_shot,
)

_COLUMN = 720
_SIDE = 24
_MARGINS = (_SIDE, 22, _SIDE, 8)
# What the scroll bar takes of the margin beside it.
_BAR = 12
_DEBOUNCE_MS = 150
_ANYWAY = ("disk", "does not fit")


class LoadPanel(QWidget):
    """Shows a `Choosing`; Enter loads."""

    wanted_changed = Signal(object)
    recommended_wanted = Signal()
    load_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("loadPanel")
        self._look = look
        self._state: Choosing | None = None
        self._rows: list[MemoryRowView] = []
        self._name = label("", "display", name="loadName", wrap=True)
        self._chip = chip("", "plain", name="loadVerdict")
        self._file = label("", "small", name="loadFile", wrap=True)
        self._sentence = label("", name="loadSentence", wrap=True)
        self._speeds = QHBoxLayout()
        self._no_speed = label(
            tr("No speed can be predicted while it does not fit."),
            "muted",
            name="loadNoSpeed",
            wrap=True,
        )
        self._figures = [self._speed_figure(number) for number in (1, 2, 3)]
        self._memory = QVBoxLayout()
        self._memory.setSpacing(16)
        self._legend = label(tr(words.LEGEND), "small", name="loadLegend", wrap=True)
        self.controls = LoadControls(look)
        self._change = label("", "small", name="loadChange", wrap=True)
        self._problem = label("", "bad", name="loadProblem", wrap=True)
        self._notes = label("", "small", name="loadNotes", wrap=True)
        self._last = label("", "small", name="loadLast", wrap=True)
        self.back: QPushButton = button(
            tr("Back to recommended"), "loadRecommended", on_click=self._go_back
        )
        self.cancel = button(tr("Cancel"), "loadCancel", on_click=self.cancel_wanted.emit)
        self.load = button(tr("Load"), "loadButton", "primary", on_click=self._load)
        self._pending = single_shot(
            self, _DEBOUNCE_MS, lambda: self.wanted_changed.emit(self.controls.wanted)
        )
        self.controls.edited.connect(self._edited)
        self._build()

    def set_state(self, state: Choosing | None) -> None:
        """None: nothing is being opened."""
        before, self._state = self._state, state
        if state is None:
            self._pending.stop()
            return
        planned, plan = state.planned, state.planned.plan
        if plan is None or state.wanted is None:
            return
        fresh = before is None or before.path != state.path
        if fresh or not self._pending.isActive():
            self._pending.stop()
            self.controls.show_choice(planned, state.wanted, settled=state.can_load)
        if fresh or before is None or before.planned is not planned:
            self._show_plan(planned, plan, state.recommended.plan)
        self._show_working(state)
        if fresh:
            self.load.setFocus()
            self._scroll.verticalScrollBar().setValue(0)
            announce(self, f"{self._name.text()}. {self._chip.text()}. {self._sentence.text()}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        event.accept()
        focus = QApplication.focusWidget()
        if isinstance(focus, QPushButton) and self.isAncestorOf(focus):
            focus.click()
        elif not self.controls.commit():
            self._load()

    def _load(self) -> None:
        # What was typed last has to be planned first.
        if not self.controls.commit() and self.load.isEnabled():
            self.load_wanted.emit()

    def _go_back(self) -> None:
        self._pending.stop()
        self.controls.forget_typing()
        self.recommended_wanted.emit()

    def _edited(self) -> None:
        self._enable_load(False)
        self._pending.start()

    def _show_plan(self, planned: PlannedLoad, plan: Plan, best: Plan | None) -> None:
        self._name.setText(planned.model or planned.path.name)
        set_chip(self._chip, *words.verdict_chip(plan))
        self._file.setText(words.subtitle(planned))
        self._file.setToolTip(plain_tip(str(planned.path)))
        self._sentence.setText(words.verdict_text(plan))
        self._show_speeds(plan)
        self._show_rows(plan)
        self._notes.setText("\n".join(words.remarks(plan)))
        self._notes.setVisible(bool(self._notes.text()))
        change = words.difference(best, plan) if best is not None else ""
        self._change.setText(
            tr("Against the recommended: {change}", change=change) if change else ""
        )
        self._change.setVisible(bool(change))
        last = planned.last
        self._last.setText(tr("Last load: {text}.", text=last.text) if last is not None else "")
        self._last.setVisible(last is not None)
        self.load.setText(tr("Load anyway") if plan.verdict in _ANYWAY else tr("Load"))
        self.load.setAccessibleName(f"{self.load.text()}: {self._name.text()}")

    def _show_speeds(self, plan: Plan) -> None:
        speeds = words.speeds(plan)
        self._no_speed.setVisible(not speeds)
        for (figure, caption), told in zip_longest(self._figures, speeds):
            figure.setVisible(told is not None)
            caption.setVisible(told is not None)
            if told is not None:
                figure.setText(told[0])
                caption.setText(told[1])

    def _speed_figure(self, number: int) -> tuple[QLabel, QLabel]:
        figure = label("", "strong", name=f"loadSpeed-{number}", wrap=True)
        caption = label("", "small", name=f"loadSpeedOf-{number}", wrap=True)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(figure)
        column.addWidget(caption)
        column.addStretch()
        self._speeds.setSpacing(16)
        self._speeds.addLayout(column, 1)
        return figure, caption

    def _show_rows(self, plan: Plan) -> None:
        rows = words.memory_rows(plan)
        while len(self._rows) < len(rows):
            view = MemoryRowView(self._look, len(self._rows) + 1)
            self._rows.append(view)
            self._memory.addWidget(view)
        for index, view in enumerate(self._rows):
            view.setVisible(index < len(rows))
            if index < len(rows):
                view.show_row(rows[index])

    def _show_working(self, state: Choosing) -> None:
        self._enable_load(state.can_load and not self._pending.isActive())
        self.load.setToolTip("" if self.load.isEnabled() else tr("The plan is being made anew."))
        problem = state.problem
        self._problem.setText(str(problem) if problem is not None else "")
        self._problem.setVisible(problem is not None)
        changed = problem is not None or state.working or state.planned is not state.recommended
        if self.back.hasFocus() and not changed:
            self.load.setFocus()
        self.back.setEnabled(changed)

    def _enable_load(self, on: bool) -> None:
        """The focus of a disabled button would go elsewhere; the panel keeps it."""
        if not on and self.load.hasFocus():
            self.setFocus()
        self.load.setEnabled(on)
        if on and self.hasFocus():
            self.load.setFocus()

    def _build(self) -> None:
        frame = card(name="loadCard")
        column = QVBoxLayout(frame)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._name, 1)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self._file)
        column.addSpacing(4)
        column.addWidget(self._sentence)
        column.addSpacing(4)
        column.addLayout(self._speeds)
        column.addWidget(self._no_speed)
        column.addSpacing(12)
        column.addLayout(self._memory)
        column.addWidget(self._legend)
        column.addSpacing(12)
        column.addWidget(self.controls)
        for text in (self._problem, self._change, self._notes, self._last):
            column.addWidget(text)
        centre = QWidget()
        centre.setObjectName("loadCentre")
        row = QHBoxLayout(centre)
        row.setContentsMargins(*_MARGINS)
        frame.setMaximumWidth(_COLUMN)
        row.addStretch(1)
        row.addWidget(frame, 100_000, Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("loadScroll")
        self._scroll.setAccessibleName(tr("Before loading"))
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(centre)
        self._scroll.verticalScrollBar().rangeChanged.connect(
            lambda _, most: row.setContentsMargins(
                _SIDE, _MARGINS[1], _SIDE - (_BAR if most else 0), _MARGINS[3]
            )
        )
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        foot = QWidget()
        foot.setObjectName("loadFoot")
        foot.setMaximumWidth(_COLUMN)
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addStretch()
        row.addWidget(self.cancel)
        row.addWidget(self.load)
        centre = QHBoxLayout()
        centre.setContentsMargins(_SIDE, 8, _SIDE, 0)
        centre.addStretch(1)
        centre.addWidget(foot, 100_000)
        centre.addStretch(1)
        return centre
