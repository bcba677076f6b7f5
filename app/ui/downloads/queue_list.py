"""All downloads in a column; only those near the viewport are built."""

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.core.language import mark, tr
from app.downloads.types import JobStatus
from app.ui.downloads.job_view import JobView
from app.ui.downloads.words import chip_of, progress_text, title_of
from app.ui.look import Look
from app.ui.widgets import restyle, single_shot, takes_escape

_ESTIMATED_HEIGHT = 112
_MARGIN = 600
_KEYS = mark(
    "Space pauses or resumes, Enter shows the files, Delete cancels, Alt with "
    "the up or down arrow moves it."
)


class JobSlot(QFrame):
    """A place in the column. It has the focus of its row: Space pauses, Enter shows the files, Del
    cancels, Alt with an arrow moves, arrows go to the neighbours."""

    wanted = Signal(str)

    def __init__(self, job: JobStatus) -> None:
        super().__init__()
        self.job = job
        self.view: JobView | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setObjectName(f"job-{job.job_id}")
        self.setProperty("card", "job")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(_ESTIMATED_HEIGHT)
        self.setAccessibleDescription(tr(_KEYS))
        self._name()

    def build(self, look: Look) -> JobView:
        """The view, made when it is first wanted."""
        if self.view is None:
            self.setMinimumHeight(0)
            self.view = JobView(look, self.job)
            self.view.wanted.connect(self.wanted)
            self._column.addWidget(self.view)
        return self.view

    def show_status(self, job: JobStatus, *, near: bool) -> None:
        """near: it can be seen; else its view is brought up to date when it can."""
        self.job = job
        if near and self.view is not None:
            self.view.show_status(job)
            self._name()

    def event(self, event: QEvent) -> bool:
        """Esc is a shortcut of the window; here it may mean something nearer."""
        asking = self.view is not None and self.view.foot.asking
        return (asking and takes_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        view, key = self.view, event.key()
        moving = event.modifiers() & Qt.KeyboardModifier.AltModifier
        steps = {Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}
        if key in steps:
            self.wanted.emit(steps[Qt.Key(key)] if moving else f"focus-{steps[Qt.Key(key)]}")
        elif view is None:
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Space:
            view.toggle_pause()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            view.toggle_files()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            view.ask_cancel()
        elif key == Qt.Key.Key_Escape and view.foot.asking:
            view.foot.dismiss(self.job)
            self.setFocus()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._name()

    def _name(self) -> None:
        state, _ = chip_of(self.job)
        self.setAccessibleName(f"{title_of(self.job)}, {state}, {progress_text(self.job)}")


class QueueList(QScrollArea):
    """`wanted`: job and action. `moved`: job and the position it was dragged to."""

    wanted = Signal(str, str)
    moved = Signal(str, int)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._slots: dict[str, JobSlot] = {}
        self._drop_at = -1
        self.setObjectName("downloadsQueue")
        self.setAccessibleName(tr("Downloads, first to last"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._body = QWidget()
        self._body.setObjectName("downloadsColumn")
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self.setWidget(self._body)
        self._line = QFrame(self._body)
        self._line.setProperty("line", "insert")
        self._line.hide()
        self._look_again = single_shot(self, 0, self._build_near)
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look_again.start())
        self._body.installEventFilter(self)

    def set_jobs(self, jobs: Sequence[JobStatus]) -> None:
        """The whole queue in its order; slots are kept."""
        order = [job.job_id for job in jobs]
        for gone in [key for key in self._slots if key not in set(order)]:
            self._drop(self._slots.pop(gone))
        for job in jobs:
            if job.job_id not in self._slots:
                self._slots[job.job_id] = self._new_slot(job)
        if list(self._slots) != order or self._column.count() != len(order) + 1:
            self._slots = {key: self._slots[key] for key in order}
            for position, key in enumerate(order):
                if self._column.indexOf(self._slots[key]) != position:
                    self._column.insertWidget(position, self._slots[key])
            self._order_tabs()
        near = self._near()
        for job in jobs:
            slot = self._slots[job.job_id]
            if slot.job is not job:
                slot.show_status(job, near=slot in near)
        self._look_again.start()

    def slot_of(self, job_id: str) -> JobSlot | None:
        return self._slots.get(job_id)

    def focus(self, job_id: str) -> None:
        """What is shown moves with it."""
        slot = self._slots.get(job_id)
        if slot is not None:
            slot.setFocus()
            self.ensureWidgetVisible(slot, 0, 24)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look_again.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            self._look_again.start()
        return super().eventFilter(watched, event)

    def _near(self) -> set[JobSlot]:
        top = self.verticalScrollBar().value() - _MARGIN
        bottom = top + self.viewport().height() + 2 * _MARGIN
        return {
            slot
            for slot in self._slots.values()
            if slot.y() < bottom and slot.y() + slot.height() > top
        }

    def _build_near(self) -> None:
        if not self.isVisible():
            return
        for slot in self._near():
            fresh = slot.view is None
            view = slot.build(self._look)
            if fresh:
                view.dragged.connect(lambda where, one=slot: self._dragged(one, where))
                view.dropped.connect(lambda one=slot: self._dropped(one))
                self._order_tabs()
            else:
                slot.show_status(slot.job, near=True)

    def _new_slot(self, job: JobStatus) -> JobSlot:
        slot = JobSlot(job)
        key = job.job_id
        slot.wanted.connect(lambda action: self._wanted(key, action))
        return slot

    def _wanted(self, key: str, action: str) -> None:
        if not action.startswith("focus-"):
            self.wanted.emit(key, action)
            return
        order = list(self._slots)
        index = order.index(key) + (-1 if action == "focus-up" else 1)
        if 0 <= index < len(order):
            self.focus(order[index])

    def _drop(self, slot: JobSlot) -> None:
        order = list(self._slots.values())
        if slot.isAncestorOf(self.focusWidget() or self) or slot.hasFocus():
            after = [one for one in order if one.y() > slot.y()] or order[-1:]
            if after:
                after[0].setFocus()
        self._column.removeWidget(slot)
        slot.hide()
        slot.deleteLater()

    def _order_tabs(self) -> None:
        """Slot, then its parts, then the next slot, whenever each was built."""
        chain: list[QWidget] = []
        for slot in self._slots.values():
            chain.append(slot)
            chain += [
                part
                for part in slot.findChildren(QWidget)
                if part.focusPolicy() & Qt.FocusPolicy.TabFocus
            ]
        for first, second in itertools.pairwise(chain):
            QWidget.setTabOrder(first, second)

    def _dragged(self, slot: JobSlot, where: QPoint) -> None:
        restyle(slot, "dragged", True)
        y = self._body.mapFromGlobal(where).y()
        slots = list(self._slots.values())
        at = sum(one.y() + one.height() // 2 < y for one in slots)
        self._drop_at = at
        edge = slots[at].y() - 5 if at < len(slots) else slots[-1].y() + slots[-1].height() + 3
        self._line.setGeometry(8, max(0, edge), self._body.width() - 16, 3)
        self._line.raise_()
        self._line.show()
        self.ensureVisible(0, y, 0, 48)

    def _dropped(self, slot: JobSlot) -> None:
        self._line.hide()
        restyle(slot, "dragged", False)
        own = list(self._slots).index(slot.job.job_id)
        at, self._drop_at = self._drop_at, -1
        target = at - 1 if at > own else at
        if at >= 0 and target != own:
            self.moved.emit(slot.job.job_id, target)
