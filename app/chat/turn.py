"""The turn: ask, run the tools that the model calls, ask again, until there is an answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.chat import notices
from app.chat.events import ToolFinished, ToolStarted, TurnFinished
from app.chat.record import TurnRecord
from app.chat.round import Emit, Engine, Round, RoundResult
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import (
    Message,
    ToolCallPart,
    ToolResultPart,
    ToolSpec,
    system,
)
from app.core.sampling import GLM_GENERAL, Sampling
from app.dialect.events import ToolCallRejected
from app.dialect.reader import Reader, new_call_id
from app.dialect.template import ChatTemplate
from app.tools.runner import failed_result

MAX_ROUNDS = 8


class Tools(Protocol):
    """What the turn needs of the tool runner."""

    @property
    def specs(self) -> tuple[ToolSpec, ...]: ...

    def run(self, call: ToolCallPart, cancel: CancelToken) -> ToolResultPart: ...


@dataclass(frozen=True)
class TurnOptions:
    """thinking and tools_enabled are wishes: a template that lacks the ability goes without."""

    thinking: bool = True
    tools_enabled: bool = False
    sampling: Sampling = GLM_GENERAL.sampling
    system_prompt: str = ""


class TurnRunner:
    """Holds no state between turns. `run` blocks: call it on a worker thread or without a window.

    At most MAX_ROUNDS prompts go to the engine in one turn. Then the turn ends with a notice rather
    than with one more prompt without tools: leaving the tools out changes the beginning of the
    prompt, so that a large model would read the whole conversation again.
    """

    def __init__(
        self,
        engine: Engine,
        template: ChatTemplate,
        tools: Tools,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._template = template
        self._tools = tools
        self._monotonic = monotonic

    def run(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> TurnFinished:
        """The messages that the turn adds to `history`, which ends with the user's.

        emit is called on this thread. A cancelled turn returns what there is, with reason
        "cancelled". Raises KnownError, as TurnError once there is something to keep.
        """
        turn = TurnRecord((*self._opening(options), *history), emit)
        finished = self._loop(turn, options, emit, cancel)
        emit(finished)
        return finished

    def offered(self, options: TurnOptions) -> tuple[ToolSpec, ...]:
        """The tools of a turn with these options."""
        wanted = options.tools_enabled and self._takes_tools
        return self._tools.specs if wanted else ()

    @property
    def _takes_tools(self) -> bool:
        return self._template.capabilities.tools.supported

    def _opening(self, options: TurnOptions) -> tuple[Message, ...]:
        if not options.system_prompt:
            return ()
        ability = self._template.capabilities.system_prompt
        if not ability.supported:
            raise KnownError(
                "The system prompt cannot be used.", ability.reason, "Ask without one."
            )
        return (system(options.system_prompt),)

    def _loop(
        self, turn: TurnRecord, options: TurnOptions, emit: Emit, cancel: CancelToken
    ) -> TurnFinished:
        specs = self.offered(options)
        for index in range(MAX_ROUNDS):
            if cancel.cancelled:
                return turn.finish("cancelled")
            result = self._round(index, turn, specs, options, emit, cancel)
            if result.message.parts:
                turn.add(result.message)
            if result.failure is not None:
                turn.answer(result.calls, notices.NOT_RUN_FAILED)
                raise turn.broken(result.failure) from result.failure
            if result.reason not in ("end", "stop_string"):
                turn.answer(result.calls, notices.NOT_RUN[result.reason])
                return turn.finish(result.reason, notices.cut_off(result, options.sampling))
            if not result.calls or not self._takes_tools:
                return turn.finish(result.reason, notices.empty(result.message))
            if index == MAX_ROUNDS - 1:
                turn.answer(result.calls, notices.NOT_RUN_ROUNDS)
                return turn.finish(result.reason, notices.TOO_MANY_ROUNDS)
            if self._run_calls(result, turn, emit, cancel):
                return turn.finish("cancelled")
            if turn.repeated is not None:
                return turn.finish(result.reason, notices.repeated_call(turn.repeated))
        raise AssertionError("the last round returns")

    def _round(
        self,
        index: int,
        turn: TurnRecord,
        specs: tuple[ToolSpec, ...],
        options: TurnOptions,
        emit: Emit,
        cancel: CancelToken,
    ) -> RoundResult:
        try:
            prompt = self._template.render(turn.conversation, specs, thinking=options.thinking)
            reader = Reader(self._template.capabilities.family, specs, prompt.opens_thinking)
            run = Round(index, emit, self._monotonic)
            return run.run(self._engine, reader, prompt, options.sampling, cancel)
        except KnownError as error:
            if not turn.added:
                raise
            raise turn.broken(error) from error

    def _run_calls(
        self, result: RoundResult, turn: TurnRecord, emit: Emit, cancel: CancelToken
    ) -> bool:
        """True when the turn was cancelled meanwhile; every call has a result in any case."""
        results: list[ToolResultPart] = []
        for position, call in enumerate(result.calls):
            try:
                answer = self._result(call, emit, cancel)
            except Cancelled:
                turn.answer(result.calls[position:], notices.NOT_RUN["cancelled"], results)
                return True
            results.append(turn.noted(call, answer))
        turn.end_round(results)
        return False

    def _result(
        self,
        call: ToolCallPart | ToolCallRejected,
        emit: Emit,
        cancel: CancelToken,
    ) -> ToolResultPart:
        if isinstance(call, ToolCallRejected):
            return failed_result(new_call_id(), call.name, call.part.reason)
        emit(ToolStarted(call))
        result = self._tools.run(call, cancel)
        emit(ToolFinished(result))
        return result
