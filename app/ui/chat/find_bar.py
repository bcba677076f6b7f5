"""Find in conversation: a field above the transcript, and its matches marked in the text."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QTextEdit, QWidget

from app.core.language import tr
from app.core.units import count
from app.ui.chat.finding import Finder, Place
from app.ui.chat.transcript_view import TranscriptView
from app.ui.look import Look
from app.ui.widgets import IconButton, announce, label, single_shot, takes_escape

_SEARCH_MS = 80
_MARK_MS = 30
_LIVE_MS = 250
# So many matches are marked in one text; nobody looks at more of them at once.
_MOST_MARKED = 500
_MARK_ALPHA = 96


class FindBar(QFrame):
    """Searches all entries, also those that do not exist as widgets at the moment."""

    def __init__(
        self, look: Look, transcript: TranscriptView, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("findBar")
        self.setAccessibleName(tr("Find in conversation"))
        self._look = look
        self._transcript = transcript
        self._finder = Finder()
        self._places: list[Place] = []
        self._current: Place | None = None
        self._query = ""
        self.field = QLineEdit()
        self.field.setObjectName("findField")
        self.field.setAccessibleName(tr("Find in conversation"))
        self.field.setPlaceholderText(tr("Find in conversation"))
        self.field.setMaxLength(1000)
        self.field.setMaximumWidth(360)
        self.figure = label("", "small", name="findCount")
        self.figure.setMinimumWidth(84)
        self.previous = IconButton(
            look, "chevron-up", tr("Previous match"), "findPrevious", on_click=lambda: self.step(-1)
        )
        self.next = IconButton(
            look, "chevron-down", tr("Next match"), "findNext", on_click=lambda: self.step(1)
        )
        self._close = IconButton(
            look, "cross", tr("Close the search"), "findClose", on_click=self.end
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 4, 24, 8)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(8)
        row.addWidget(self.figure)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        row.addStretch()
        row.addWidget(self._close)
        self._soon = single_shot(self, _SEARCH_MS, self._search)
        self._marking = single_shot(self, _MARK_MS, self._mark)
        self._live = single_shot(self, _LIVE_MS, self._search_again)
        self.field.textChanged.connect(lambda _: self._soon.start())
        transcript.shown.connect(self._transcript_changed)
        transcript.laid_out.connect(self._mark_soon)
        look.changed.connect(self._mark_soon)
        self.hide()
        self._say()

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._places)

    @property
    def current(self) -> Place | None:
        return self._current

    def begin(self) -> None:
        """Show it and put the focus into the field."""
        self.show()
        self.field.setFocus()
        self.field.selectAll()
        self._search()

    def end(self) -> None:
        """Hide it; no match stays marked."""
        self.hide()
        for timer in (self._soon, self._marking, self._live):
            timer.stop()
        self._places, self._current, self._query = [], None, ""
        self._finder.forget()
        self._mark()
        self._transcript.setFocus()

    def step(self, by: int) -> None:
        """1 for the next match, -1 for the one before; around the ends."""
        if self.field.text() != self._query:
            self._search()
            return
        self._search_again()  # entries may be gone
        if not self._places:
            return
        at = self._places.index(self._current) if self._current in self._places else -1
        self._go(self._places[(at + by) % len(self._places)])

    def event(self, event: QEvent) -> bool:
        """Esc is ours while the focus is in here."""
        return takes_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            back = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.step(-1 if back else 1)
        else:
            super().keyPressEvent(event)

    def _search(self) -> None:
        self._soon.stop()
        if self.isHidden():
            return
        self._query = self.field.text()
        self._places = self._finder.search(self._transcript.entries, self._query)
        start = self._current or Place(self._transcript.first_visible, 0)
        following = (
            place for place in self._places if (place.at, place.number) >= (start.at, start.number)
        )
        target = next(following, self._places[0] if self._places else None)
        if target is None:
            self._current = None
            self._say()
            self._mark_soon()
        else:
            self._go(target)

    def _search_again(self) -> None:
        """The text has grown: nothing moves, the figures do."""
        if self.isHidden() or not self._query:
            return
        self._places = self._finder.search(self._transcript.entries, self._query)
        if self._current not in self._places:
            self._current = None
        self._say()
        self._mark_soon()

    def _transcript_changed(self) -> None:
        if not self.isHidden() and not self._live.isActive():
            self._live.start()

    def _mark_soon(self) -> None:
        if not self.isHidden() and not self._marking.isActive():
            self._marking.start()

    def _go(self, place: Place) -> None:
        self._current = place
        self._say()
        entry = self._transcript.entries[place.at]
        view = self._transcript.view_of(entry)
        view.reveal(place.number)
        if not self._transcript.is_visible(entry):
            self._transcript.show_entry(entry)
        found = self._found_in(view)
        if found:
            text, cursor = found[min(place.number, len(found) - 1)]
            line = text.cursorRect(cursor)
            origin = text.viewport().mapTo(view, line.topLeft())
            self._transcript.show_line(entry, origin.y(), line.height())
        self._mark()

    def _say(self) -> None:
        found, at = len(self._places), 0
        if self._current is not None:
            at = self._places.index(self._current) + 1
        if not self._query:
            text = ""
        elif not found:
            text = tr("Not found")
        else:
            text = (
                tr("{at} of {found}", at=count(at), found=count(found))
                if at
                else tr("{found} found", found=count(found))
            )
        if text != self.figure.text():
            self.figure.setText(text)
            self.figure.setAccessibleName(text)
            if text:
                announce(self, text)
        for control in (self.previous, self.next):
            control.setEnabled(found > 0)

    def _found_in(self, view: QWidget) -> list[tuple[QTextEdit, QTextCursor]]:
        found: list[tuple[QTextEdit, QTextCursor]] = []
        if not self._query:
            return found
        texts = [text for text in view.findChildren(QTextEdit) if not text.isHidden()]
        for text in sorted(texts, key=lambda text: text.mapTo(view, text.rect().topLeft()).y()):
            cursor = text.document().find(self._query)
            marked = 0
            while not cursor.isNull() and marked < _MOST_MARKED:
                found.append((text, cursor))
                marked += 1
                cursor = text.document().find(self._query, cursor)
        return found

    def _mark(self) -> None:
        """In every text that exists; the current match stronger than the others."""
        current = None
        if self._current is not None and self._current.at < len(self._transcript.entries):
            current = self._transcript.entries[self._current.at]
        for view in self._transcript.views:
            found = self._found_in(view)
            at = -1
            if self._current is not None and view.entry is current:
                at = min(self._current.number, len(found) - 1)
            marks: dict[QTextEdit, list[QTextEdit.ExtraSelection]] = {}
            for number, (text, cursor) in enumerate(found):
                marks.setdefault(text, []).append(self._selection(cursor, strong=number == at))
            for text in view.findChildren(QTextEdit):
                if text in marks or text.extraSelections():
                    text.setExtraSelections(marks.get(text, []))

    def _selection(self, cursor: QTextCursor, *, strong: bool) -> QTextEdit.ExtraSelection:
        colors = self._look.colors
        style = QTextCharFormat()
        back = QColor(colors.accent if strong else colors.work)
        if not strong:
            back.setAlpha(_MARK_ALPHA)
        style.setBackground(back)
        style.setForeground(QColor(colors.on_accent if strong else colors.text))
        selection = QTextEdit.ExtraSelection()
        selection.cursor = cursor
        selection.format = style
        return selection
