"""What is pasted into the question: files become attachments, long text may become one."""

from pathlib import Path

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from app.chat.attachments.reading import from_text
from app.core.language import tr
from app.core.units import count
from app.ui.chat.attachments.desk import Desk, Item
from app.ui.widgets import announce, button, card, label

LONG_CHARACTERS = 4_000
LONG_LINES = 60
# Longer text would hold up the window while it is laid out.
LONGEST_IN_FIELD = 200_000
_LONGEST_PASTE = 16_000_000


def local_files(data: QMimeData) -> tuple[Path, ...]:
    """What was copied or dragged from a file manager; none when something else is among it."""
    urls = data.urls()
    if not urls or not all(url.isLocalFile() for url in urls):
        return ()
    return tuple(Path(url.toLocalFile()) for url in urls)


def is_long(text: str) -> bool:
    return len(text) > LONG_CHARACTERS or text.count("\n") >= LONG_LINES


class PasteOffer(QFrame):
    """Above the question, after long text was pasted: to have it as an attachment, and back."""

    note = Signal(str)

    def __init__(self, desk: Desk, edit: QPlainTextEdit) -> None:
        super().__init__()
        self.setObjectName("pasteOffer")
        self._desk, self._edit = desk, edit
        # Goes with the text when there is typing before it.
        self._range: QTextCursor | None = None
        self._pasted = ""
        self._item: Item | None = None
        self.text = label("", "small", name="pasteOfferText", wrap=True)
        self.attach = button(tr("Make it an attachment"), "pasteAttach", on_click=self._attach)
        self.keep = button(tr("Keep as text"), "pasteKeep", "quiet", on_click=self.dismiss)
        self.undo = button(tr("Undo"), "pasteUndo", "quiet", on_click=self._put_back)
        inner = card("notice", name="pasteOfferCard")
        row = QHBoxLayout(inner)
        row.setContentsMargins(12, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.text, 1)
        for widget in (self.keep, self.undo, self.attach):
            row.addWidget(widget)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(inner)
        edit.textChanged.connect(self._text_changed)
        desk.changed.connect(self._desk_changed)
        self.hide()

    def take(self, data: QMimeData) -> bool:
        """True when the paste was seen to here."""
        files = local_files(data)
        if files:
            self._desk.add_files(files)
            return True
        if not data.hasText():
            if data.hasImage():
                self.note.emit(
                    tr("The model reads text only and cannot see pictures. Describe it in words.")
                )
            return data.hasImage()
        text = from_text("", data.text()).text
        if len(text) > _LONGEST_PASTE:
            self.note.emit(
                tr("The pasted text is too long. Save it as a file, and add a part of it.")
            )
            return True
        if not is_long(text):
            return False
        if len(text) > LONGEST_IN_FIELD:
            self._attached(self._desk.add_text(text), text, can_undo=False)
        else:
            self._insert(text)
        return True

    def dismiss(self) -> None:
        self._range, self._item, self._pasted = None, None, ""
        self.hide()

    def _insert(self, text: str) -> None:
        cursor = self._edit.textCursor()
        start = cursor.selectionStart()
        cursor.insertText(text)
        end = cursor.position()
        self._edit.setTextCursor(cursor)
        self._edit.ensureCursorVisible()
        self._range = QTextCursor(self._edit.document())
        self._range.setPosition(start)
        self._range.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        self._range.setKeepPositionOnInsert(True)  # what is typed after it is none of it
        self._pasted, self._item = text, None
        self.text.setText(tr("{count} characters were pasted.", count=count(len(text))))
        self._show(offers=True, can_undo=False)

    def _attach(self) -> None:
        where, self._range = self._range, None
        if where is None:
            return
        text = where.selection().toPlainText()
        if len(text) == len(self._pasted):
            text = self._pasted  # the field has other blanks and line ends
        where.removeSelectedText()
        self._edit.setTextCursor(where)
        self._attached(self._desk.add_text(text), text, can_undo=True)
        self._edit.setFocus()

    def _attached(self, item: Item, text: str, *, can_undo: bool) -> None:
        self._item, self._pasted, self._range = item, text, None
        self.text.setText(
            tr("The pasted text is an attachment now ({count} characters).", count=count(len(text)))
        )
        self._show(offers=False, can_undo=can_undo)

    def _put_back(self) -> None:
        item, text = self._item, self._pasted
        self.dismiss()
        if item is not None:
            self._desk.remove(item)
            self._edit.textCursor().insertText(text)
            self._edit.setFocus()

    def _show(self, *, offers: bool, can_undo: bool) -> None:
        self.attach.setVisible(offers)
        self.keep.setVisible(offers)
        self.undo.setVisible(can_undo)
        self.show()
        announce(self, self.text.text())

    def _text_changed(self) -> None:
        if self._range is not None and not self._range.hasSelection():
            self.dismiss()

    def _desk_changed(self) -> None:
        if self._item is not None and self._item not in self._desk.items:
            self.dismiss()
