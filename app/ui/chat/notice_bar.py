"""Something a person should know that belongs to no answer; stays until it is read."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.ui.look import Look
from app.ui.widgets import IconButton, card, label


class NoticeBar(QFrame):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("noticeBar")
        self._lines: list[str] = []
        frame = card(name="noticeCard")
        self.text = label("", name="noticeText", wrap=True)
        row = QHBoxLayout(frame)
        row.setContentsMargins(16, 8, 8, 8)
        row.addWidget(self.text, 1)
        row.addWidget(
            IconButton(look, "cross", "Close the note", "noticeClose", on_click=self.clear)
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 24, 8)
        column.addWidget(frame)
        self.hide()

    def say(self, text: str) -> None:
        """Beside what is there already, once."""
        if text in self._lines:
            return
        self._lines.append(text)
        self.text.setText("\n".join(self._lines))
        self.setAccessibleName(f"Note: {self.text.text()}")
        self.show()

    def clear(self) -> None:
        self._lines.clear()
        self.hide()
