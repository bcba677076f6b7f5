"""What the answer of a round consists of by now, and how long its thinking took."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from app.core.messages import Message, Part, ReasoningPart, ThinkingEnd, ToolCallPart
from app.dialect.answer import PartsBuilder
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
    ToolCallStarted,
)


class AnswerSoFar:
    """calls and rejected: what the model asked for. may_think: its thinking has still to end, or to
    begin. was_thinking: a begun answer ended in the middle of it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._builder = PartsBuilder()
        self.calls: list[ToolCallPart] = []
        self.rejected: list[ToolCallRejected] = []
        self.may_think = True
        self._thinking = False
        self._since: float | None = None
        self._first_chunk: float | None = None
        # Of one block of thinking after the other; a begun answer brings some along.
        self._seconds: list[float] = []
        self._seconds_before: list[float | None] = []
        self._ended_by: dict[int, ThinkingEnd] = {}
        self.was_thinking = False

    def resume(self, message: Message, events: Sequence[StreamEvent]) -> None:
        """It goes on with a begun one. events: what a reader made of that."""
        for event in events:
            self.take(event)
        before = [part for part in message.parts if isinstance(part, ReasoningPart)]
        self._seconds = [0.0] * len(self._seconds)
        self._seconds_before = [part.seconds for part in before]
        self._since = None
        self.was_thinking = bool(before) and not before[-1].finished
        for number, part in enumerate(before):
            if part.ended_by is not None:
                self._ended_by[number] = part.ended_by
            elif not part.finished and number < len(self._seconds):
                self._ended_by[number] = "person"

    def chunk_came(self) -> None:
        if self._first_chunk is None:
            self._first_chunk = self._monotonic()

    def end_thinking(self, by: ThinkingEnd) -> None:
        """What closes it comes next."""
        if self._thinking:
            self._ended_by[len(self._seconds)] = by

    def take(self, event: StreamEvent) -> None:
        self._builder.add(event)
        match event:
            case ReasoningDelta():
                self.may_think = self._thinking = True
                if self._since is None:
                    self._since = self._monotonic()
            case ReasoningClosed():
                self.may_think = False
                self._close()
            case ThinkingFound(text):
                self.may_think = False
                self.calls.clear()
                self.rejected.clear()
                self._seconds.clear()
                self._ended_by.clear()
                self._since = self._first_chunk
                self._thinking = bool(text)
            case TextDelta() | ToolCallStarted():
                self.may_think = False
            case ToolCallDone(_, call):
                self.may_think = False
                self.calls.append(call)
            case ToolCallRejected():
                self.may_think = False
                self.rejected.append(event)

    def parts(self) -> tuple[Part, ...]:
        """For once, when the answer is over."""
        self._close()
        number = 0
        parts: list[Part] = []
        for part in self._builder.parts():
            if isinstance(part, ReasoningPart):
                parts.append(self._timed(part, number))
                number += 1
            else:
                parts.append(part)
        return tuple(parts)

    def _close(self) -> None:
        if self._thinking:
            since, now = self._since, self._monotonic()
            self._seconds.append(now - since if since is not None else 0.0)
        self._since = None
        self._thinking = False

    def _timed(self, part: ReasoningPart, number: int) -> ReasoningPart:
        now = self._seconds[number] if number < len(self._seconds) else None
        before = self._seconds_before[number : number + 1]
        known = [seconds for seconds in (now, *before) if seconds is not None]
        ended_by = self._ended_by.get(number) if part.finished else None
        return replace(part, seconds=sum(known) if known else None, ended_by=ended_by)
