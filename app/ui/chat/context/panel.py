"""Above the composer when a question does not fit: why, in numbers, and what can be done."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.chat.context.larger import LargerContext
from app.chat.context.summary import longest_summary
from app.core.language import tr
from app.ui.chat.context import words
from app.ui.chat.context.choices import Overflow
from app.ui.widgets import announce, button, chip, label, set_chip

_NARROWEST, _LOWEST = 240, 96


class _Room(QScrollArea):
    """As tall as what is in it; where the window has no room for that, it scrolls."""

    def __init__(self, inner: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._inner = inner
        self.setObjectName("contextPanelRoom")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setWidget(inner)

    def sizeHint(self) -> QSize:
        layout = self._inner.layout()
        width = max(_NARROWEST, self.width())
        return QSize(width, layout.totalHeightForWidth(width) if layout is not None else 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(_LOWEST, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class ContextPanel(QFrame):
    leave_out_wanted = Signal()
    summary_wanted = Signal()
    stop_wanted = Signal()
    larger_wanted = Signal(object)
    new_chat_wanted = Signal()
    go_on_wanted = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("contextPanel")
        self._state: Overflow | None = None
        self._card = QFrame(self)
        self._card.setObjectName("contextPanelCard")
        self._card.setProperty("card", "true")
        self._chip = chip(tr("context full"), "warn", name="contextPanelChip")
        self._title = label("", "strong", name="contextPanelTitle", wrap=True)
        self._why = label("", name="contextPanelWhy", wrap=True)
        self._problem = label("", "bad", name="contextPanelProblem", wrap=True)
        self._choices = QVBoxLayout()
        self._choices.setSpacing(8)
        self._rows: list[QWidget] = []
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        column = QVBoxLayout(self._card)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._why)
        column.addWidget(self._problem)
        column.addLayout(self._choices)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 12)
        self._room = _Room(self._card, self)
        outer.addWidget(self._room)
        self.hide()

    def show_state(self, state: Overflow | None) -> None:
        before, self._state = self._state, state
        if state is None:
            self.hide()
            return
        if state == before:
            return
        self._title.setText(words.headline(state))
        fits = state.work == "ready"
        set_chip(self._chip, tr("fits") if fits else tr("context full"), "ok" if fits else "warn")
        self._why.setText(words.explanation(state))
        self._problem.setText(str(state.problem) if state.problem is not None else "")
        self._problem.setVisible(state.problem is not None)
        had_focus = self.isAncestorOf(self.focusWidget()) if self.focusWidget() else False
        self._clear()
        self._fill(state)
        for row in self._rows:
            row.show()  # the height is asked for before Qt would do it
        self._room.updateGeometry()
        fresh = before is None
        self.show()
        if fresh or had_focus:
            self.focus_first()
        if fresh or (before is not None and before.work != state.work):
            announce(self, f"{self._title.text()} {self._why.text()}")

    def focus_first(self) -> None:
        first = next((row for row in self.buttons if row.isEnabled()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def buttons(self) -> list[QPushButton]:
        return [one for row in self._rows for one in row.findChildren(QPushButton)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focus = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focus, QPushButton):
            focus.click()
            event.accept()
        elif event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
            event.accept()
        else:
            super().keyPressEvent(event)

    def _fill(self, state: Overflow) -> None:
        if state.work == "looking":
            self._add_text(tr("Looking for what can be done…"))
            return
        if state.work == "reloading":
            return
        if state.work == "summary":
            self._add(
                "", self._button(tr("Stop"), "contextStopSummary", "plain", self.stop_wanted.emit)
            )
            return
        if state.work == "ready":
            text = tr("Send now") if state.cause == "question" else tr("Go on")
            self._add(
                "",
                self._button(text, "contextGoOn", "primary", self.go_on_wanted.emit),
                self._close(),
            )
            return
        self._fill_choices(state)

    def _fill_choices(self, state: Overflow) -> None:
        cut = state.cut
        if cut is not None:
            self._add(
                words.leave_out(cut),
                self._button(
                    tr("Leave out"), "contextLeaveOut", "primary", self.leave_out_wanted.emit
                ),
            )
            self._add(
                words.summarize(longest_summary(state.breakdown.context)),
                self._button(
                    tr("Summarize"), "contextSummarize", "plain", self.summary_wanted.emit
                ),
            )
        self._fill_larger(state)
        if state.asked.messages:
            self._add(
                tr("Ask it in a new chat, without what was said here. This chat stays."),
                self._button(tr("New chat"), "contextNewChat", "plain", self.new_chat_wanted.emit),
            )
        self._add("", self._close())

    def _fill_larger(self, state: Overflow) -> None:
        found = state.larger
        if found is None:
            self._add_text(tr("Looking for larger contexts that fit into the memory…"))
            return
        if not found.found:
            self._add_text(found.reason)
            return
        self._add_text(tr("Or load the model again with a larger context:"))
        for number, one in enumerate(found.found):
            told = " · ".join(filter(None, (words.larger(one), words.larger_speed(one))))
            made = self._button(
                tr("Load"), f"contextLarger-{number}", "plain", self._load(one), told
            )
            self._add(told, made)

    def _load(self, one: LargerContext) -> Callable[[], None]:
        return lambda: self.larger_wanted.emit(one)

    def _close(self) -> QPushButton:
        text = tr("Change the question") if self._is_question else tr("Close")
        return self._button(text, "contextDismiss", "quiet", self.dismissed.emit)

    @property
    def _is_question(self) -> bool:
        return self._state is not None and self._state.cause == "question"

    def _button(
        self, text: str, name: str, kind: str, on_click: Callable[[], None], told: str = ""
    ) -> QPushButton:
        accessible = f"{text}: {told}" if told else text
        return button(text, name, kind, accessible=accessible, on_click=on_click)

    def _add(self, text: str, *buttons: QPushButton) -> None:
        row = QWidget(self._card)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(label(text, wrap=True), 1)
        for one in buttons:
            line.addWidget(one)
            if text and not one.accessibleDescription():
                one.setAccessibleDescription(text)
        self._rows.append(row)
        self._choices.addWidget(row)

    def _add_text(self, text: str) -> None:
        line = label(text, "muted", wrap=True)
        self._rows.append(line)
        self._choices.addWidget(line)

    def _clear(self) -> None:
        for row in self._rows:
            self._choices.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows.clear()
