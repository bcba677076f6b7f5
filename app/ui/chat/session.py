"""The conversation and the model behind it. No Qt: closures come back through the task runner."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from app.chat.events import TurnEvent, TurnFinished
from app.chat.record import TurnError
from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails, FinalState, StoredMessage
from app.chat.stored import prompt_messages
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message, user
from app.core.tasks import Task, TaskRunner
from app.ui.chat.entries import Transcript
from app.ui.chat.keeping import DISK_SECONDS, Keeping
from app.ui.chat.model_loads import LoadBackend, ModelLoads, known
from app.ui.chat.model_state import LoadedModel, ModelState
from app.ui.chat.stored_entries import stored_entries
from app.ui.chat.turn_reader import TurnReader

_LONGEST_TITLE = 60


class Backend(LoadBackend, Protocol):
    """The engine and what belongs to it. Blocks; for worker threads."""

    def run_turn(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished: ...


class Presenter(Protocol):
    """Whoever shows the session; called on the GUI thread."""

    def model_changed(self) -> None: ...

    def busy_changed(self) -> None: ...

    def events_waiting(self) -> None:
        """`pump` has something to do; it is announced once until it is called."""

    def transcript_changed(self) -> None: ...

    def chats_changed(self) -> None:
        """The list of conversations is another one now."""

    def note(self, text: str) -> None:
        """A sentence that belongs to no answer."""


class ChatSession:
    """All methods belong on the GUI thread and return at once. chats: where conversations are kept;
    without it they last as long as the window."""

    def __init__(
        self,
        backend: Backend,
        tasks: TaskRunner,
        *,
        chats: ChatStore | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend = backend
        self.chats = chats
        self._keeping = Keeping(chats)
        self._opening: int | None = None
        self._tasks = tasks
        self._monotonic = monotonic
        self.presenter: Presenter | None = None
        self.transcript = Transcript()
        self.models = ModelLoads(backend, tasks, self._model_changed, self.stop)
        self.title = ""
        self._messages: list[Message] = []
        self._reader: TurnReader | None = None
        self._turn: Task | None = None
        self._lock = threading.Lock()
        self._events: list[TurnEvent] = []
        self._announced = False
        self._retry: str | None = None

    @property
    def busy(self) -> bool:
        """A turn is running."""
        return self._turn is not None

    @property
    def conversation(self) -> int | None:
        """The open one as it is called on the disk; None before its first question."""
        return self._keeping.conversation

    @property
    def model(self) -> ModelState:
        return self.models.state

    @property
    def ready(self) -> LoadedModel | None:
        """The model that can be asked now."""
        return self.models.ready

    @property
    def context(self) -> tuple[int, int]:
        """Tokens used and tokens there are; (0, 0) without a model."""
        if self.ready is None:
            return 0, 0
        used = self._reader.context_used if self._reader else None
        return used or 0, self.ready.info.context_tokens

    # The conversation

    def ask(self, text: str, options: TurnOptions) -> bool:
        """Start a turn; False when that is not possible now."""
        if self.busy or self.ready is None or not text.strip():
            return False
        self._retry = None
        self.title = self.title or _title(text)
        reader = self._reader = TurnReader(self.transcript, text, self._monotonic)
        history = [*self._messages, user(text)]
        kept = self._keeping.begin(text, self.title, options, self.ready.name)

        def emit(event: TurnEvent) -> None:
            if kept is not None:
                kept.feed(event)
            self._emit(event)

        def work(cancel: CancelToken) -> TurnFinished:
            if kept is not None:
                kept.wait_for_question(lambda told: self._tasks.post(lambda: self._note(told)))
            return self._backend.run_turn(history, options, emit, cancel)

        def done(finished: TurnFinished) -> None:
            if kept is not None:
                state: FinalState = "stopped" if finished.reason == "cancelled" else "complete"
                kept.keeper.end(state, notice=finished.notice)
            self._turn_done(reader, text, finished.messages, finished.notice)

        def failed(error: Exception) -> None:
            if kept is not None:
                kept.keeper.end("failed", error=known(error))
            self._turn_failed(reader, text, error)

        def ended() -> None:
            if kept is not None:
                kept.keeper.end("stopped")
            self._turn_ended(reader)

        self._turn = self._tasks.run(work, done, failed, ended)
        self._tell_chats()
        self._tell_busy()
        self._tell_transcript()
        return True

    def stop(self) -> None:
        if self._turn is not None:
            self._turn.cancel()

    @property
    def stopping(self) -> bool:
        return self._turn is not None and self._turn.cancelled

    def retry(self, options: TurnOptions) -> bool:
        """Ask the question of the failed turn again, in its place."""
        if self._retry is None or self.busy or self.ready is None or self._reader is None:
            return False
        text = self._retry
        self.transcript.remove_from(self._reader.question)
        return self.ask(text, options)

    def new_chat(self) -> None:
        self._leave()
        self._tell_transcript()
        self._tell_chats()

    def open_conversation(self, conversation: int) -> None:
        """From the disk; a running answer is stopped, and what there is of it is kept."""
        chats = self.chats
        if chats is None or conversation == self.conversation:
            return
        self.stop()
        self._opening = conversation

        def work(_: CancelToken) -> tuple[ConversationDetails, tuple[StoredMessage, ...]]:
            chats.written().result(DISK_SECONDS)
            return chats.read.details(conversation), chats.read.history(conversation)

        def done(found: tuple[ConversationDetails, tuple[StoredMessage, ...]]) -> None:
            if self._opening == conversation:
                self._show(*found)

        self._tasks.run(work, done, lambda error: self._note(str(known(error))))

    def forget_conversation(self, conversation: int) -> None:
        """It is in the trash; when it is the open one, a new chat takes its place."""
        if conversation == self.conversation:
            self.new_chat()
        else:
            self._tell_chats()

    def rename(self, title: str) -> None:
        """The open conversation has another title."""
        self.title = title
        self._tell_transcript()

    def _leave(self) -> None:
        self.stop()
        with self._lock:
            self._events.clear()
        self._messages.clear()
        self._reader = None
        self._retry = None
        self.title = ""
        self._opening = None
        self._keeping.leave()
        self.transcript.clear()

    def _show(self, details: ConversationDetails, stored: tuple[StoredMessage, ...]) -> None:
        self._leave()
        self._keeping.opened(details, stored)
        self.title = details.head.title
        self._messages = prompt_messages(stored)
        for entry in stored_entries(stored):
            self.transcript.add(entry)
        self._tell_transcript()
        self._tell_chats()

    def close(self) -> None:
        """Cancel whatever runs; waiting for it is the task runner's business."""
        self.stop()
        self.models.close()

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    def pump(self, most: int | None = None) -> bool:
        """Take what the running turn reported into the transcript, at most so many events.

        True when there is more.
        """
        with self._lock:
            events = self._events[:most]
            del self._events[: len(events)]
            more = bool(self._events)
            self._announced = more
        if self._reader is not None and events:
            for event in events:
                self._reader.feed(event)
            self._tell_transcript()
        return more

    # From the worker threads

    def _emit(self, event: TurnEvent) -> None:
        with self._lock:
            self._events.append(event)
            if self._announced:
                return
            self._announced = True
        self._tasks.post(self._announce)

    def _announce(self) -> None:
        if self.presenter is not None:
            self.presenter.events_waiting()
        else:
            self.pump()

    # Back on the GUI thread

    def _turn_done(
        self, reader: TurnReader, text: str, messages: Sequence[Message], notice: str
    ) -> None:
        if reader is not self._reader:
            return
        self.pump()
        reader.end(notice, stopped=self.stopping)
        if messages:
            self._messages += [user(text), *messages]
            self._keeping.answered()
        else:
            self._retry = text
            self._keeping.unanswered()

    def _turn_failed(self, reader: TurnReader, text: str, error: Exception) -> None:
        if reader is not self._reader:
            return
        self.pump()
        if isinstance(error, TurnError) and error.messages:
            self._messages += [user(text), *error.messages]
            self._keeping.answered()
        else:
            self._retry = text
            self._keeping.unanswered()
        reader.fail(known(error), can_retry=self._retry is not None)

    def _turn_ended(self, reader: TurnReader) -> None:
        self._turn = None
        self._tell_chats()
        if reader is self._reader:
            self.pump()
            reader.end()
        self._tell_transcript()
        self._tell_busy()

    def _model_changed(self) -> None:
        if self.presenter is not None:
            self.presenter.model_changed()

    def _tell_busy(self) -> None:
        if self.presenter is not None:
            self.presenter.busy_changed()

    def _tell_chats(self) -> None:
        if self.presenter is not None and self.chats is not None:
            self.presenter.chats_changed()

    def _note(self, text: str) -> None:
        if self.presenter is not None:
            self.presenter.note(text)

    def _tell_transcript(self) -> None:
        if self.presenter is not None:
            self.presenter.transcript_changed()


def _title(question: str) -> str:
    words = " ".join(question[:400].split())
    if len(words) <= _LONGEST_TITLE:
        return words
    cut = words[:_LONGEST_TITLE]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[30:] else cut}…"
