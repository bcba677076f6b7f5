"""The transcript: a centred column of entries that follows its end.

Only what is near the viewport exists as widgets; of the rest heights are remembered or guessed.
What is being read stays where it is while heights above it turn out to be others.
"""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from app.core.language import tr
from app.ui.chat.column import Column, differing
from app.ui.chat.entries import Entry, Question, Transcript
from app.ui.chat.entry_wishes import EntryWishes
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.factory import guessed_height, make_view, view_class
from app.ui.chat.views.jump_button import JumpButton
from app.ui.chat.views.mark import Mark
from app.ui.chat.views.question_view import QuestionView
from app.ui.look import Look

COLUMN = 720
SIDE = 24
_TOP = 22
_BOTTOM = 24
# As near to the end as this counts as being there.
_NEAR = 24
# In heights of the viewport: views are made so far beyond it, and kept twice as far.
_AHEAD = 0.5
# So much of what is marked has to be seen.
_MARKED = 60
_LARGEST_WIDGET = 16_777_215
# Every pass makes the views that the one before has found to be missing.
_MOST_PASSES = 40


class _Canvas(QWidget):
    def __init__(self, owner: "TranscriptView") -> None:
        super().__init__()
        self.setObjectName("transcriptCanvas")
        self._owner = owner

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._owner.lay_out()
            return True
        return super().event(event)


