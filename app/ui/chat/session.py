"""The conversation and the model behind it. No Qt: closures come back through the task runner."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from app.chat.personas.keeper import MannerKeeper
from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.chat.turn import TurnOptions
from app.core.messages import AttachmentPart, Message, Part, TextPart
from app.core.tasks import TaskRunner
from app.ui.chat.answer_now import AnswerNow
from app.ui.chat.context.chat_context import ChatContext
from app.ui.chat.entries import Footer, Question, Transcript
from app.ui.chat.keeping import Keeping
from app.ui.chat.model_loads import ModelLoads
from app.ui.chat.model_state import LoadedModel, ModelState
from app.ui.chat.opening import Opened, Reading
from app.ui.chat.path import Path, PathMessage, title_of
from app.ui.chat.revision import Revision
from app.ui.chat.session_ports import Backend, Presenter
from app.ui.chat.titling import Titling
from app.ui.chat.turn_reader import TurnReader
from app.ui.chat.turns import Turns
from app.ui.chat.waiting import WaitingQuestions
from app.ui.tools.chat_tools import ChatTools


class ChatSession:
    """All methods belong on the GUI thread and return at once. chats: where conversations are kept;
    without it they last as long as the window.

    path: the open conversation, message by message; entries of the transcript name its messages.
    manner: how it is asked.
    """

    def __init__(
        self,
        backend: Backend,
        tasks: TaskRunner,
        *,
        chats: ChatStore | None = None,
        toolbox: Toolbox | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.chats = chats
        self.tools = ChatTools(toolbox, tasks, chats)
        self.keeping = Keeping(chats)
        self.tasks = tasks
        self._monotonic = monotonic
        self.presenter: Presenter | None = None
        self.transcript = Transcript()
        self.models = ModelLoads(backend, tasks, self._model_changed, self._free_engine)
        self.path = Path()
        self.turns = Turns(self, backend, self.keeping)
        self.manner = MannerKeeper(chats)
        self._reading = Reading(self)
        self.revision = Revision(self)
        self.answer_now = AnswerNow(self)
        self.queue = WaitingQuestions(self)
        self.titles = Titling(self, backend)
        self.context = ChatContext(self, backend)

    @property
    def opening(self) -> bool:
        """A conversation is being read; nothing can be asked meanwhile."""
        return self._reading.conversation is not None

    @property
    def busy(self) -> bool:
        """A turn is running."""
        return self.turns.busy

    @property
    def conversation(self) -> int | None:
        """The open one as it is called on the disk; None before its first question."""
        return self.path.id

    @property
    def title(self) -> str:
        return self.path.title

    @property
    def model(self) -> ModelState:
        return self.models.state

    @property
    def ready(self) -> LoadedModel | None:
        """The model that can be asked now."""
        return self.models.ready

    @property
    def used_tokens(self) -> int | None:
        """Of the context, by the turn that runs; None when it has not told yet."""
        return (self.turns.context_used or None) if self.busy else None

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the model is told of the conversation."""
        return self.path.prompt()

    # Asking

    def ask(
        self, text: str, options: TurnOptions, attachments: tuple[AttachmentPart, ...] = ()
    ) -> bool:
        """Start a turn; False when that is not possible now."""
        self.titles.give_way()
        if self.busy or self.opening or self.ready is None:
            return False
        if not (text.strip() or attachments):
            return False
        parts: list[Part] = [*attachments]
        if text.strip():
            parts.append(TextPart(text))
        told = Message("user", tuple(parts))
        if not self.context.admits(told, options, lambda: self.ask(text, options, attachments)):
            return False
        self.path.title = self.path.title or title_of(text or attachments[0].name)
        kept = self.keeping.ask(self.path, parts)
        self.manner.keep_with(self.path.id)
        self.add_question(parts, kept, options)
        self.queue.asked(text, attachments)
        return True

    def add_question(
        self,
        parts: Sequence[Part],
        kept: tuple[int, Future[None]] | None,
        options: TurnOptions,
        beside: tuple[int, ...] = (),
    ) -> None:
        """Below what is shown; the turn that answers it begins. kept: its name in the store, and
        when it is on disk. beside: its other versions."""
        message, on_disk = kept or (None, None)
        versions = (*beside, message) if message is not None else ()
        told = Message("user", tuple(parts))
        self.path.messages.append(PathMessage(told, message, versions=versions))
        attachments = tuple(part for part in parts if isinstance(part, AttachmentPart))
        question = Question(told.text, attachments=attachments, message=message, versions=versions)
        self._start(question, options, on_disk=on_disk)

    def retry(self, options: TurnOptions) -> bool:
        """Get an answer to the question that got none."""
        place = self.path.last_question()
        if self.busy or self.opening or self.ready is None:
            return False
        if place is None or self.path.is_answered:
            return False
        self.answer(place, options)
        return True

    def cut(self, place: int) -> None:
        """Take the question at that place, and all that follows it, out of what is shown."""
        question = self.transcript.question(self.path.questions_up_to(place) - 1)
        self.transcript.remove_from(question)
        del self.path.messages[place:]

    def answer(self, place: int, options: TurnOptions) -> None:
        """One more answer to the question at that place of the path, beside those that it has.
        Only while nothing runs and a model is ready."""
        below = self.path.messages[place + 1 : place + 2]
        del self.path.messages[place + 1 :]
        question = self.transcript.question(self.path.questions_up_to(place) - 1)
        self.transcript.remove_after(question)
        self._start(question, options, beside=below[0].versions if below else ())

    def go_on(self, options: TurnOptions, *, answer_now: bool = False) -> None:
        """With the turn that is shown last and broke off, in the same place. answer_now: its
        thinking ends. Only while nothing runs and a model is ready."""
        leaf = self.path.messages[-1]
        begun = self.path.messages.pop() if leaf.message.role == "assistant" else None
        if begun is not None:
            begun = replace(begun, message=begun.said)
        footer = self.transcript.take_back(leaf.id)
        question = self.transcript.question(-1)
        reader = self._reader(question, options, goes_on=footer)
        reader.resume(self.path.said_last(), begun.message if begun else None, leaf.id)
        versions = begun.versions if begun else ()
        self.turns.run(reader, options, None, versions, begun, answer_now=answer_now)

    def _start(
        self,
        question: Question,
        options: TurnOptions,
        *,
        on_disk: Future[None] | None = None,
        beside: tuple[int, ...] = (),
    ) -> None:
        """The turn that answers the last message of the path."""
        reader = self._reader(question, options, beside)
        self.turns.run(reader, options, on_disk, beside)

    def _reader(
        self,
        question: Question,
        options: TurnOptions,
        beside: tuple[int, ...] = (),
        goes_on: Footer | None = None,
    ) -> TurnReader:
        return TurnReader(
            self.transcript,
            question,
            self._monotonic,
            beside,
            goes_on=goes_on,
            thinking_budget_tokens=options.thinking_budget_tokens,
        )

    def _free_engine(self) -> None:
        self.stop()
        self.titles.give_way()

    def stop(self) -> None:
        self.turns.stop()

    @property
    def stopping(self) -> bool:
        return self.turns.stopping

    def pump(self, most: int | None = None) -> bool:
        """Take what the running turn reported into the transcript, at most so many events.

        True when there is more.
        """
        return self.turns.pump(most)

    # Conversations

    def new_chat(self) -> None:
        self._reading.give_up()
        self._leave()
        self._tell_conversation("")
        self.manner.begin()
        self.tell_transcript()
        self.tell_chats()

    def open_conversation(self, conversation: int, message: int | None = None) -> None:
        """From the disk; a running answer is stopped, and what there is of it is kept. message:
        what the person wants to see of it, in whatever branch it is."""
        self._reading.open(conversation, message)

    def read_again(self) -> None:
        """The open conversation, of which another branch may be shown now."""
        if self.conversation is not None:
            self._reading.read(self.conversation)

    def forget_conversation(self, conversation: int) -> None:
        """It is in the trash; when it is the open one, a new chat takes its place."""
        if conversation == self.conversation:
            self.new_chat()
        else:
            self.tell_chats()

    def rename(self, title: str) -> None:
        """The open conversation has another title."""
        self.path.title = title
        self.tell_transcript()

    def _leave(self) -> None:
        self.turns.leave()
        self.tools.left()
        self.queue.left()
        self.context.left()
        self.path.clear()
        self.transcript.clear()

    def show(self, found: Opened) -> None:
        """What was read. What stands there already stays as it is."""
        details = found.details
        other, begun = details.head.id != self.conversation, not self.path.whole
        if other:
            self._leave()
            self.tools.opened(details.head.id, details.settings)
            self.queue.opened(details)
        self.titles.opened(details)
        self.path.show(found)
        self.manner.opened(details)
        self.transcript.become(found.entries)
        if found.whole:
            self.context.opened(details.settings)
        if other:
            self._tell_conversation(details.draft)
        self.tell_transcript()
        if other or not begun:
            self.tell_chats()

    def close(self) -> None:
        """Cancel whatever runs; waiting for it is the task runner's business."""
        self.stop()
        self.models.close()

    # For whoever shows it

    def _tell_conversation(self, draft: str) -> None:
        if self.presenter is not None:
            self.presenter.conversation_changed(draft)

    def _model_changed(self) -> None:
        self.context.model_changed()
        if self.presenter is not None:
            self.presenter.model_changed()

    def tell_busy(self) -> None:
        if self.presenter is not None:
            self.presenter.busy_changed()

    def tell_chats(self) -> None:
        if self.presenter is not None and self.chats is not None:
            self.presenter.chats_changed()

    def note(self, text: str) -> None:
        if self.presenter is not None:
            self.presenter.note(text)

    def tell_transcript(self) -> None:
        if self.presenter is not None:
            self.presenter.transcript_changed()
