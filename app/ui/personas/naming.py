"""A name is asked for in place: a field, Save and Cancel."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.core.language import tr
from app.core.personas import LONGEST_NAME
from app.ui.widgets import button


class NamingRow(QWidget):
    """`named` brings what was typed; the row stays until `end`."""

    named = Signal(str)
    ended = Signal()

    def __init__(self, name: str, asked: str, parent: QWidget | None = None) -> None:
        """name: what the object names begin with. asked: what is to be typed."""
        super().__init__(parent)
        self.setObjectName(f"{name}Naming")
        self.field = QLineEdit()
        self.field.setObjectName(f"{name}Name")
        self.field.setAccessibleName(asked)
        self.field.setPlaceholderText(asked)
        self.field.setMaxLength(LONGEST_NAME)
        self.field.returnPressed.connect(self._give)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(button(tr("Save"), f"{name}NameSave", on_click=self._give))
        row.addWidget(button(tr("Cancel"), f"{name}NameCancel", on_click=self._give_up))
        self.hide()

    def begin(self, text: str = "") -> None:
        self.field.setText(text)
        self.show()
        self.field.selectAll()
        self.field.setFocus()

    def end(self) -> bool:
        """False when nothing was being named."""
        if self.isHidden():
            return False
        self.hide()
        self.ended.emit()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.end():
            event.accept()
            return
        super().keyPressEvent(event)

    def _give_up(self) -> None:
        self.end()

    def _give(self) -> None:
        self.named.emit(self.field.text())
