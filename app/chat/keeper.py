"""Keeps a turn on disk while it runs: the question before the engine sees it, the answer as it
comes."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from app.chat.events import MessageAdded, RoundFinished, RoundStarted, TurnEvent
from app.chat.store.commands import MessageCommands
from app.chat.store.types import FinalState, Making, State
from app.chat.thinking import together
from app.core.errors import KnownError
from app.core.messages import ErrorPart, Message, NoticePart, Part
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
)
from app.engine.protocol import Stats

if TYPE_CHECKING:
    from app.chat.store.stream import AnswerStream

_STREAMED = (
    TextDelta,
    ReasoningDelta,
    ReasoningClosed,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Written:
    """A message of the turn as the store has it once the turn is over."""

    id: int
    message: Message
    state: State = "complete"
    making: Making | None = None


class TurnKeeper:
    """For one turn; `feed` and `end` from one thread at a time, and neither waits for the disk.

    question: the message that the turn follows. making: what every answer of the turn is made with.
    begun: the answer below the question that the first round goes on with. message: the one that is
    being written, or was written last. written: what the turn has added so far, what was begun
    included; complete after `end`.
    """

    def __init__(
        self,
        messages: MessageCommands,
        conversation: int,
        question: int,
        making: Making,
        begun: Written | None = None,
    ) -> None:
        self._messages = messages
        self._conversation = conversation
        self._making = making
        self._begun = begun
        self._stream: AnswerStream | None = None
        self._waiting: tuple[AnswerStream, Message, Making, str] | None = None
        self._made, self._raw = making, ""
        self._ended = False
        self.message = question
        self.written: list[Written] = []
        self.remarks_before: tuple[Part, ...] = ()
        """What `end` had to say when the turn had added nothing: it is with the question then."""

    def feed(self, event: TurnEvent) -> None:
        match event:
            case RoundStarted():
                self._settle("complete")
                self._stream, started = self._start()
                self.message = self._stream.message
                _watch(started)
            case RoundFinished(reason=reason, stats=stats, raw=raw):
                before = self._begun.making if self._begun is not None else None
                self._made = _made(self._making, before, stats, reason)
                self._raw = raw
            case MessageAdded(message):
                self._add(message)
            case _ if self._stream is not None and isinstance(event, _STREAMED):
                self._stream.feed(event)

    def end(self, state: FinalState, *, error: KnownError | None = None, notice: str = "") -> None:
        """However the turn ended; later calls change nothing."""
        if self._ended:
            return
        self._ended = True
        remarks: list[Part] = [NoticePart(notice)] if notice else []
        if error is not None:
            remarks.append(ErrorPart(error.what, error.why, error.next_step, error.details))
        if self._waiting is not None:
            self._settle(state, remarks)
        elif self._stream is not None and self._begun is None:
            # Nothing came of this round that the next prompt could hold.
            _watch(self._stream.finish(state, parts=remarks or None, making=self._making))
            self._note(Message("assistant", tuple(remarks)), state, self._making)
        elif self._begun is not None:
            self._leave_as_begun(self._begun, remarks)
        else:
            self._remark(remarks)

    def _start(self) -> tuple["AnswerStream", Future[None]]:
        if self._begun is not None:
            return self._messages.continue_answer(self._begun.id)
        return self._messages.begin_answer(self._conversation, self.message, self._making)

    def _leave_as_begun(self, begun: Written, remarks: Sequence[Part]) -> None:
        """Nothing was added to it that the next prompt could hold."""
        if self._stream is not None:
            _watch(self._stream.finish("failed" if begun.state == "failed" else "stopped"))
        for remark in remarks:
            _watch(self._messages.append_part(begun.id, remark))
        message = replace(begun.message, parts=(*begun.message.parts, *remarks))
        self.message = begun.id
        self.written.append(replace(begun, message=message))

    def _add(self, message: Message) -> None:
        if message.role == "assistant" and self._stream is not None:
            self._waiting = self._stream, message, self._made, self._raw
            self._stream, self._begun = None, None
            self._made, self._raw = self._making, ""
            return
        self._settle("complete")
        self.message, added = self._messages.add(self._conversation, self.message, message)
        self._note(message)
        _watch(added)

    def _settle(self, state: FinalState, remarks: Sequence[Part] = ()) -> None:
        """The last answer is as it will stay."""
        if self._waiting is not None:
            stream, message, making, raw = self._waiting
            self._waiting = None
            message = replace(message, parts=(*message.parts, *remarks))
            _watch(stream.finish(state, parts=message.parts, making=making, raw=raw or None))
            self._note(message, state, making)

    def _remark(self, remarks: Sequence[Part]) -> None:
        for remark in remarks:
            _watch(self._messages.append_part(self.message, remark))
        if self.written:
            last = self.written[-1]
            parts = (*last.message.parts, *remarks)
            self.written[-1] = replace(last, message=replace(last.message, parts=parts))
        else:
            self.remarks_before = tuple(remarks)

    def _note(
        self, message: Message, state: FinalState = "complete", making: Making | None = None
    ) -> None:
        self.written.append(Written(self.message, message, state, making))


def _made(making: Making, before: Making | None, stats: Stats, reason: str) -> Making:
    """before: of the begun answer; the figures then are of both goes together."""
    if before is not None:
        if before.model and before.model != making.model:
            making = replace(making, model=f"{before.model}, then {making.model}")
        earlier = _stats(before)
        stats = together(earlier, stats) if earlier is not None else stats
    return replace(making, seed=stats.seed, timings=asdict(stats), reason=reason)


def _stats(making: Making) -> Stats | None:
    """None when they are of another time, with other figures."""
    try:
        return Stats(**making.timings)  # type: ignore[arg-type]
    except TypeError:
        return None


def _watch(future: Future[None]) -> None:
    """The store keeps what could not be written and tells so itself; here it is only noted."""
    future.add_done_callback(_log_failure)


def _log_failure(future: Future[None]) -> None:
    error = future.exception() if not future.cancelled() else None
    if error is not None:
        _log.warning("A part of the chat is not on disk yet: %s", error)
