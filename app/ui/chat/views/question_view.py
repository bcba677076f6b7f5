"""The question: a soft bubble on the right, its text shown as typed."""

import math

from PySide6.QtGui import QTextBlockFormat
from PySide6.QtWidgets import QWidget

from app.core.units import count
from app.ui.chat.entries import Question
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.markdown.writer import LINE_HEIGHT
from app.ui.widgets import button, card

_WIDEST = 0.72
_PADDING_X = 17
# Lines have their extra height above the letters, so that they need less room there.
_PADDING_TOP = 13
_PADDING_BOTTOM = 17
_SHOWN_CHARACTERS = 4_000
_SHOWN_LINES = 60
_STEP = 100_000


class QuestionView(EntryView):
    gap_above = 28
    gap_below = 6

    def __init__(self, look: Look, entry: Question, parent: QWidget) -> None:
        super().__init__(look, "question", parent)
        self._entry = entry
        self._bubble = card("bubble", name=f"questionBubble-{self.number}", parent=self)
        self._text = TextView("Question", self._bubble)
        self._more = button(
            "Show more",
            f"questionShowMore-{self.number}",
            "quiet",
            on_click=self._show_more,
            parent=self._bubble,
        )
        self._more.hide()
        self._show(entry.text[: entry.unfolded] if entry.unfolded else _shortened(entry.text))

    def height_for(self, width: int) -> int:
        inner = int(width * _WIDEST) - 2 * _PADDING_X
        self._text.height_for(inner)
        wanted = math.ceil(self._text.document().idealWidth())
        text_width = min(inner, max(wanted, 24))
        height = self._text.height_for(text_width)
        self._text.setGeometry(_PADDING_X, _PADDING_TOP, text_width, height)
        total = _PADDING_TOP + height + _PADDING_BOTTOM
        if not self._more.isHidden():
            self._more.setGeometry(
                _PADDING_X - 6, total - _PADDING_BOTTOM + 4, self._more.sizeHint().width(), 28
            )
            total += 28
        bubble = text_width + 2 * _PADDING_X
        self._bubble.setGeometry(width - bubble, 0, bubble, total)
        return total

    def _show(self, text: str) -> None:
        hidden = len(self._entry.text) - len(text)
        self._more.setVisible(hidden > 0)
        self._more.setText(f"Show more ({count(hidden)} characters left)")
        self._more.setAccessibleName(self._more.text())
        self._text.clear()
        lines = QTextBlockFormat()
        lines.setLineHeight(
            self.look.scale.text(LINE_HEIGHT), QTextBlockFormat.LineHeightTypes.MinimumHeight.value
        )
        self._text.end_cursor().setBlockFormat(lines)
        self._text.append_text(broken_lines(text))

    def _show_more(self) -> None:
        self._entry.unfolded += _STEP
        self._show(self._entry.text[: self._entry.unfolded])
        self.resized.emit()


def _shortened(text: str) -> str:
    lines = text.split("\n", _SHOWN_LINES)
    if len(lines) > _SHOWN_LINES:
        text = "\n".join(lines[:_SHOWN_LINES])
    # A little more than the limit is shown rather than folded.
    return text if len(text) <= 1.2 * _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS]
