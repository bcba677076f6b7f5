"""In place of the list: looking, nothing there, nothing found."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.widgets import button, label


class StatePage(QWidget):
    folder_wanted = Signal()
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("libraryStates")
        self.title = label(tr("Looking for models"), "display", name="libraryStateTitle", wrap=True)
        self.text = label(
            tr("In the folders of this program and of others."),
            "muted",
            name="libraryStateText",
            wrap=True,
        )
        self.add = button(
            tr("Add a folder with models"), "libraryStateAdd", on_click=self.folder_wanted.emit
        )
        self.clear = button(tr("Show all"), "libraryStateClear", on_click=self.clear_wanted.emit)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        centre = Qt.AlignmentFlag.AlignHCenter
        for text in (self.title, self.text):
            text.setAlignment(centre)
            column.addWidget(text)
        for control in (self.add, self.clear):
            column.addWidget(control, 0, centre)
            control.hide()
        column.addStretch(1)

    def empty(self, places: Sequence[str]) -> None:
        looked = ", ".join(dict.fromkeys(places))
        self.title.setText(tr("No model on this computer yet"))
        self.text.setText(
            tr("Download one from the list of models, drop a .gguf file here, or add a folder.")
            + (tr(" Looked through: {looked}.", looked=looked) if looked else "")
        )
        self.add.show()
        self.clear.hide()

    def nothing_found(self, query: str) -> None:
        self.title.setText(tr("Nothing found"))
        self.text.setText(
            tr("No model here has “{query}” in its name, place or state.", query=query[:60])
        )
        self.add.hide()
        self.clear.show()
