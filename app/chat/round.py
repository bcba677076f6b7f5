"""One round of a turn: the prompt goes to the engine, its text becomes an assistant message."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.chat.answer_so_far import AnswerSoFar
from app.chat.events import Progress, RoundFinished, RoundStarted, ThinkingEnded, TurnEvent
from app.chat.thinking import ThinkingLimit, together
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import Message, ToolCallPart
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.dialect.begun import BegunAnswer, Continuation
from app.dialect.events import ReasoningClosed, StreamEvent, ToolCallRejected
from app.dialect.reader import Reader
from app.engine.protocol import Finished, FinishReason, PromptProgress, Stats, TextChunk

Emit = Callable[[TurnEvent], None]
Generation = PromptProgress | TextChunk | Finished
Spell = Callable[[BegunAnswer], Continuation]

PROGRESS_SECONDS = 0.1
_FEW_TOKENS = 64


class Engine(Protocol):
    """What the turn needs of the engine client; blocks, raises KnownError."""

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken
    ) -> Iterator[Generation]: ...


@dataclass(frozen=True)
class Asking:
    """What a round asks. begun: the answer that there is already. spell: writes the prompt for the
    conversation and a begun answer. new_reader: for an answer to that prompt."""

    begun: BegunAnswer
    spell: Spell
    new_reader: Callable[[Prompt], Reader]
    sampling: Sampling


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
        limit: ThinkingLimit,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._index = index
        self._emit = emit
        self._limit = limit
        self._monotonic = monotonic
        self._answer = AnswerSoFar(monotonic)
        self._raw = ""
        self._prompt_tokens = 0
        self._tokens_before = 0
        self._limited = True
        self._thought_tokens = 0
        self._first_chunk: float | None = None
        self._last_progress: float | None = None

    def run(self, engine: Engine, asking: Asking, cancel: CancelToken) -> RoundResult:
        """Raises what the engine raises while nothing was generated; later failures are in the
        result, beside what had arrived."""
        continuation = asking.spell(asking.begun)
        reader = asking.new_reader(continuation.prompt)
        self._raw = continuation.begun
        self._answer.resume(asking.begun.message, reader.feed(continuation.begun))
        self._emit(RoundStarted(self._index))
        if asking.begun.answer_now and self._answer.was_thinking:
            self._emit(ThinkingEnded("person"))
            self._emit(ReasoningClosed(True))
        finished: Finished | None = None
        failure: KnownError | None = None
        stop = self._stop_for_answer(asking, cancel)
        try:
            finished = self._generate(engine, reader, continuation.prompt, asking.sampling, stop)
            if finished.reason == "cancelled" and not cancel.cancelled:
                finished = self._answer_now(engine, reader, asking, finished, cancel)
        except Cancelled:
            pass
        except KnownError as error:
            if self._first_chunk is None:
                raise
            failure = error
        self._limit.used_tokens += self._thought_tokens
        reason: FinishReason = finished.reason if finished else "cancelled"
        self._read(reader.finish(reason in ("end", "stop_string") and failure is None))
        answer = self._answer
        message = Message("assistant", answer.parts())
        stats = finished.stats if finished else None
        if stats is not None:
            self._emit(RoundFinished(message, reason, stats, self._raw))
        return RoundResult(message, (*answer.rejected, *answer.calls), reason, stats, failure)

    def _stop_for_answer(self, asking: Asking, cancel: CancelToken) -> CancelToken:
        """Stops the engine when the turn is cancelled, and when its thinking shall end."""
        stop = CancelToken()
        cancel.on_cancel(stop.cancel)
        if asking.begun.answer_now:
            self._limited = False
            return stop

        def wished() -> None:
            if self._answer.may_think:
                stop.cancel()

        self._limit.wish.on_cancel(wished)
        return stop

    def _generate(
        self, engine: Engine, reader: Reader, prompt: Prompt, sampling: Sampling, stop: CancelToken
    ) -> Finished:
        for event in engine.generate(prompt, sampling, stop):
            if isinstance(event, Finished):
                return event
            self._take(event, reader)
            if self._limited and self._answer.may_think and self._limit.end(self._thought_tokens):
                stop.cancel()
        raise AssertionError("a generation ends with Finished")

    def _answer_now(
        self, engine: Engine, reader: Reader, asking: Asking, first: Finished, cancel: CancelToken
    ) -> Finished:
        """Goes on with the thinking closed, unless the model has just done that itself. The KV
        cache holds all but the closing."""
        sampling, stats = asking.sampling, first.stats
        if sampling.max_tokens:
            left = sampling.max_tokens - stats.generated_tokens
            if left <= 0:
                return replace(first, reason="max_tokens")
            sampling = replace(sampling, max_tokens=left)
        by = self._limit.end(self._thought_tokens)
        if self._answer.may_think and by is not None:
            self._answer.end_thinking(by)
            self._emit(ThinkingEnded(by))
        continuation = asking.spell(BegunAnswer(raw=self._raw, answer_now=True))
        read, self._raw = self._raw, continuation.begun
        self._read(reader.feed(_added(read, self._raw)))
        self._limited = False
        self._tokens_before = stats.generated_tokens
        second = self._generate(engine, reader, continuation.prompt, sampling, cancel)
        return replace(second, stats=together(stats, second.stats))

    def _take(self, event: PromptProgress | TextChunk, reader: Reader) -> None:
        if isinstance(event, PromptProgress):
            self._prompt_tokens = event.total_tokens
            if not self._tokens_before or event.total_tokens - event.cached_tokens > _FEW_TOKENS:
                self._emit(event)
            return
        if self._first_chunk is None:
            self._first_chunk = self._monotonic()
        self._answer.chunk_came()
        self._raw += event.text
        self._read(reader.feed(event.text))
        generated = self._tokens_before + event.generated_tokens
        if self._answer.may_think:
            self._thought_tokens = generated
        self._report(generated, self._prompt_tokens + event.generated_tokens)

    def _read(self, events: Sequence[StreamEvent]) -> None:
        for event in events:
            self._answer.take(event)
            self._emit(event)

    def _report(self, generated_tokens: int, context_tokens: int) -> None:
        now = self._monotonic()
        if self._last_progress is not None and now - self._last_progress < PROGRESS_SECONDS:
            return
        self._last_progress = now
        elapsed = now - (self._first_chunk or now)
        rate = (generated_tokens - 1) / elapsed if elapsed > 0 and generated_tokens > 1 else None
        self._emit(Progress(generated_tokens, context_tokens, rate))


def _added(read: str, begun: str) -> str:
    """What the begun answer has beyond what was read, whose end it may replace."""
    same = (one == other for one, other in zip(read, begun, strict=False))
    return begun[next((at for at, equal in enumerate(same) if not equal), len(read)) :]