class TranscriptView(QScrollArea):
    """shown: the entries may be others. laid_out: views may have come or changed."""

    shown = Signal()
    laid_out = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName(tr("Conversation"))
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ring", "true")
        self._look = look
        self._scale, self._mono = look.scale, look.mono_family
        self.wishes = EntryWishes(self)
        self._entries: list[Entry] = []
        self._index: dict[int, int] = {}
        self._column = Column()
        self._views: dict[int, EntryView] = {}
        # Width and height, for as long as the entry looks the same.
        self._heights: dict[int, tuple[int, int]] = {}
        self._width = 0
        self._following = True
        # What stands at the top of the viewport, and how far below it (negative: above).
        self._anchor: tuple[int, int] = (0, 0)
        self._placing = False
        self._canvas = _Canvas(self)
        self.setWidget(self._canvas)
        self._mark = Mark(self._canvas)
        self._down = JumpButton(look, self.follow, self)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        look.changed.connect(self._redraw)

    def show_transcript(self, transcript: Transcript) -> None:
        """Take over all changes since the last call."""
        changed = transcript.take_changed()
        # A view that goes hands its focus on, which scrolls; nothing may be laid out half way.
        self._placing = True
        fresh = self._take_entries(transcript.entries)
        self._placing = False
        for entry in changed:
            index, known = self._index.get(id(entry)), self._heights.pop(id(entry), None)
            if index is None:
                continue
            view = self._views.get(id(entry))
            if view is not None:
                view.refresh()
            if view is not None or known is not None or index not in fresh:
                self._column.set_size(index, self._size(entry))
        self.lay_out()
        self.shown.emit()

    def follow(self) -> None:
        """Scroll to the end and stay there."""
        self._following = True
        self.lay_out()

    def show_entry(self, entry: Entry) -> None:
        """Scroll until it stands at the top."""
        self._following = False
        self._anchor = self._index[id(entry)], 0
        self.lay_out()

    def stay(self) -> None:
        """What is at the top of the viewport stays there, whatever comes below it."""
        self._following = False

    def refresh_actions(self) -> None:
        """What can be done may be something else now."""
        for view in self.views:
            view.refresh_actions()

    def is_visible(self, entry: Entry) -> bool:
        """Some of it stands in the viewport."""
        top = _TOP + self._column.top(self._index[id(entry)]) - self.verticalScrollBar().value()
        size = self._column.size(self._index[id(entry)])
        return top < self.viewport().height() and top + size > 0

    def show_line(self, entry: Entry, y: int, height: int) -> None:
        """Scroll when that line of its view is not well within the viewport."""
        index = self._index[id(entry)]
        inner = y + (view_class(entry).gap_above if index else 0)
        room = self.viewport().height()
        top = _TOP + self._column.top(index) + inner - self.verticalScrollBar().value()
        if top < _TOP or top + height > room - _BOTTOM:
            self._following = False
            self._anchor = index, room // 3 - inner
            self.lay_out()

    def mark(self, entries: Sequence[Entry]) -> None:
        """Scroll to them and mark them for a moment."""
        self._mark.show_beside(entries)
        self.show_line(entries[0], 0, _MARKED)
        self.lay_out()

    def order_tabs(self) -> None:
        """The Tab key goes through the entries as they stand, not as they were made."""
        previous: QWidget = self
        for key in sorted(self._views, key=lambda key: self._index[key]):
            for part in self._views[key].findChildren(QWidget):
                if part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(previous, part)
                    previous = part

    def view_of(self, entry: Entry) -> EntryView:
        """Made when it is not near the viewport."""
        return self._views.get(id(entry)) or self._create(entry)

    @property
    def shown_views(self) -> int:
        """How many entries exist as widgets."""
        return len(self._views)

    @property
    def entries(self) -> list[Entry]:
        """As shown; not to be changed."""
        return self._entries

    @property
    def views(self) -> list[EntryView]:
        """Of the entries that exist as widgets, in no order."""
        return list(self._views.values())

    @property
    def first_visible(self) -> int:
        """The index of what stands at the top of the viewport."""
        if not self._entries:
            return 0
        return self._column.at(self.verticalScrollBar().value() - _TOP)

    def lay_out(self) -> None:
        never = not self._width
        if self._placing or (never and not self.isVisible()):
            return
        self._placing = True
        # The whole width: a scroll bar that comes must not push the column aside.
        width = max(120, min(COLUMN, self.width() - 2 * SIDE))
        if width != self._width:
            self._width = width
            if not never or width != COLUMN:  # what the first sizes were guessed for
                for index, entry in enumerate(self._entries):
                    self._column.set_size(index, self._size(entry))
        made = self._make_near()
        self._place()
        self._drop_far()
        self._placing = False
        if made:
            self.order_tabs()
        self._down.place(not self._following, self.viewport().width(), self.height())
        self.laid_out.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def lay_out_later(self) -> None:
        QCoreApplication.postEvent(self._canvas, QEvent(QEvent.Type.LayoutRequest))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.lay_out()

    def _take_entries(self, entries: list[Entry]) -> range:
        """Which were not there before; their sizes are new."""
        was, fresh = differing(cast(list[object], self._entries), cast(list[object], entries))
        if not was and not fresh:
            return fresh
        gone = {id(entry) for entry in self._entries[was.start : was.stop]}
        self._entries[was.start : was.stop] = entries[fresh.start : fresh.stop]
        moved = fresh.stop != was.stop
        for index in range(fresh.start, len(entries) if moved else fresh.stop):
            self._index[id(entries[index])] = index
        new = entries[fresh.start : fresh.stop]
        self._column.replace(was.start, was.stop, [self._size(entry) for entry in new])
        if fresh.stop < len(entries):  # the first one of all has no gap above
            self._column.set_size(fresh.stop, self._size(entries[fresh.stop]))
        index, offset = self._anchor
        if index >= was.stop:
            self._anchor = index + fresh.stop - was.stop, offset
        for key in gone.difference(map(id, new)):
            self._index.pop(key)
            self._heights.pop(key, None)
            self._drop(key)
        return fresh

    def _size(self, entry: Entry) -> int:
        """With its gaps; guessed from the text where it was never laid out."""
        kind = view_class(entry)
        known = self._heights.get(id(entry))
        height = known[1] if known is not None else guessed_height(entry, self._width or COLUMN)
        if not height:
            return 0
        above = kind.gap_above if self._index[id(entry)] else 0
        return above + height + kind.gap_below

    def _make_near(self) -> bool:
        """Views and true heights for what is near the viewport; True when views were made."""
        made = False
        for _ in range(_MOST_PASSES):
            settled = True
            for index in self._near(_AHEAD):
                entry = self._entries[index]
                view = self._views.get(id(entry))
                if view is None:
                    view, made = self._create(entry), True
                known = self._heights.get(id(entry))
                if known is None or known[0] != self._width:
                    self._heights[id(entry)] = self._width, view.height_for(self._width)
                    before = self._column.size(index)
                    self._column.set_size(index, self._size(entry))
                    settled = settled and self._column.size(index) == before
            if settled:
                break
        return made

    def _near(self, ahead: float) -> range:
        """The indices of what is at most `ahead` viewports away from it."""
        if not self._entries:
            return range(0)
        height = self.viewport().height()
        top = self._position() - _TOP
        beyond = int(ahead * height)
        first = self._column.at(top - beyond)
        return range(first, self._column.at(top + height + beyond) + 1)

    def _position(self) -> int:
        """Of the viewport's top on the canvas, as it should be."""
        bottom = max(0, self._full_height() - self.viewport().height())
        if self._following or not self._entries:
            return bottom
        index, offset = self._anchor
        index = min(index, len(self._entries) - 1)
        return max(0, min(bottom, _TOP + self._column.top(index) - offset))

    def _full_height(self) -> int:
        return min(_TOP + self._column.total + _BOTTOM, _LARGEST_WIDGET)

    def _place(self) -> None:
        left = max(SIDE, (self.width() - self._width) // 2) - self.viewport().x()
        for key, view in self._views.items():
            index = self._index[key]
            known = self._heights.get(key)
            if known is None or known[0] != self._width:
                known = self._heights[key] = self._width, view.height_for(self._width)
                self._column.set_size(index, self._size(self._entries[index]))
            height = known[1]
            if height:
                top = _TOP + self._column.top(index) + (view.gap_above if index else 0)
                view.setGeometry(left, top, self._width, height)
            view.setVisible(height > 0)
        self._mark.place(self._views)
        height = max(self._full_height(), self.viewport().height())
        self._canvas.resize(self.viewport().width(), height)
        self.verticalScrollBar().setValue(self._position())

    def _drop_far(self) -> None:
        near = self._near(2 * _AHEAD)
        for key in [key for key in self._views if self._index[key] not in near]:
            if not _wanted(self._views[key]):
                self._drop(key)

    def _drop(self, key: int) -> None:
        view = self._views.pop(key, None)
        if view is not None:
            view.hide()
            view.deleteLater()

    def _create(self, entry: Entry) -> EntryView:
        view = make_view(entry, self._look, self._canvas)
        # The view keeps the entry alive, so its id stays its own.
        view.entry = entry
        key = id(entry)
        self._views[key] = view
        # However tall an earlier view of it was, this one has yet to place what is in it.
        self._heights.pop(key, None)
        view.resized.connect(lambda: self._resized(key))
        self.wishes.hear(view, entry)
        view.show()
        return view

    def edit_question(self, question: Question) -> None:
        """In place, where it can be seen."""
        self.show_line(question, 0, _MARKED)
        view = self.view_of(question)
        if isinstance(view, QuestionView):
            view.begin_edit()

    def _resized(self, key: int) -> None:
        if not self._placing and key in self._index:
            self._heights.pop(key, None)
            self.lay_out_later()

    def _redraw(self) -> None:
        if self._look.scale != self._scale or self._look.mono_family != self._mono:
            self._scale, self._mono = self._look.scale, self._look.mono_family
            for key in list(self._views):
                self._drop(key)
        for view in self._views.values():
            view.redraw()
        self._heights.clear()
        self.lay_out()

    def _scrolled(self) -> None:
        if self._placing:
            return
        bar = self.verticalScrollBar()
        self._following = bar.maximum() - bar.value() <= _NEAR
        if self._entries:
            index = self._column.at(bar.value() - _TOP)
            self._anchor = index, _TOP + self._column.top(index) - bar.value()
        self.lay_out()


def _wanted(view: EntryView) -> bool:
    """The person is at work in it: it has the focus or a selection."""
    focus = QApplication.focusWidget()
    return (focus is not None and view.isAncestorOf(focus)) or view.has_selection()
