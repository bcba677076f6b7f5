"""The thinking: one quiet line that shows it is alive; opens to the text."""

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QTextBlockFormat, QTextCharFormat
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.units import duration
from app.ui.chat import figures
from app.ui.chat.entries import Thinking
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.widgets import button, label

_ROW = 40
_PADDING = 14
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
        row = QHBoxLayout(self.toggle)
        row.setContentsMargins(0, 0, _PADDING, 0)
        row.addStretch()
        row.addWidget(self._side)
        self._text = TextView("Thinking", self)
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
        if self._open:
            self._write()
            self.resized.emit()

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
        if not self._open:
            return row
        inner = width - 2 * _PADDING
        height = self._text.height_for(inner)
        self._text.setGeometry(_PADDING, row + 2, inner, height)
        return row + height + _PADDING

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
            text = f"Thinking… {duration(seconds)}" if seconds else "Thinking…"
        elif entry.state == "done":
            text = f"Thought for {_span(entry.seconds)}"
        else:
            text = "Thinking was not finished"
        self.look_icon()
        self.toggle.setText(text)
        side = f"about {figures.tokens(entry.tokens)}" if entry.tokens >= _FEWEST_TOLD else ""
        self._side.setText(side)
        state = "open" if self._open else "closed"
        self.toggle.setAccessibleName(", ".join(filter(None, (text, side, state))))
        self.toggle.setToolTip("Hide the thinking" if self._open else "Show the thinking")

    def _write(self) -> None:
        text = broken_lines(self._entry.text.strip("\n"))
        if len(text) > _LONGEST_SHOWN:
            text = f"{text[:_LONGEST_SHOWN]}\n… and more"
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


def _span(seconds: float | None) -> str:
    return duration(seconds) if seconds is not None and seconds >= 1 else "a moment"
