"""The context of the open chat: how full it is, what is left out, what happens at its end."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.chat.context.model import Asked
from app.chat.turn import TurnOptions
from app.core.errors import DoesNotFitError
from app.core.json import JsonObject
from app.core.messages import Message
from app.ui.chat.context.choices import Choices
from app.ui.chat.context.measuring import Measuring
from app.ui.chat.context.omissions import Omissions
from app.ui.chat.context.ports import ContextBackend, ContextPresenter

if TYPE_CHECKING:
    from app.engine.protocol import ModelInfo
    from app.ui.chat.session import ChatSession


class ChatContext:
    """Belongs to a session. All methods belong on the GUI thread and return at once.

    leaves_out_by_itself: whether the oldest turns go without asking, as the settings say.
    """

    def __init__(self, session: "ChatSession", backend: ContextBackend) -> None:
        self._session = session
        self._backend = backend
        self.presenter: ContextPresenter | None = None
        self._model: ModelInfo | None = None
        self.leaves_out_by_itself: Callable[[], bool] = lambda: False
        self.omissions = Omissions(session.path, session.transcript, session.chats)
        self.measuring = Measuring(backend, session.tasks, self._changed)
        self.choices = Choices(
            self, backend, session.tasks, session.models, self.omissions, self.measuring
        )

    def asked(self, question: Message, options: TurnOptions) -> Asked:
        """The next question, as it would be put now."""
        ready = self._session.ready
        options = self._session.tools.options(options, demo=ready is not None and ready.demo)
        return Asked(self.omissions.messages, question, options, self.omissions.now)

    def admits(self, question: Message, options: TurnOptions, send: Callable[[], bool]) -> bool:
        """Whether it can be sent now. When not, the person is asked what to do, and `send` is
        called once it fits."""
        ready = self._session.ready
        if ready is None:
            return False
        asked = self.asked(question, options)
        return self.choices.admits(asked, ready.info.context_tokens, send)

    def sent(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """What of the conversation goes to the model."""
        return self.omissions.sent(messages)

    def tokens_of(self, text: str) -> int | None:
        """Of a text for the open model; None when it cannot be asked now. Blocks, and may be called
        on a worker thread."""
        if self._session.ready is None or self._session.busy:
            return None
        return self._backend.tokens_of(text)

    def measure(self, question: Message, options: TurnOptions) -> None:
        """What is being typed; `measuring.breakdown` follows."""
        session = self._session
        if session.ready is None or session.busy or session.opening:
            return
        asked = self.asked(question, options)
        self.measuring.want(asked, lambda found: self.choices.question_changed(asked, found))

    def undo(self) -> None:
        """All of the conversation is sent again."""
        self.omissions.choose(None)
        self._changed_transcript()

    def edit_summary(self, text: str) -> None:
        self.omissions.edit_summary(text)
        self._changed_transcript()

    # From the session

    def opened(self, settings: JsonObject) -> None:
        """A conversation was read from the disk; the transcript shows it."""
        self.omissions.opened(settings)
        self.omissions.mark()

    def shown(self) -> None:
        """The transcript shows something else."""
        self.omissions.mark()

    def left(self) -> None:
        """Another conversation is going to be shown."""
        self.choices.left()
        self.omissions.left()
        self.measuring.forget()

    def model_changed(self) -> None:
        info = self._session.ready.info if self._session.ready is not None else None
        another, self._model = info is not self._model, info
        if another:
            self.measuring.forget()
        self.choices.model_changed(another=another)

    def turn_failed(self, error: Exception, options: TurnOptions) -> None:
        """A turn of the open conversation; nothing happens unless the context was too small."""
        if isinstance(error, DoesNotFitError) or isinstance(error.__cause__, DoesNotFitError):
            self.choices.stopped("turn", self._as_it_is(options), lambda: self._again(options))

    def answer_cut(self, options: TurnOptions) -> None:
        """The context was full in the middle of an answer."""
        go_on = self._session.revision.go_on
        self.choices.stopped("answer", self._as_it_is(options), lambda: go_on(options))

    # For the choices

    @property
    def automatic(self) -> bool:
        return self.leaves_out_by_itself()

    def choices_changed(self) -> None:
        self._changed_transcript()
        self._changed()

    def went_on(self, question: Message) -> None:
        if self.presenter is not None:
            self.presenter.question_sent(question)

    def _as_it_is(self, options: TurnOptions) -> Asked:
        """The last question, with what was said to it."""
        every, now = self.omissions.messages, self.omissions.now
        at = next(n for n in range(len(every) - 1, -1, -1) if every[n].role == "user")
        return Asked(every[:at], every[at], options, now, every[at + 1 :])

    def _again(self, options: TurnOptions) -> bool:
        """The turn that the engine refused, from its question on."""
        session = self._session
        place = session.path.last_question()
        if session.busy or session.ready is None or place is None:
            return False
        session.answer(place, options)
        return True

    def _changed(self) -> None:
        if self.presenter is not None:
            self.presenter.context_changed()

    def _changed_transcript(self) -> None:
        if self._session.presenter is not None:
            self._session.presenter.transcript_changed()
