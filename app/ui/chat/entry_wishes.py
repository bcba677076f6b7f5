"""What people want of the entries of a transcript, from whatever view they say it in."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from app.ui.chat.actions import Action, Possible, nothing_possible
from app.ui.chat.context.omitted_view import OmittedView
from app.ui.chat.entries import Entry, Question
from app.ui.chat.entry_menu import add_actions, whole_turn
from app.ui.chat.views.entry_view import EntryView
from app.ui.chat.views.message_views import FailureView
from app.ui.chat.views.tool_view import ToolView

if TYPE_CHECKING:
    from app.ui.chat.transcript_view import TranscriptView


class EntryWishes(QObject):
    """acted: an `Action` is wanted with an entry. edited: a question shall be asked like this.
    file_wanted: an attachment shall be shown. possible: what can be done now."""

    retry_wanted = Signal()
    acted = Signal(str, object)
    edited = Signal(object, str)
    tool_answered = Signal(object, object)
    put_back_wanted = Signal(object)
    file_wanted = Signal(object)
    omitted_made = Signal(object)

    def __init__(self, transcript: "TranscriptView") -> None:
        super().__init__(transcript)
        self._transcript = transcript
        self.possible: Possible = nothing_possible

    def hear(self, view: EntryView, entry: Entry) -> None:
        """A view that was just made for the entry."""
        view.possible = self.possible
        view.fill_menu = partial(self._fill_menu, entry)
        view.acted.connect(lambda action: self.acted.emit(action, entry))
        view.edited.connect(lambda text: self.edited.emit(entry, text))
        view.file_wanted.connect(self.file_wanted)
        view.refresh_actions()
        if isinstance(view, FailureView):
            view.retry_wanted.connect(self.retry_wanted)
        elif isinstance(view, OmittedView):
            self.omitted_made.emit(view)
        elif isinstance(view, ToolView):
            view.answered.connect(self.tool_answered)
            view.put_back_wanted.connect(self.put_back_wanted)

    def _fill_menu(self, entry: Entry, menu: QMenu) -> None:
        entries = self._transcript.entries
        whole = whole_turn(entries, entries.index(entry))
        if whole is not None:
            add_actions(menu, whole, self.possible, self._act)

    def _act(self, action: Action, entry: Entry) -> None:
        if action == "edit" and isinstance(entry, Question):
            self._transcript.edit_question(entry)
        else:
            self.acted.emit(action, entry)
