"""Notices and failures: inline, in plain words, with what to do next."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.errors import KnownError
from app.core.language import tr
from app.ui.chat.entries import Failure, Notice
from app.ui.chat.views.entry_view import EntryView
from app.ui.look import Look
from app.ui.widgets import button, card, chip, label


class NoticeView(EntryView):
    def __init__(self, look: Look, entry: Notice, parent: QWidget) -> None:
        super().__init__(look, "notice", parent)
        self.setProperty("card", "true")
        self._text = label(entry.text, "muted", name=f"noticeText-{self.number}", wrap=True)
        self._text.setParent(self)
        self.setAccessibleName(tr("Note: {text}", text=entry.text))

    def height_for(self, width: int) -> int:
        height = self._text.heightForWidth(width - 28)
        self._text.setGeometry(14, 10, width - 28, height)
        return height + 20


class ErrorCard(QWidget):
    """What happened, why, what to do; details folded. The caller adds the buttons."""

    resized = Signal()

    def __init__(self, error: KnownError, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr("Error: {error}", error=error))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame = card("bad", name=f"{name}-card")
        outer.addWidget(frame)
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(chip("! error", "bad", name=f"{name}-chip"))
        head.addWidget(label(error.what, "strong", name=f"{name}-what", wrap=True), 1)
        column.addLayout(head)
        for text, part in ((error.why, "why"), (error.next_step, "next")):
            if text:
                column.addWidget(label(text, name=f"{name}-{part}", wrap=True))
        self._details = label(error.details, "mono", name=f"{name}-details", wrap=True)
        self._details.hide()
        column.addWidget(self._details)
        self.buttons = QHBoxLayout()
        self.buttons.setContentsMargins(0, 6, 0, 0)
        self.buttons.setSpacing(8)
        self._fold = button(tr("Details"), f"{name}-fold", "quiet", on_click=self._toggle)
        self._fold.setVisible(bool(error.details))
        self.buttons.addStretch()
        self.buttons.addWidget(self._fold)
        column.addLayout(self.buttons)

    def add_button(self, made: QWidget) -> None:
        self.buttons.insertWidget(self.buttons.count() - 2, made)

    def _toggle(self) -> None:
        self._details.setVisible(self._details.isHidden())
        self._fold.setText(tr("Details") if self._details.isHidden() else tr("Hide details"))
        self.resized.emit()


class FailureView(EntryView):
    retry_wanted = Signal()

    def __init__(self, look: Look, entry: Failure, parent: QWidget) -> None:
        super().__init__(look, "failure", parent)
        self._card = ErrorCard(entry.error, f"error-{self.number}", self)
        self._card.resized.connect(self.resized)
        if "retry" in entry.actions:
            retry = button(tr("Try again"), f"retry-{self.number}", on_click=self.retry_wanted.emit)
            self._card.add_button(retry)

    def height_for(self, width: int) -> int:
        layout = self._card.layout()
        height = layout.totalHeightForWidth(width) if layout is not None else 0
        self._card.setGeometry(0, 0, width, height)
        return height
