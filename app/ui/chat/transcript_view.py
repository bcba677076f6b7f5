"""The transcript: a centred column of entry views, placed by hand, that follows its end."""

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from app.ui.chat.entries import (
    Answer,
    Entry,
    Failure,
    Footer,
    Notice,
    Question,
    Thinking,
    ToolUse,
    Transcript,
)
from app.ui.chat.views.answer_view import AnswerView
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.footer_view import FooterView
from app.ui.chat.views.message_views import FailureView, NoticeView
from app.ui.chat.views.question_view import QuestionView
from app.ui.chat.views.thinking_view import ThinkingView
from app.ui.chat.views.tool_view import ToolView
from app.ui.look import Look
from app.ui.widgets import IconButton

COLUMN = 720
SIDE = 24
_TOP = 22
_BOTTOM = 24
# As near to the end as this counts as being there.
_NEAR = 24


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
    retry_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transcript")
        self.setAccessibleName("Conversation")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ring", "true")
        self._look = look
        self._transcript = Transcript()
        self._views: dict[int, EntryView] = {}
        self._heights: dict[int, tuple[int, int]] = {}
        self._following = True
        self._placing = False
        self._canvas = _Canvas(self)
        self.setWidget(self._canvas)
        self._down = IconButton(
            look,
            "arrow-down",
            "Go to the newest text",
            "goToEnd",
            on_click=self.follow,
            parent=self,
        )
        self._down.setProperty("kind", "plain")
        self._down.hide()
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        look.changed.connect(self._redraw)

    def show_transcript(self, transcript: Transcript) -> None:
        """Take over all changes since the last call."""
        self._transcript = transcript
        present = {id(entry) for entry in transcript.entries}
        for key in [key for key in self._views if key not in present]:
            view = self._views.pop(key)
            self._heights.pop(key, None)
            view.hide()
            view.deleteLater()
        for entry in transcript.take_changed():
            view = self._views.get(id(entry)) or self._create(entry)
            view.refresh()
            self._heights.pop(id(entry), None)
        self.lay_out()

    def follow(self) -> None:
        """Scroll to the end and stay there."""
        self._following = True
        self._to_end()

    def order_tabs(self) -> None:
        """The Tab key goes through the entries as they stand, not as they were made."""
        previous: QWidget = self
        for entry in self._transcript.entries:
            view = self._views.get(id(entry))
            for part in view.findChildren(QWidget) if view is not None else ():
                if part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(previous, part)
                    previous = part

    def view_of(self, entry: Entry) -> EntryView:
        return self._views[id(entry)]

    def lay_out(self) -> None:
        if self._placing:
            return
        self._placing = True
        # The whole width: a scroll bar that comes must not push the column aside.
        available = self.width()
        width = max(120, min(COLUMN, available - 2 * SIDE))
        left = max(SIDE, (available - width) // 2) - self.viewport().x()
        top = _TOP
        for index, entry in enumerate(self._transcript.entries):
            view = self._views.get(id(entry))
            if view is None:
                continue
            cached = self._heights.get(id(entry))
            height = cached[1] if cached and cached[0] == width else view.height_for(width)
            self._heights[id(entry)] = (width, height)
            if height:
                top += view.gap_above if index else 0
                view.setGeometry(left, top, width, height)
                top += height + view.gap_below
            view.setVisible(height > 0)
        self._canvas.resize(self.viewport().width(), max(top + _BOTTOM, self.viewport().height()))
        self._placing = False
        if self._following:
            self._to_end()
        self._show_down()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.lay_out()

    def _create(self, entry: Entry) -> EntryView:
        view = self._made(entry)
        # The view keeps the entry alive, so its id stays its own.
        view.entry = entry
        key = id(entry)
        self._views[key] = view
        view.resized.connect(lambda: self._resized(key))
        view.show()
        return view

    def _made(self, entry: Entry) -> EntryView:
        look, canvas = self._look, self._canvas
        match entry:
            case Question():
                return QuestionView(look, entry, canvas)
            case Thinking():
                return ThinkingView(look, entry, canvas)
            case ToolUse():
                return ToolView(look, entry, canvas)
            case Answer():
                return AnswerView(look, entry, canvas)
            case Footer():
                return FooterView(look, entry, canvas)
            case Notice():
                return NoticeView(look, entry, canvas)
            case Failure():
                failure = FailureView(look, entry, canvas)
                failure.retry_wanted.connect(self.retry_wanted)
                return failure

    def _resized(self, key: int) -> None:
        self._heights.pop(key, None)
        if not self._placing:
            self._canvas.updateGeometry()
            self.lay_out_later()

    def lay_out_later(self) -> None:
        QCoreApplication.postEvent(self._canvas, QEvent(QEvent.Type.LayoutRequest))

    def _redraw(self) -> None:
        for view in self._views.values():
            view.redraw()
        self._heights.clear()
        self.lay_out()

    def _to_end(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _scrolled(self) -> None:
        if self._placing:
            return
        bar = self.verticalScrollBar()
        self._following = bar.maximum() - bar.value() <= _NEAR
        self._show_down()

    def _show_down(self) -> None:
        self._down.setVisible(not self._following)
        side = 34
        self._down.setGeometry(
            (self.viewport().width() - side) // 2, self.height() - side - 8, side, side
        )
        self._down.raise_()
