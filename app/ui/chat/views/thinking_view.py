"""The thinking: one quiet line that shows it is alive; opens to the text."""

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.language import tr
from app.core.units import count, duration
from app.ui.chat import figures
from app.ui.chat.actions import Action
from app.ui.chat.answer_now import KEYS
from app.ui.chat.entries import Thinking
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.widgets import button, label, plain_tip

_ROW = 40
_PADDING = 14
_BESIDE = 8
_TICK_MS = 1000
_LONGEST_SHOWN = 100_000
# Fewer tokens are not worth a figure.
_FEWEST_TOLD = 10


class ThinkingView(EntryView):
    """While it runs, a person may open it; when it ends it closes by itself."""

    def __init__(
        self,
        look: Look,
        entry: Thinking,
        parent: QWidget,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(look, "thinking", parent)
        self.setProperty("card", "true")
        self._entry = entry
        self._monotonic = monotonic
        self._open = entry.opened
        self._was_running = entry.state == "running"
        self._written = ""
        self.toggle = button(
            "", f"thinkingToggle-{self.number}", "row", on_click=self._toggle, parent=self
        )
        self.toggle.setAutoDefault(True)
        self._side = label("", "small", name=f"thinkingTokens-{self.number}")
        self._row = QHBoxLayout(self.toggle)
        self._row.addStretch()
        self._row.addWidget(self._side)
        self.answer = button(
            tr("Answer now"),
            f"answerNow-{self.number}",
            "chip",
            on_click=lambda: self.acted.emit("answer_now"),
            parent=self,
        )
        self.answer.hide()
        self._text = TextView(tr("Thinking"), self)
        self._text.setVisible(self._open)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._say)
        if self._was_running:
            self._timer.start()
        self.refresh()

    @property
    def is_open(self) -> bool:
        return self._open

    def refresh(self) -> None:
        if self._was_running and self._entry.state != "running":
            self._was_running = False
            self._timer.stop()
            self._set_open(False)
        self._say()
        self.refresh_actions()
        if self._open:
            self._write()
            self.resized.emit()

    def refresh_actions(self) -> None:
        ability = self.can("answer_now")
        was_hidden = self.answer.isHidden()
        if ability is None and self.answer.hasFocus():
            self.toggle.setFocus()
        self.answer.setVisible(ability is not None)
        if ability is not None:
            self.answer.setEnabled(ability.available)
            told = ability.reason or tr(
                "End the thinking and get the answer from what there is ({keys})", keys=KEYS
            )
            self.answer.setToolTip(plain_tip(told))
            self.answer.setAccessibleDescription(told)
        if self.answer.isHidden() != was_hidden:
            self.resized.emit()

    def action_button(self, action: Action) -> QWidget | None:
        shown = action == "answer_now" and not self.answer.isHidden()
        return self.answer if shown and self.answer.isEnabled() else None

    def redraw(self) -> None:
        self.look_icon()
        self._written = ""
        if self._open:
            self._write()

    def look_icon(self) -> None:
        self.toggle.setIcon(self.look.icon("chevron-down" if self._open else "chevron-right"))

    def height_for(self, width: int) -> int:
        row = self.look.scale.row(_ROW)
        self.toggle.setGeometry(1, 1, width - 2, row - 2)
        room = self._place_answer(width, row)
        self._row.setContentsMargins(0, 0, room, 0)
        if not self._open:
            return row
        inner = width - 2 * _PADDING
        height = self._text.height_for(inner)
        self._text.setGeometry(_PADDING, row + 2, inner, height)
        return row + height + _PADDING

    def _place_answer(self, width: int, row: int) -> int:
        """How much of the row's end is taken."""
        if self.answer.isHidden():
            return _PADDING
        hint = self.answer.sizeHint()
        self.answer.setGeometry(
            width - hint.width() - _BESIDE, (row - hint.height()) // 2, hint.width(), hint.height()
        )
        return hint.width() + 2 * _BESIDE

    def reveal(self, number: int) -> None:  # noqa: ARG002
        self._set_open(True)

    def _toggle(self) -> None:
        self._set_open(not self._open)

    def _set_open(self, is_open: bool) -> None:
        if is_open == self._open:
            return
        self._open = self._entry.opened = is_open
        self._text.setVisible(is_open)
        if is_open:
            self._write()
        self._say()
        self.resized.emit()

    def _say(self) -> None:
        entry = self._entry
        if entry.state == "running":
            seconds = int(self._monotonic() - entry.started)
            doing = tr("Ending the thinking…") if entry.ending else tr("Thinking…")
            text = f"{doing} {duration(seconds)}" if seconds else doing
        elif entry.state == "done":
            text = _thought(entry)
        else:
            text = tr("Thinking was not finished")
        self.look_icon()
        self.toggle.setText(text)
        side = _length(entry)
        self._side.setText(side)
        state = tr("open") if self._open else tr("closed")
        self.toggle.setAccessibleName(", ".join(filter(None, (text, side, state))))
        self.toggle.setToolTip(tr("Hide the thinking") if self._open else tr("Show the thinking"))

    def _write(self) -> None:
        text = broken_lines(self._entry.text.strip("\n"))
        if len(text) > _LONGEST_SHOWN:
            text = tr("{text}\n… and more", text=text[:_LONGEST_SHOWN])
        if self._written and text.startswith(self._written):
            self._text.append_text(text[len(self._written) :])
        else:
            self._text.clear()
            lines = QTextBlockFormat()
            lines.setLineHeight(
                self.look.scale.text(20), QTextBlockFormat.LineHeightTypes.MinimumHeight.value
            )
            cursor = self._text.end_cursor()
            cursor.setBlockFormat(lines)
            char = QTextCharFormat()
            char.setForeground(QColor(self.look.colors.muted))
            cursor.setBlockCharFormat(char)
            cursor.insertText(text, char)
        self._written = text


def _thought(entry: Thinking) -> str:
    span = _span(entry.seconds)
    if entry.ended_by == "person":
        return tr("Thought for {span}, then you asked for the answer", span=span)
    if entry.ended_by == "budget":
        return tr("Thought for {span}, until its budget was used up", span=span)
    if _is_moment(entry.seconds):
        return tr("Thought for a moment")
    return tr("Thought for {span}", span=span)


def _length(entry: Thinking) -> str:
    if entry.tokens < _FEWEST_TOLD:
        return ""
    if entry.budget and entry.state == "running":
        return tr(
            "about {used} of {most} tokens", used=count(entry.tokens), most=count(entry.budget)
        )
    return tr("about {tokens}", tokens=figures.tokens(entry.tokens))


def _span(seconds: float | None) -> str:
    return tr("a moment") if seconds is None or _is_moment(seconds) else duration(seconds)


def _is_moment(seconds: float | None) -> bool:
    return seconds is None or seconds < 1
