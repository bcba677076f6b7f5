"""What every entry of the transcript can do."""

from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from app.ui.look import Look

if TYPE_CHECKING:
    from app.ui.chat.entries import Entry

_numbers = count(1)


class EntryView(QFrame):
    """`height_for` places the children and is the only thing that the transcript asks.

    `resized` says that the height at the same width is another one now.
    """

    resized = Signal()
    gap_above = 12
    gap_below = 0

    def __init__(self, look: Look, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.number = next(_numbers)
        self.setObjectName(f"{name}-{self.number}")
        self.look = look
        self.entry: Entry | None = None

    def refresh(self) -> None:
        """The entry changed."""

    def redraw(self) -> None:
        """The colours changed."""

    def reveal(self, number: int) -> None:
        """Unfold what hides text, so that its number-th match (from 0) can be seen."""

    def has_selection(self) -> bool:
        """Text in it is selected."""
        return any(text.textCursor().hasSelection() for text in self.findChildren(QTextEdit))

    def height_for(self, width: int) -> int:
        raise NotImplementedError
