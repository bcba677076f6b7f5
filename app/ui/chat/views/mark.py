"""A bar beside what was looked for, for a moment."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QFrame, QWidget

from app.ui.chat.entries import Entry
from app.ui.chat.views.entry_view import EntryView
from app.ui.widgets import single_shot

_SHOWN_MS = 1800
_WIDTH = 3
_BESIDE = 14


class Mark(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("foundMark")
        self.setProperty("line", "insert")
        self._marked: set[int] = set()
        self._end = single_shot(self, _SHOWN_MS, self._hide)
        self.hide()

    def show_beside(self, entries: Iterable[Entry]) -> None:
        """To be placed then."""
        self._marked = {id(entry) for entry in entries}
        self._end.start()

    def place(self, views: Mapping[int, EntryView]) -> None:
        """views: those that exist, by the id of their entry, where they stand."""
        if not self._marked:
            return
        around = QRect()
        for key in self._marked & views.keys():
            if not views[key].isHidden():
                around = around.united(views[key].geometry())
        self.setGeometry(around.left() - _BESIDE, around.top(), _WIDTH, around.height())
        self.setVisible(not around.isEmpty())

    def _hide(self) -> None:
        self._marked.clear()
        self.hide()
