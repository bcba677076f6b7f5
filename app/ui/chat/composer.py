"""Where the question is typed: grows with it, Enter sends, Shift+Enter breaks the line."""

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QFocusEvent, QIcon, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.language import tr
from app.ui.chat.context.gauge import ContextGauge
from app.ui.chat.model_state import Ability
from app.ui.chat.thinking_budget import BudgetButton
from app.ui.look import Look
from app.ui.widgets import IconButton, button, plain_tip, restyle

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_LINES = 10
# In a low window the field is lower: so much of its height is for everything else.
_FEWEST_LINES, _ELSEWHERE = 3, 340
_ROOM_FOR_NUMBERS = 620
_ROOM_FOR_ONE_ROW = 470
_LONGEST_PASTE = 4_000_000


class Recalling(Protocol):
    """What was asked before. active: the text is such a one, unchanged; the methods put another
    one there, False when there is none."""

    @property
    def active(self) -> bool: ...

    def earlier(self) -> bool: ...

    def later(self) -> bool: ...


class QuestionEdit(QPlainTextEdit):
    """take_paste: sees to a paste that is more than a few words; False when it is not. recall: for
    the arrow keys."""

    send_wanted = Signal()
    stop_wanted = Signal()
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.take_paste: Callable[[QMimeData], bool] | None = None
        self.recall: Recalling | None = None
        self.setObjectName("question")
        self.setAccessibleName(tr("Your question"))
        self.setAccessibleDescription(tr("Enter sends, Shift+Enter starts a new line."))
        self.setProperty("bare", "true")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            if shifted:
                self.textCursor().insertText("\n")
                self.ensureCursorVisible()
            else:
                self.send_wanted.emit()
            event.accept()
            return
        if event.key() == Qt.Key.Key_Escape:
            self.stop_wanted.emit()
            event.accept()
            return
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._recalled(event):
            event.accept()
            return
        super().keyPressEvent(event)

    def _recalled(self, event: QKeyEvent) -> bool:
        """The cursor has nowhere to go, so the key brings back what was asked before."""
        pressed = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self.recall is None or pressed != Qt.KeyboardModifier.NoModifier:
            return False
        up = event.key() == Qt.Key.Key_Up
        if not self.recall.active and not self._at_edge(up):
            return False
        return self.recall.earlier() if up else self.recall.later()

    def _at_edge(self, top: bool) -> bool:
        """The cursor is in the first line (of the screen), or in the last one."""
        cursor = self.textCursor()
        layout = cursor.block().layout()
        line = layout.lineForTextPosition(cursor.positionInBlock()).lineNumber()
        if top:
            return cursor.blockNumber() == 0 and line <= 0
        return cursor.blockNumber() == self.blockCount() - 1 and line >= layout.lineCount() - 1

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasUrls() or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Plain text only."""
        if self.take_paste is not None and self.take_paste(source):
            return
        if source.hasText():
            self.insertPlainText(source.text()[:_LONGEST_PASTE].replace("\0", ""))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.ignore()
            return
        super().dragEnterEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        # A plain text document counts its height in lines.
        lines = max(1, int(self.document().size().height()))
        room = (self.window().height() - _ELSEWHERE) // self.fontMetrics().lineSpacing()
        most = max(_FEWEST_LINES, min(_MOST_LINES, room))
        shown = min(lines, most)
        policy = Qt.ScrollBarPolicy
        many = lines > most
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if many else policy.ScrollBarAlwaysOff
        )
        self.setFixedHeight(shown * self.fontMetrics().lineSpacing() + 4)


class Composer(QFrame):
    """`asked` carries the text, also while an answer runs; it stays in the field until `clear`.
    refused: it cannot be sent
    because of what goes with it."""

    asked = Signal(str)
    refused = Signal()
    files_wanted = Signal()
    stop_wanted = Signal()
    thinking_toggled = Signal(bool)
    tools_toggled = Signal(bool)
    tools_menu_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self.setProperty("card", "composer")
        self._look = look
        self._busy = False
        self._ready = False
        self._stopping = False
        self._attached, self._obstacle = False, ""
        self.edit = QuestionEdit(self)
        self.thinking = self._chip(tr("Thinking"), "thinkingToggle")
        self.budget = BudgetButton(look)
        self.tools = self._chip(tr("Tools"), "toolsToggle")
        self.tools_more = IconButton(
            look,
            "chevron-down",
            tr("Choose tools"),
            "toolsMenu",
            kind="mini",
            on_click=self.tools_menu_wanted.emit,
        )
        self.thinking.toggled.connect(self.thinking_toggled)
        self.tools.toggled.connect(self.tools_toggled)
        self.files = button(
            tr("+ File"),
            "addFiles",
            "chip",
            accessible=tr("Add files"),
            tooltip=tr(
                "Add text, code, CSV, PDF or Word files (Ctrl+U). They can be dropped or pasted as "
                "well."
            ),
            on_click=self.files_wanted.emit,
        )
        self.gauge = ContextGauge()
        self.send = button(tr("Send"), "sendButton", "primary", on_click=self._send_or_stop)
        self.send.setMinimumWidth(58)
        self.wait = button(
            tr("Queue"),
            "queueButton",
            accessible=tr("Ask this when the answer is done"),
            tooltip=tr("Ask this when the answer is done (Enter)"),
            on_click=self._ask,
        )
        self.wait.hide()
        self._build()
        self.edit.send_wanted.connect(self._ask)
        self.edit.stop_wanted.connect(self.stop_wanted)
        self.edit.focus_changed.connect(lambda on: restyle(self, "active", str(on).lower()))
        self.edit.textChanged.connect(self._update_send)
        look.changed.connect(self._update_send)
        look.changed.connect(self._fit_wait)
        self._update_send()

    def text(self) -> str:
        return self.edit.toPlainText()

    def set_text(self, text: str) -> None:
        self.edit.setPlainText(text)
        self.edit.moveCursor(self.edit.textCursor().MoveOperation.End)

    def clear(self) -> None:
        self.edit.clear()

    def add_above(self, widget: QWidget) -> None:
        """Between the composer's edge and the text; below what was added before."""
        self._column.insertWidget(self._column.indexOf(self.edit), widget)

    def add_beside_files(self, widget: QWidget) -> None:
        """Another way to add something to the question."""
        self._beside_files.addWidget(widget)

    def set_attached(self, *, some: bool, obstacle: str) -> None:
        """some: there are files with the question. obstacle: why it cannot be sent with them."""
        self._attached, self._obstacle = some, obstacle
        self._update_send()

    def set_state(self, *, ready: bool, busy: bool, stopping: bool, hint: str) -> None:
        self._ready, self._busy = ready, busy
        self.edit.setPlaceholderText(hint)
        self._stopping = stopping
        self._update_send()

    def set_abilities(self, thinking: Ability, tools: Ability, tool_count: int) -> None:
        self.set_tool_count(tool_count)
        for chip, ability, on in (
            (self.thinking, thinking, tr("The model reasons before it answers.")),
            (self.tools, tools, tr("The model may use tools.")),
        ):
            text = on if ability.available else ability.reason
            chip.setEnabled(ability.available)
            chip.setToolTip(plain_tip(text))
            chip.setAccessibleDescription(text)
        self.tools_more.setEnabled(tools.available)

    def set_tool_count(self, number: int) -> None:
        text = tr("Tools · {number}", number=number) if number else tr("Tools")
        self.tools.setText(text)
        self.tools.setAccessibleName(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.gauge.set_compact(self.width() < _ROOM_FOR_NUMBERS)
        ways = QBoxLayout.Direction
        one_row = self.width() >= _ROOM_FOR_ONE_ROW
        self._rows.setDirection(ways.LeftToRight if one_row else ways.TopToBottom)
        self._fit_wait()

    def _fit_wait(self) -> None:
        """In a narrow window it is only a sign."""
        narrow = self.width() < _ROOM_FOR_NUMBERS
        self.wait.setText("" if narrow else tr("Queue"))
        self.wait.setIcon(self._look.icon("plus", "muted") if narrow else QIcon())
        restyle(self.wait, "kind", "icon" if narrow else "plain")

    def _build(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 12)
        column.setSpacing(12)
        column.addWidget(self.edit)
        row, low = QHBoxLayout(), QHBoxLayout()
        row.setSpacing(8)
        low.setSpacing(8)
        for chip, more in ((self.thinking, self.budget), (self.tools, self.tools_more)):
            together = QHBoxLayout()
            together.setSpacing(0)
            together.addWidget(chip)
            together.addWidget(more)
            row.addLayout(together)
        self._beside_files = QHBoxLayout()
        self._beside_files.setSpacing(0)
        self._beside_files.addWidget(self.files)
        row.addLayout(self._beside_files)
        row.addStretch()
        low.addStretch()
        low.addWidget(self.gauge)
        low.addWidget(self.wait)
        low.addWidget(self.send)
        self._rows = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._rows.setSpacing(8)
        self._rows.addLayout(row)
        self._rows.addLayout(low)
        column.addLayout(self._rows)

    def _chip(self, text: str, name: str) -> QPushButton:
        made = button(text, name, "chip")
        made.setCheckable(True)
        return made

    def _ask(self) -> None:
        if not self._ready or not (self.text().strip() or self._attached):
            return
        if self._obstacle:
            self.refused.emit()
        else:
            self.asked.emit(self.text())

    def _send_or_stop(self) -> None:
        if self._busy:
            self.stop_wanted.emit()
        else:
            self._ask()

    def yield_main_button(self, on: bool) -> None:
        """Whether what is offered above the composer holds the main button of the page."""
        restyle(self.send, "kind", "plain" if on else "primary")

    def _update_send(self) -> None:
        some = self._attached or self.edit.document().characterCount() > 1
        self.wait.setVisible(self._busy and self._ready and some)
        self.wait.setEnabled(not self._obstacle)
        if self._busy:
            stopping = self._stopping
            self.send.setText(tr("Stopping") if stopping else tr("Stop"))
            self.send.setToolTip(tr("Stop the answer (Esc)"))
            self.send.setEnabled(not stopping)
        else:
            self.send.setText(tr("Send"))
            self.send.setToolTip(plain_tip(self._obstacle) or tr("Send (Enter)"))
            self.send.setEnabled(self._ready and some and not self._obstacle)
        self.send.setAccessibleName(self.send.text())
        self.send.setAccessibleDescription(self.send.toolTip())
