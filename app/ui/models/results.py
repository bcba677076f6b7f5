"""What a search of the Hub found."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.core.language import sentences, tr
from app.core.units import count
from app.ui.models.board import Found
from app.ui.widgets import button, label, plain_tip

_MOST = 40


class Results(QWidget):
    """`repo_wanted` brings owner/name; `again` repeats the search, `left` ends it."""

    repo_wanted = Signal(str)
    again = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("searchResults")
        self._text = ""
        self.title = label("", "display", name="searchTitle", wrap=True)
        self.note = label("", "muted", name="searchNote", wrap=True)
        self._retry = button(
            tr("Try again"), "searchRetry", on_click=lambda: self.again.emit(self._text)
        )
        self._close = button(tr("Close the search"), "searchClose", on_click=self.left.emit)
        self._rows: list[QPushButton] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._retry)
        buttons.addWidget(self._close)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addWidget(self.note)
        column.addLayout(self._list)
        column.addLayout(buttons)
        column.addStretch(1)

    def show_found(self, found: Found) -> None:
        self._text = found.text
        self.title.setText(tr("“{text}” on the Hub", text=found.text))
        self._retry.setVisible(found.problem is not None)
        self.note.setText(_note(found))
        self.setAccessibleName(f"{self.title.text()}. {self.note.text()}")
        for old in self._rows:
            old.hide()
            old.deleteLater()
        self._rows = []
        for number, one in enumerate((found.repos or ())[:_MOST], 1):
            parts = [one.repo]
            if one.downloads is not None:
                parts.append(tr("{downloads} downloads in 30 days", downloads=count(one.downloads)))
            if one.gated:
                parts.append(tr("gated: its terms have to be accepted on the Hub"))
            text = "   ·   ".join(parts)
            row = button(text, f"searchResult-{number}", "row")
            row.setToolTip(plain_tip(one.repo))
            row.clicked.connect(lambda *_, repo=one.repo: self.repo_wanted.emit(repo))
            self._rows.append(row)
            self._list.addWidget(row)


def _note(found: Found) -> str:
    if found.problem is not None:
        return str(found.problem)
    if found.repos is None:
        return tr("Searching…")
    if not found.repos:
        return tr(
            "No repository with GGUF files has such a name. Search for the "
            "model's name alone, or give the repository as owner/name."
        )
    shown = tr(", of which {most} are shown", most=_MOST) if len(found.repos) > _MOST else ""
    told = tr("{repos} repositories with GGUF files{shown}.", repos=len(found.repos), shown=shown)
    return sentences(told, found.note)
