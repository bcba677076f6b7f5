"""A question in its place, and work that goes on: both as one strip."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.look import Look
from app.ui.widgets import IconButton, announce, button, label, restyle, takes_escape


class Question(QFrame):
    """One at a time; the focus goes to the answer that changes nothing, which Esc gives as well.
    kept: that answer was given. asked: it is shown now, or no longer."""

    kept = Signal()
    asked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryQuestion")
        self.setProperty("card", "bad")
        self.text = label("", name="libraryQuestionText", wrap=True)
        self.yes = button("", "libraryQuestionYes", on_click=self._answer)
        self.no = button(tr("Keep it"), "libraryQuestionNo", on_click=self._keep)
        self._then: Callable[[], None] = lambda: None
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.no)
        row.addWidget(self.yes)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.text)
        column.addLayout(row)
        self.hide()

    def ask(self, text: str, yes: str, then: Callable[[], None], *, no: str = "") -> None:
        self.text.setText(text)
        self.setAccessibleName(text)
        for control, said in ((self.yes, yes), (self.no, no or tr("Keep it"))):
            control.setText(said)
            control.setAccessibleName(said)
        self._then = then
        self.show()
        self.asked.emit(True)
        self.no.setFocus()
        announce(self, text)

    def close_question(self) -> None:
        self._then = lambda: None
        self.hide()
        self.asked.emit(False)

    def event(self, event: QEvent) -> bool:
        """Esc means this question before it means anything to the window."""
        if takes_escape(event):
            return True
        if event.type() == QEvent.Type.KeyPress and _is_escape(event):
            self._keep()
            return True
        return super().event(event)

    def _keep(self) -> None:
        self.close_question()
        self.kept.emit()

    def _answer(self) -> None:
        then = self._then
        self.close_question()
        then()


def _is_escape(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape


class WorkStrip(QFrame):
    """What is being verified, repaired or looked up; then how it ended, until it is closed."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryWork")
        self.setProperty("card", "true")
        self.what = label("", "strong", name="libraryWorkWhat", wrap=True)
        self.line = label("", "small", name="libraryWorkLine", wrap=True)
        self.bar = QProgressBar()
        self.bar.setObjectName("libraryWorkBar")
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.stop = button(tr("Cancel"), "libraryWorkCancel", on_click=self._stop)
        self.close_button = IconButton(
            look, "cross", tr("Close the result"), "libraryWorkClose", on_click=self.hide
        )
        self._cancel: Callable[[], None] = lambda: None
        head, column = QHBoxLayout(), QVBoxLayout(self)
        head.setSpacing(8)
        head.addWidget(self.what, 1)
        for control in self._controls():
            head.addWidget(control)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.bar)
        column.addWidget(self.line)
        self.hide()

    def begin(self, what: str, cancel: Callable[[], None]) -> None:
        self._cancel = cancel
        self._show(what, "", working=True)
        self.bar.setRange(0, 0)

    def progress(self, line: str, done: int, size: int) -> None:
        if size:
            self.bar.setRange(0, 1000)
            self.bar.setValue(1000 * done // size)
        self.line.setText(line)

    def end(self, what: str, line: str, *, good: bool) -> None:
        self._show(what, line, working=False)
        restyle(self.line, "tone", "small" if good else "bad")
        announce(self, f"{what} {line}")

    def _show(self, what: str, line: str, *, working: bool) -> None:
        self.what.setText(what)
        self.line.setText(line)
        restyle(self.line, "tone", "small")
        self.bar.setVisible(working)
        self.stop.setVisible(working)
        self.stop.setEnabled(working)
        self.close_button.setVisible(not working)
        self.show()

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self._cancel()

    def _controls(self) -> Sequence[QPushButton]:
        return self.stop, self.close_button
