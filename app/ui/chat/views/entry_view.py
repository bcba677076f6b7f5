"""What every entry of the transcript can do."""

from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QFrame, QMenu, QTextEdit, QWidget

from app.ui.chat.actions import Action, nothing_possible
from app.ui.chat.model_state import Ability
from app.ui.look import Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.ui.chat.actions import Possible
    from app.ui.chat.entries import Entry

_numbers = count(1)


class EntryView(QFrame):
    """`height_for` places the children and is the only thing that the transcript asks.

    `resized` says that the height at the same width is another one now. acted: an `Action` is
    wanted. edited: the question shall be asked like this. file_wanted: the text of an attachment.
    """

    resized = Signal()
    acted = Signal(str)
    edited = Signal(str)
    file_wanted = Signal(object)
    gap_above = 12
    gap_below = 0

    def __init__(self, look: Look, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.number = next(_numbers)
        self.setObjectName(f"{name}-{self.number}")
        self.look = look
        self.entry: Entry | None = None
        self.possible: Possible = nothing_possible
        self.fill_menu: Callable[[QMenu], None] | None = None
        """Adds what can be done with the entry, or with the turn that it belongs to."""

    def can(self, action: Action) -> Ability | None:
        return self.possible(action, self.entry) if self.entry is not None else None

    def refresh_actions(self) -> None:
        """What can be done may be something else now."""

    def action_button(self, action: Action) -> QWidget | None:  # noqa: ARG002
        """The button for it, when there is one to be seen."""
        return None

    def add_to_menu(self, menu: QMenu) -> None:
        if self.fill_menu is not None:
            self.fill_menu(menu)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setObjectName(f"entryMenu-{self.number}")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.add_to_menu(menu)
        if menu.isEmpty():
            menu.deleteLater()
        else:
            menu.popup(event.globalPos())

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
