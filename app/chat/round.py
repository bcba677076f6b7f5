"""One round of a turn: the prompt goes to the engine, its text becomes an assistant message."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.chat.events import Progress, RoundFinished, RoundStarted, TurnEvent
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import Message, Part, ReasoningPart, ToolCallPart
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.dialect.answer import PartsBuilder
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    StreamEvent,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
)
from app.dialect.reader import Reader
from app.engine.protocol import Finished, FinishReason, PromptProgress, Stats, TextChunk

Emit = Callable[[TurnEvent], None]
Generation = PromptProgress | TextChunk | Finished

PROGRESS_SECONDS = 0.1


class Engine(Protocol):
    """What the turn needs of the engine client; blocks, raises KnownError."""

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken
    ) -> Iterator[Generation]: ...


@dataclass(frozen=True)
class RoundResult:
    """calls: what the model asked for, in the order in which the prompt repeats it: a refused call
    goes back as text, before the others. failure: what stopped the engine half-way; the message
    then holds what had arrived."""

    message: Message
    calls: tuple[ToolCallPart | ToolCallRejected, ...]
    reason: FinishReason
    stats: Stats | None
    failure: KnownError | None = None


class Round:
    """Runs once."""

    def __init__(
        self,
        index: int,
        emit: Emit,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = index
        self._emit = emit
        self._monotonic = monotonic
        self._builder = PartsBuilder()
        self._calls: list[ToolCallPart] = []
        self._rejected: list[ToolCallRejected] = []
        self._thinking_since: float | None = None
        self._thinking_seconds: list[float] = []
        self._prompt_tokens = 0
        self._first_chunk: float | None = None
        self._last_progress: float | None = None

    def run(
        self,
        engine: Engine,
        reader: Reader,
        prompt: Prompt,
        sampling: Sampling,
        cancel: CancelToken,
    ) -> RoundResult:
        """Raises what the engine raises while nothing was generated; later failures are in the
        result, beside what had arrived."""
        self._emit(RoundStarted(self._index))
        finished: Finished | None = None
        failure: KnownError | None = None
        try:
            for event in engine.generate(prompt, sampling, cancel):
                finished = self._take(event, reader)
        except Cancelled:
            pass
        except KnownError as error:
            if self._first_chunk is None:
                raise
            failure = error
        reason: FinishReason = finished.reason if finished else "cancelled"
        self._read(reader.finish(reason in ("end", "stop_string") and failure is None))
        message = Message("assistant", self._parts())
        stats = finished.stats if finished else None
        if stats is not None:
            self._emit(RoundFinished(message, reason, stats))
        return RoundResult(message, (*self._rejected, *self._calls), reason, stats, failure)

    def _take(self, event: Generation, reader: Reader) -> Finished | None:
        if isinstance(event, Finished):
            return event
        if isinstance(event, PromptProgress):
            self._prompt_tokens = event.total_tokens
            self._emit(event)
            return None
        if self._first_chunk is None:
            self._first_chunk = self._monotonic()
        self._read(reader.feed(event.text))
        self._report(event.generated_tokens)
        return None

    def _read(self, events: Sequence[StreamEvent]) -> None:
        for event in events:
            self._note(event)
            self._builder.add(event)
            self._emit(event)

    def _note(self, event: StreamEvent) -> None:
        if isinstance(event, ReasoningDelta) and self._thinking_since is None:
            self._thinking_since = self._monotonic()
        elif isinstance(event, ReasoningClosed):
            self._end_thinking()
        elif isinstance(event, ThinkingFound):
            self._calls.clear()
            self._rejected.clear()
            self._thinking_seconds.clear()
            self._thinking_since = self._first_chunk if event.text else None
            self._end_thinking()
        elif isinstance(event, ToolCallDone):
            self._calls.append(event.call)
        elif isinstance(event, ToolCallRejected):
            self._rejected.append(event)

    def _end_thinking(self) -> None:
        if self._thinking_since is not None:
            self._thinking_seconds.append(self._monotonic() - self._thinking_since)
            self._thinking_since = None

    def _parts(self) -> tuple[Part, ...]:
        self._end_thinking()
        seconds = iter(self._thinking_seconds)
        return tuple(
            replace(part, seconds=next(seconds, None)) if isinstance(part, ReasoningPart) else part
            for part in self._builder.parts()
        )

    def _report(self, generated_tokens: int) -> None:
        now = self._monotonic()
        if self._last_progress is not None and now - self._last_progress < PROGRESS_SECONDS:
            return
        self._last_progress = now
        elapsed = now - (self._first_chunk or now)
        rate = (generated_tokens - 1) / elapsed if elapsed > 0 and generated_tokens > 1 else None
        self._emit(Progress(generated_tokens, self._prompt_tokens + generated_tokens, rate))
