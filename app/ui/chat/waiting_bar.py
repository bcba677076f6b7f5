"""The questions that wait, above the composer: to be changed, put in another order, taken out."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.ui.chat.composer import QuestionEdit
from app.ui.chat.waiting import WaitingQuestion, WaitingQuestions, pause_text
from app.ui.look import Look
from app.ui.widgets import IconButton, button, label, plain_tip

_MOST_ROWS = 4
_LONGEST_TIP = 600
_ROW = 32
_FRAME = 10


class WaitingBar(QFrame):
    """offered: a sentence, and what takes back what was done. left: the focus has nowhere to be
    here any more."""

    offered = Signal(str, object)
    left = Signal()

    def __init__(self, look: Look, waiting: WaitingQuestions) -> None:
        super().__init__()
        self.setObjectName("waitingBar")
        self.setAccessibleName(tr("Questions that wait"))
        self._look, self._waiting = look, waiting
        self._rows: dict[int, WaitingRow] = {}
        self._card = QFrame(self)
        self._card.setObjectName("waitingCard")
        self._card.setProperty("card", "true")
        self._told = label("", "small", name="waitingTold")
        self._told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.resume = button(tr("Send"), "waitingSend", "chip", on_click=waiting.resume)
        self._list = QWidget()
        self._list.setObjectName("waitingList")
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("waitingScroll")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._list)
        self._build()
        waiting.changed = self.refresh
        self.refresh()

    def refresh(self) -> None:
        """Show what waits now; a row that is being edited stays as it is."""
        questions = self._waiting.questions
        had_focus = self._place_of_focus()
        known = {one.number for one in questions}
        for number in [number for number in self._rows if number not in known]:
            row = self._rows.pop(number)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, one in enumerate(questions):
            row = self._rows.get(one.number) or self._new_row(one)
            row.show_question(one, place, len(questions))
            if self._column.indexOf(row) != place:
                self._column.insertWidget(place, row)
        self._say(questions)
        self.setVisible(bool(questions))
        self._fit()
        if had_focus is not None:
            self._put_focus(had_focus, questions)

    def row(self, number: int) -> "WaitingRow":
        return self._rows[number]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._told, 1)
        head.addWidget(self.resume)
        inner = QVBoxLayout(self._card)
        inner.setContentsMargins(14, 8, 8, 8)
        inner.setSpacing(4)
        inner.addLayout(head)
        inner.addWidget(self._scroll)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 8)
        outer.addWidget(self._card)

    def _say(self, questions: Sequence[WaitingQuestion]) -> None:
        number, paused = len(questions), self._waiting.paused
        if number == 1:
            text = tr("1 question waits")
        else:
            text = tr("{number} questions wait", number=number)
        if paused is not None:
            text = f"{text} · {pause_text(paused)}"
        elif number:
            text = tr("{waiting} · sent when the answer is done", waiting=text)
        self._told.setText(text)
        self._told.setToolTip(text)
        self.resume.setVisible(paused is not None)
        tip = tr("Ask the first one now, the others after it")
        self.resume.setToolTip(tip)
        self.resume.setAccessibleDescription(tip)

    def _new_row(self, one: WaitingQuestion) -> "WaitingRow":
        row = self._rows[one.number] = WaitingRow(self._look, one.number)
        waiting, number = self._waiting, one.number
        row.moved.connect(lambda step: waiting.move(number, step))
        row.changed.connect(lambda text: waiting.edit(number, text))
        row.removed.connect(lambda: self._remove(number))
        row.resized.connect(self._fit)
        return row

    def _remove(self, number: int) -> None:
        undo = self._waiting.remove(number)
        if undo is not None:
            self.offered.emit(tr("The question does not wait any more."), undo)

    def _fit(self) -> None:
        rows, usual = self._rows.values(), self._look.scale.row(_ROW)
        edited = sum(row.height_hint() - usual for row in rows if row.editing)
        whole = sum(row.height_hint() for row in rows)
        self._scroll.setFixedHeight(min(whole, _MOST_ROWS * usual + max(0, edited)))

    def _place_of_focus(self) -> int | None:
        focus = QApplication.focusWidget()
        rows = self._rows.values()
        row = next((one for one in rows if focus is not None and one.isAncestorOf(focus)), None)
        return None if row is None else self._column.indexOf(row)

    def _put_focus(self, place: int, questions: Sequence[WaitingQuestion]) -> None:
        """The row that had it may be gone."""
        focus = QApplication.focusWidget()
        if focus is not None and any(row.isAncestorOf(focus) for row in self._rows.values()):
            return
        if questions:
            self._rows[questions[min(place, len(questions) - 1)].number].remove.setFocus()
        else:
            self.left.emit()


class WaitingRow(QWidget):
    """One question. moved: towards the front (-1) or the end (1). changed: its new text."""

    moved = Signal(int)
    changed = Signal(str)
    removed = Signal()
    resized = Signal()

    def __init__(self, look: Look, number: int) -> None:
        super().__init__()
        self.setObjectName(f"waiting-{number}")
        self._look, self._question = look, WaitingQuestion("")
        self.text = Elided(f"waitingText-{number}")
        self.edit = WaitingEdit(number, self)
        self._frame = QFrame()
        self._frame.setObjectName(f"waitingFrame-{number}")
        self._frame.setProperty("card", "composer")
        self._frame.setProperty("active", "true")
        inner = QHBoxLayout(self._frame)
        inner.setContentsMargins(8, 4, 8, 4)
        inner.addWidget(self.edit)
        self._frame.hide()
        self._begin = self._icon("pencil", tr("Edit the question"), f"waitingEdit-{number}")
        self.up = self._icon("chevron-up", tr("Ask it earlier"), f"waitingUp-{number}")
        self.down = self._icon("chevron-down", tr("Ask it later"), f"waitingDown-{number}")
        self.remove = self._icon("cross", tr("Take it out"), f"waitingRemove-{number}")
        self._begin.clicked.connect(self.begin_edit)
        self.up.clicked.connect(lambda: self.moved.emit(-1))
        self.down.clicked.connect(lambda: self.moved.emit(1))
        self.remove.clicked.connect(self.removed)
        self.edit.send_wanted.connect(self._save)
        self.edit.stop_wanted.connect(self.end_edit)
        self.edit.resized.connect(self.resized)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(4)
        row.addWidget(self.text, 1)
        row.addWidget(self._frame, 1)
        for each in (self._begin, self.up, self.down, self.remove):
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def editing(self) -> bool:
        return not self._frame.isHidden()

    def show_question(self, question: WaitingQuestion, place: int, number: int) -> None:
        self._question = question
        files = len(question.attachments)
        shown = " ".join(question.text.split()) or ", ".join(a.name for a in question.attachments)
        if files and question.text.strip():
            with_files = tr("with 1 file") if files == 1 else tr("with {files} files", files=files)
            shown = f"{shown} ({with_files})"
        self.text.set_text(shown, question.text[:_LONGEST_TIP])
        self.setAccessibleName(
            tr("Question {place} of {number}: {text}", place=place + 1, number=number, text=shown)
        )
        self.up.setEnabled(place > 0)
        self.down.setEnabled(place < number - 1)

    def begin_edit(self) -> None:
        self.edit.setPlainText(self._question.text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)
        self._show_edit(True)
        self.edit.setFocus()

    def end_edit(self) -> None:
        """Nothing has changed."""
        self._show_edit(False)
        self._begin.setFocus()

    def height_hint(self) -> int:
        inner = self.edit.height() + _FRAME if self.editing else self._look.scale.row(_ROW) - 8
        return max(inner, self._begin.sizeHint().height()) + 8

    def _save(self) -> None:
        text = self.edit.toPlainText()
        self.end_edit()
        self.changed.emit(text)

    def _show_edit(self, editing: bool) -> None:
        self._frame.setVisible(editing)
        self.text.setVisible(not editing)
        self.resized.emit()

    def _icon(self, icon: str, name: str, object_name: str) -> IconButton:
        return IconButton(self._look, icon, name, object_name, kind="mini", parent=self)


class WaitingEdit(QuestionEdit):
    """Enter keeps the change, Esc gives it up."""

    resized = Signal()

    def __init__(self, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(f"waitingField-{number}")
        self.setAccessibleName(tr("The question that waits"))
        self.setAccessibleDescription(
            tr("Enter keeps the change, Shift+Enter starts a new line, Esc gives it up.")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()  # other lines
        self.resized.emit()


class Elided(QLabel):
    """One line that ends in dots where it does not fit."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(24)
        self._whole = ""

    def set_text(self, text: str, tip: str) -> None:
        self._whole = text
        self.setToolTip(plain_tip(tip))
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        mode = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._whole[:2000], mode, max(0, self.width())))
