"""Turns begin, report and end. No Qt: closures come back through the task runner."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING

from app.chat.events import TurnFinished
from app.chat.record import TurnError
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message
from app.ui.chat.keeping import Keeping
from app.ui.chat.making_words import made_text
from app.ui.chat.model_loads import known
from app.ui.chat.path import PathMessage
from app.ui.chat.running import RunningTurn, Waiting
from app.ui.chat.session_ports import Backend
from app.ui.chat.turn_reader import TurnReader

if TYPE_CHECKING:
    from app.core.tasks import Task
    from app.ui.chat.session import ChatSession


class Turns:
    """One at a time. All methods belong on the GUI thread and return at once.

    A turn whose conversation was left goes on until it has stopped, and shows nothing any more.
    """

    def __init__(self, session: "ChatSession", backend: Backend, keeping: Keeping) -> None:
        self._session = session
        self._backend = backend
        self._keeping = keeping
        self._turn: RunningTurn | None = None
        self._task: Task | None = None

    @property
    def busy(self) -> bool:
        return self._task is not None

    @property
    def stopping(self) -> bool:
        return self._task is not None and self._task.cancelled

    @property
    def reader(self) -> TurnReader | None:
        """Of the turn that runs or ran last in the conversation that is shown."""
        return self._turn.reader if self._turn is not None else None

    @property
    def context_used(self) -> int:
        """Tokens, as the engine said last."""
        return (self.reader.context_used or 0) if self.reader is not None else 0

    def run(
        self,
        reader: TurnReader,
        options: TurnOptions,
        on_disk: Future[None] | None,
        beside: tuple[int, ...],
        begun: PathMessage | None = None,
        *,
        answer_now: bool = False,
    ) -> None:
        """reader: of the new turn. on_disk: of the message that it answers, the last one of the
        path. beside: the versions that the answer joins. begun: an answer there is already, and
        that goes on. answer_now: without any more thinking."""
        session = self._session
        ready = session.ready
        if ready is None:
            raise RuntimeError("a turn needs a loaded model")
        session.titles.give_way()
        session.tools.begun(session.path.id)
        options = session.tools.options(options, demo=ready.demo)
        options = replace(options, answer_now=CancelToken())
        if answer_now:
            options.answer_now.cancel()
        kept = self._keeping.turn(session.path, options, ready, on_disk, begun)
        told = begun.message if begun is not None else None
        history = session.context.sent(session.path.prompt())
        turn = RunningTurn(reader, history, options, kept, self._waiting(), beside, told)
        self._turn = turn

        def work(cancel: CancelToken) -> TurnFinished:
            return turn.work(self._backend.run_turn, spelled, self._note_later, cancel)

        def spelled() -> str:
            return self._keeping.spelling(begun)

        def done(finished: TurnFinished) -> None:
            if kept is not None:
                kept.done(finished)
            self._turn_done(turn, finished)

        def failed(error: Exception) -> None:
            if kept is not None:
                kept.failed(error)
            self._turn_failed(turn, error)

        def ended() -> None:
            if kept is not None:
                kept.keeper.end("stopped")
            self._turn_ended(turn)

        self._task = session.tasks.run(work, done, failed, ended)
        session.context.shown()
        session.tell_chats()
        session.tell_busy()
        session.tell_transcript()

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def end_thinking(self) -> None:
        """Of the running turn: the answer comes from what there is."""
        if self._turn is not None:
            self._turn.options.answer_now.cancel()
            self._session.tell_transcript()

    def leave(self) -> None:
        """The person goes to another conversation."""
        self.stop()
        if self._turn is not None:
            self._turn.shown = False
        self._turn = None

    def pump(self, most: int | None = None) -> bool:
        """As the session's."""
        if self._turn is None:
            return False
        some, more = self._turn.pump(most)
        if some:
            self._session.tell_transcript()
        return more

    # From the worker threads

    def _waiting(self) -> Waiting:
        return Waiting(lambda: self._session.tasks.post(self._announce))

    def _announce(self) -> None:
        presenter = self._session.presenter
        if presenter is not None:
            presenter.events_waiting()
        else:
            self.pump()

    def _note_later(self, text: str) -> None:
        self._session.tasks.post(lambda: self._session.note(text))

    # Back on the GUI thread

    def _turn_done(self, turn: RunningTurn, finished: TurnFinished) -> None:
        if not turn.shown:
            return
        turn.end(finished.reason)
        self.pump()
        turn.reader.end(finished.notice, stopped=self.stopping)
        self._add_to_path(turn, finished.messages)
        if finished.reason == "context_full":
            self._session.context.answer_cut(turn.options)

    def _turn_failed(self, turn: RunningTurn, error: Exception) -> None:
        if not turn.shown:
            return
        turn.outcome = "failed"
        self.pump()
        self._add_to_path(turn, error.messages if isinstance(error, TurnError) else ())
        turn.reader.fail(known(error), can_retry=not self._session.path.is_answered)
        self._session.context.turn_failed(error, turn.options)

    def _add_to_path(self, turn: RunningTurn, messages: Sequence[Message]) -> None:
        keeper = turn.kept.keeper if turn.kept else None
        self._session.path.add_turn(keeper, messages, turn.beside)
        if keeper is not None and keeper.written:
            turn.reader.made(made_text(keeper.written[0].making))

    def _turn_ended(self, turn: RunningTurn) -> None:
        session = self._session
        self._task = None
        session.tell_chats()
        if turn.shown:
            self.pump()
            turn.reader.end()
        session.tell_transcript()
        session.tell_busy()
        # What was asked while the answer of another chat was being stopped waits for that, too.
        session.queue.turn_ended(turn.outcome if turn.shown else "done")
        if turn.shown and turn.outcome == "done":
            session.titles.turn_ended(turn.options)
