"""What a call would do, as text that can be shown whole: nobody allows what they cannot see."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextOption
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.language import tr
from app.core.units import count
from app.ui.look import Look
from app.ui.markdown.links import with_hidden_shown
from app.ui.markdown.text_view import TextView, broken_lines
from app.ui.widgets import button

_FOLDED_LINES = 14
_FOLDED_CHARACTERS = 1_400
_MOST_CHARACTERS = 100_000


class FoldedText(QWidget):
    """diff: lines that come and go are told by sign and by colour. `resized` as of a card."""

    resized = Signal()

    def __init__(
        self, look: Look, text: str, label: str, name: str, parent: QWidget, *, diff: bool = False
    ) -> None:
        super().__init__(parent)
        self._look, self._diff = look, diff
        self._view = TextView(label, self)
        font = look.mono_font(12)
        self._view.document().setDefaultFont(font)
        self._view.setFont(font)
        self._view.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        shown = broken_lines(with_hidden_shown(text[:_MOST_CHARACTERS]))
        if len(text) > _MOST_CHARACTERS:
            more = count(len(text) - _MOST_CHARACTERS)
            shown += "\n" + tr("… and {number} more characters, which are not shown", number=more)
        self._whole = shown
        self._short = _folded(shown)
        self._more = button(
            tr("Show all ({number} lines)", number=count(shown.count("\n") + 1)),
            f"{name}-more",
            "quiet",
            on_click=self.unfold,
            parent=self,
        )
        self._more.setVisible(self._short != shown)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._view)
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._write(self._short)

    @property
    def shown(self) -> str:
        return self._view.toPlainText()

    def fit(self, width: int) -> None:
        """To be called before the layout is asked for its height at that width."""
        self._view.setFixedHeight(self._view.height_for(width))

    def unfold(self) -> None:
        self._more.hide()
        self._write(self._whole)
        self.resized.emit()

    def _write(self, text: str) -> None:
        self._view.clear()
        cursor = self._view.end_cursor()
        for number, line in enumerate(text.split("\n")):
            form = QTextCharFormat()
            form.setForeground(self._colour(line))
            cursor.insertText(("\n" if number else "") + line, form)

    def _colour(self, line: str) -> QColor:
        colors = self._look.colors
        if self._diff and line.startswith("+"):
            return QColor(colors.ok)
        if self._diff and line.startswith("-"):
            return QColor(colors.bad)
        return QColor(colors.muted if self._diff and line.startswith("@@") else colors.text)


def _folded(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > _FOLDED_LINES + 2:
        text = "\n".join(lines[:_FOLDED_LINES])
    return text if len(text) <= _FOLDED_CHARACTERS * 1.3 else f"{text[:_FOLDED_CHARACTERS]}…"
