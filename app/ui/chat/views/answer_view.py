"""The answer: Markdown, plain on the page."""

from PySide6.QtWidgets import QWidget

from app.ui.chat.entries import Answer
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.markdown.markdown_view import MarkdownView


class AnswerView(EntryView):
    gap_above = 14

    def __init__(self, look: Look, entry: Answer, parent: QWidget) -> None:
        super().__init__(look, "answer", parent)
        self._entry = entry
        self.markdown = MarkdownView(look, self)
        self.markdown.unfold(entry.unfolded)
        self.markdown.resized.connect(self._unfolded)
        self.refresh()

    def refresh(self) -> None:
        self.markdown.set_text(self._entry.text, finished=self._entry.finished)
        self.resized.emit()

    def _unfolded(self) -> None:
        self._entry.unfolded = self.markdown.unfolded
        self.resized.emit()

    def reveal(self, number: int) -> None:  # noqa: ARG002
        self.markdown.hurry()

    def redraw(self) -> None:
        self.markdown.redraw()

    def height_for(self, width: int) -> int:
        height = self.markdown.height_for(width)
        self.markdown.setGeometry(0, 0, width, height)
        return height
