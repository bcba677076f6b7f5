"""What is done with an entry of the transcript: from its buttons and menus to the session."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from app.chat.turn import TurnOptions
from app.core.language import mark, tr
from app.ui.chat.actions import Action
from app.ui.chat.entries import Entry, Footer, Question, Thinking
from app.ui.chat.session import ChatSession
from app.ui.chat.transcript_view import TranscriptView

_NOT_NOW = mark("Open a model first, then send it.")


class AimedActions(QObject):
    """told: a sentence for the person. offered: a sentence and what takes it back."""

    told = Signal(str)
    offered = Signal(str, object)

    def __init__(
        self,
        session: ChatSession,
        transcript: TranscriptView,
        options: Callable[[], TurnOptions],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._transcript, self._options = session, transcript, options
        self._focus: tuple[type[Question | Footer], tuple[int, ...], Action] | None = None
        self._state: tuple[object, ...] = ()
        transcript.wishes.possible = session.revision.ability
        transcript.wishes.acted.connect(self.act)
        transcript.wishes.edited.connect(self.edit)

    def act(self, action: Action, entry: Question | Footer | Thinking) -> None:
        """Whatever is not possible now does nothing; its button says why."""
        ability = self._session.revision.ability(action, entry)
        if ability is None or not ability.available:
            return
        if isinstance(entry, Thinking):
            self._session.answer_now.act(entry, self._options())
            return
        match action:
            case "earlier" | "later":
                self._turn_page(action, entry)
            case "again":
                self._again(entry)
            case "branch":
                self._session.revision.branch(_last(entry))
            case "delete":
                self._delete(entry)
            case "continue":
                self._session.revision.go_on(self._options())
                self._transcript.follow()
            case "edit" | "answer_now":
                pass

    def edit(self, entry: Question, text: str) -> None:
        """Ask the question like this, beside what it was."""
        if entry.message is None:
            return
        if self._session.revision.edit(entry.message, text, self._options()):
            entry.edited = None
            self._transcript.follow()
        else:
            self.told.emit(tr(_NOT_NOW))

    def answer_now(self) -> None:
        """End the thinking that goes on."""
        running = self._session.answer_now.running
        if running is not None:
            self.act("answer_now", running)

    def show_message(self, message: int) -> None:
        """Scroll to it and mark it for a moment."""
        path = self._session.path
        place = path.index(message)
        if place is None:
            self.told.emit(tr("This message is not there any more. It has been deleted."))
            return
        places = {one.id: n for n, one in enumerate(path.messages[: place + 1])}
        found = [entry for entry in self._session.transcript.entries if entry.message in places]
        # What a tool answered stands with the call; a message that shows nothing, with the one
        # before it.
        last = max((places[entry.message] for entry in found), default=None)
        marked = [entry for entry in found if places[entry.message] == last]
        marked = [entry for entry in marked if not isinstance(entry, Footer)] or marked
        if marked:
            self._transcript.mark(marked)

    def refresh(self) -> None:
        """The session is another one; the transcript has been brought up to date."""
        state = self._session.revision.state
        if state != self._state:
            self._state = state
            self._transcript.refresh_actions()
        focus = self._focus
        if focus is None or self._session.opening:
            return
        self._focus = None
        kind, versions, action = focus
        for entry in self._session.transcript.entries:
            if isinstance(entry, kind) and entry.versions == versions:
                self._put_focus(entry, action)

    def _turn_page(self, action: Action, entry: Question | Footer) -> None:
        view = self._transcript.view_of(entry)
        focus = QApplication.focusWidget()
        if focus is not None and view.isAncestorOf(focus):
            self._focus = type(entry), entry.versions, action
        self._transcript.stay()
        self._session.revision.turn_page(entry, -1 if action == "earlier" else 1)

    def _put_focus(self, entry: Entry, action: Action) -> None:
        view = self._transcript.view_of(entry)
        other: Action = "later" if action == "earlier" else "earlier"
        button = view.action_button(action) or view.action_button(other)
        if button is not None:
            button.setFocus()

    def _again(self, entry: Question | Footer) -> None:
        question = entry.question if isinstance(entry, Footer) else entry.message
        if question is not None:
            self._session.revision.again(question, self._options())
            self._transcript.follow()

    def _delete(self, entry: Question | Footer) -> None:
        text = tr("The answer and all replies to it are deleted.")
        if isinstance(entry, Question):
            text = tr("The question and all replies to it are deleted.")
        message = entry.version if isinstance(entry, Footer) else entry.message
        if message is not None:
            self._transcript.stay()
            self._session.revision.delete(message, partial(self.offered.emit, text))


def _last(entry: Question | Footer) -> int:
    assert entry.message is not None  # noqa: S101 - nothing else can be branched from
    return entry.message
