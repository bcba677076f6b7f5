"""The place in the transcript above which messages are not sent any more."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.language import tr
from app.ui.chat.context import words
from app.ui.chat.context.entry import Omitted
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.text_edit import TextEdit
from app.ui.look import Look
from app.ui.widgets import button, card, label

_MOST_LINES = 20
_MARGIN = 16
_LONGEST = 100_000


class OmittedView(EntryView):
    """undo_wanted: all is sent again. stop_wanted: no summary, please."""

    undo_wanted = Signal()
    stop_wanted = Signal()
    summary_edited = Signal(str)
    gap_above = 20
    gap_below = 4

    def __init__(self, look: Look, entry: Omitted, parent: QWidget) -> None:
        super().__init__(look, "omitted", parent)
        self._entry = entry
        number = self.number
        self._frame = card("notice", name=f"omittedCard-{number}", parent=self)
        self._title = label("", "muted", name=f"omittedTitle-{number}", wrap=True)
        self._about = label("", "small", name=f"omittedAbout-{number}", wrap=True)
        self.text = TextEdit(f"summaryText-{number}", tr("Summary"), self._frame)
        self.undo = button(
            tr("Undo"),
            f"omittedUndo-{number}",
            tooltip=tr("Send these messages again, from the next question on."),
            on_click=self.undo_wanted.emit,
        )
        self.edit = button(tr("Edit"), f"summaryEdit-{number}", on_click=self.begin_edit)
        self.save = button(
            tr("Save"),
            f"summarySave-{number}",
            "primary",
            tooltip="Ctrl+Enter",
            on_click=self._save,
        )
        self.cancel = button(
            tr("Cancel"), f"summaryCancel-{number}", tooltip="Esc", on_click=self._leave
        )
        self.stop = button(tr("Stop"), f"summaryStop-{number}", on_click=self.stop_wanted.emit)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title, 1)
        for one in (self.edit, self.save, self.cancel, self.stop, self.undo):
            head.addWidget(one)
        column = QVBoxLayout(self._frame)
        column.setContentsMargins(_MARGIN, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._about)
        column.addWidget(self.text)
        self.text.saved.connect(self._save)
        self.text.left.connect(self._leave)
        self.text.document().documentLayout().documentSizeChanged.connect(
            lambda _: self.resized.emit()
        )
        self.refresh()

    def refresh(self) -> None:
        entry = self._entry
        writing, summary = entry.state == "writing", entry.state == "summary"
        self._title.setText(words.omitted(entry))
        about = words.summarized(entry) if summary else entry.progress if writing else ""
        self._about.setText(about)
        self._about.setVisible(bool(about))
        if not entry.editing and self.text.toPlainText() != entry.text:
            self.text.setPlainText(entry.text)
        self.text.setVisible(summary or bool(entry.text) or entry.editing)
        self.text.setReadOnly(not entry.editing)
        self.undo.setVisible(not writing and not entry.editing)
        self.edit.setVisible(summary and not entry.editing)
        self.save.setVisible(entry.editing)
        self.cancel.setVisible(entry.editing)
        self.stop.setVisible(writing)
        self.setAccessibleName(f"{self._title.text()}. {about}")
        self.resized.emit()

    def begin_edit(self) -> None:
        self._entry.editing = True
        self.refresh()
        self.text.setFocus()

    def height_for(self, width: int) -> int:
        self._frame.resize(width, self._frame.height())
        self.text.resize(width - _MARGIN - 14, self.text.height())
        lines = max(1, int(self.text.document().size().height()))
        policy = Qt.ScrollBarPolicy
        self.text.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if lines > _MOST_LINES else policy.ScrollBarAlwaysOff
        )
        shown = min(lines, _MOST_LINES)
        self.text.setFixedHeight(shown * self.text.fontMetrics().lineSpacing() + 4)
        layout = self._frame.layout()
        height = layout.totalHeightForWidth(width) if layout is not None else 0
        self._frame.setGeometry(0, 0, width, height)
        return height

    def _save(self) -> None:
        if self._entry.editing:
            self._entry.editing = False
            self.summary_edited.emit(self.text.toPlainText()[:_LONGEST])

    def _leave(self) -> None:
        """Nothing has changed."""
        self._entry.editing = False
        self.refresh()
        self.edit.setFocus()
