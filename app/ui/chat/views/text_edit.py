"""A text of the transcript that is edited where it stands."""

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from app.ui.widgets import takes_escape

_LONGEST_PASTE = 4_000_000


class TextEdit(QPlainTextEdit):
    """Plain text without a frame. saved: Ctrl+Enter. left: Esc, while it can be edited; it is the
    field's then, not the window's."""

    saved = Signal()
    left = Signal()

    def __init__(self, object_name: str, accessible_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(object_name)
        self.setAccessibleName(accessible_name)
        self.setProperty("bare", "true")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)

    def event(self, event: QEvent) -> bool:
        return (not self.isReadOnly() and takes_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and held:
            self.saved.emit()
        elif event.key() == Qt.Key.Key_Escape and not self.isReadOnly():
            self.left.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Plain text only."""
        if source.hasText():
            self.insertPlainText(source.text()[:_LONGEST_PASTE].replace("\0", ""))
