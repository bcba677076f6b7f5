"""Brings a waiting question before the person, without taking the keyboard from them."""

from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from app.core.language import tr
from app.tools.consent import ConsentRequest, Request
from app.ui.chat.composer import Composer
from app.ui.chat.entries import ToolUse
from app.ui.chat.transcript_view import TranscriptView
from app.ui.chat.views.tool_view import ToolView
from app.ui.tools import words
from app.ui.tools.chat_tools import ChatTools
from app.ui.tools.desk import Answer
from app.ui.widgets import announce


class Page(Protocol):
    """What is asked of the chat page."""

    composer: Composer
    transcript: TranscriptView

    def note(self, text: str) -> None: ...


class Attention(QObject):
    """asking: what waits, in a sentence; "" when nothing does any more."""

    asking = Signal(str)

    def __init__(self, widget: QWidget, page: Page, tools: ChatTools) -> None:
        """widget: the page as a widget."""
        super().__init__(widget)
        self._widget, self._page, self._tools = widget, page, tools
        self._told: Request | None = None
        self._brought: Request | None = None
        page.transcript.wishes.tool_answered.connect(self.answer)
        page.transcript.wishes.put_back_wanted.connect(self.put_back)

    def update(self) -> None:
        """Something may wait now, or not any more."""
        waiting = self._tools.desk.waiting
        request = waiting[0] if waiting else None
        if request is not self._told:
            self._told = request
            text = "" if request is None else _text(request)
            self.asking.emit(text)
            if text:
                announce(self._widget, text)
        if request is not None and request is not self._brought:
            self._bring(request)

    def show(self) -> None:
        """The person wants to see what waits."""
        if self._told is not None:
            self._page.transcript.follow()
            card = self._card(self._told)
            if card is not None:
                card.setFocus()

    def answer(self, request: Request, answer: Answer) -> None:
        card = self._card(request)
        focus = QApplication.focusWidget()
        within = card is not None and focus is not None and card.isAncestorOf(focus)
        self._tools.desk.answer(request, answer)
        if within or focus is card:
            self._page.composer.edit.setFocus()

    def put_back(self, use: ToolUse) -> None:
        """Undo what that call has written."""

        def done() -> None:
            use.put_back = True
            for view in self._page.transcript.views:
                if view.entry is use:
                    view.refresh()

        self._tools.put_back(use.arguments, done, self._page.note)

    def _bring(self, request: Request) -> None:
        """The focus goes to the card when nobody types: the empty question field had it, or nothing
        had. It goes to the card itself, so that a key that was on its way presses no button."""
        card = self._card(request)
        if card is None:
            return
        self._brought = request
        composer = self._page.composer
        focus = QApplication.focusWidget()
        if composer.text() == "" and (focus is None or focus is composer.edit):
            card.setFocus()

    def _card(self, request: Request) -> QWidget | None:
        views = (view for view in self._page.transcript.views if isinstance(view, ToolView))
        cards = (view.card for view in views if view.card is not None)
        return next((card for card in cards if card.request is request), None)


def _text(request: Request) -> str:
    if isinstance(request, ConsentRequest):
        return words.headline(request)
    return tr("The model asks you something.")
