"""Above the list: find, sort, look again, add a folder, and what there is in all."""

from typing import cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.library.rows import SORTS, Sort
from app.ui.look import Look
from app.ui.widgets import ChoiceBox, IconButton, button, label


class TopBar(QWidget):
    query_changed = Signal(str)
    sort_changed = Signal(str)
    look_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryBar")
        self.search = QLineEdit()
        self.search.setObjectName("librarySearch")
        self.search.setPlaceholderText(tr("Find on this computer"))
        self.search.setAccessibleName(tr("Find on this computer"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.query_changed)
        self.sort = ChoiceBox(look)
        self.sort.setObjectName("librarySort")
        self.sort.setAccessibleName(tr("Order"))
        for key, text in SORTS:
            self.sort.addItem(tr(text), key)
        self.sort.currentIndexChanged.connect(lambda *_: self.sort_changed.emit(self.order))
        self.again = IconButton(
            look, "retry", tr("Look again"), "libraryAgain", on_click=self.look_wanted.emit
        )
        self.add = button(tr("Add folder"), "libraryAdd", on_click=self.folder_wanted.emit)
        self.summary = label("", "small", name="librarySummary", wrap=True)
        self.problems = label("", "bad", name="libraryProblems", wrap=True)
        self.problems.hide()
        self._lay_out()

    @property
    def order(self) -> Sort:
        return cast("Sort", self.sort.currentData())

    def tell(self, summary: str, problems: str) -> None:
        self.summary.setText(summary)
        self.problems.setText(problems)
        self.problems.setVisible(bool(problems))

    def _lay_out(self) -> None:
        row, column = QHBoxLayout(), QVBoxLayout(self)
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        for control in (self.sort, self.again, self.add):
            row.addWidget(control)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.summary)
        column.addWidget(self.problems)
