"""The calls of one round: asked for one after the other, run side by side where they only read."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from app.chat import notices
from app.chat.events import ToolAsking, ToolDecided, ToolFinished, ToolStarted
from app.chat.record import Call
from app.chat.round import Emit
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.messages import ToolCallPart, ToolResultPart
from app.core.tasks import run_together
from app.dialect.events import ToolCallRejected
from app.dialect.reader import new_call_id
from app.tools.consent import Gate, Request
from app.tools.runner import Allowed, failed_result
from app.tools.tool import SIDE_BY_SIDE, Tool


class Tools(Protocol):
    """What the turn needs of the tool runner."""

    def offered(self, off: frozenset[str] = ...) -> tuple[Tool, ...]: ...

    def prepare(self, cancel: CancelToken) -> None: ...

    def allow(
        self,
        call: ToolCallPart,
        tools: Sequence[Tool],
        gate: Gate,
        asking: Callable[[Request], None],
        cancel: CancelToken,
    ) -> Allowed | ToolResultPart: ...

    def execute(self, allowed: Allowed, cancel: CancelToken) -> ToolResultPart: ...


class RoundCalls:
    """For one round, on the turn's thread. tools: those that the turn offers."""

    def __init__(
        self,
        runner: Tools,
        tools: Sequence[Tool],
        gate: Gate,
        emit: Emit,
        cancel: CancelToken,
    ) -> None:
        self._runner, self._gate = runner, gate
        self._tools = {tool.name: tool for tool in tools}
        self._emit, self._cancel = emit, cancel
        self._results: dict[int, ToolResultPart] = {}

        self.cancelled = False
        """The turn was stopped meanwhile."""

    def run(self, calls: Sequence[Call]) -> dict[int, ToolResultPart]:
        """Results by position. What was still to run when the turn was stopped is told as not run;
        malformed calls that were still to come then have no result."""
        try:
            if len(calls) > 1 and all(map(self._only_reads, calls)):
                self._run_together(calls)
            else:
                self._run_in_turn(calls)
        except Cancelled:
            self.cancelled = True
            for position, call in enumerate(calls):
                if position not in self._results and not isinstance(call, ToolCallRejected):
                    reason = notices.NOT_RUN["cancelled"]
                    self._finish(position, failed_result(call.id, call.name, reason))
        return dict(sorted(self._results.items()))

    def _run_in_turn(self, calls: Sequence[Call]) -> None:
        for position, call in enumerate(calls):
            self._cancel.raise_if_cancelled()
            allowed = self._allow(position, call)
            if allowed is not None:
                self._emit(ToolStarted(allowed.call))
                self._finish(position, self._runner.execute(allowed, self._cancel))

    def _run_together(self, calls: Sequence[Call]) -> None:
        """A person answers one question at a time, so all are asked before any of them runs."""
        waiting = [
            (position, allowed)
            for position, call in enumerate(calls)
            if (allowed := self._allow(position, call)) is not None
        ]
        for _, allowed in waiting:
            self._emit(ToolStarted(allowed.call))
        run_together(
            [partial(self._runner.execute, allowed, self._cancel) for _, allowed in waiting],
            lambda index, result: self._finish(waiting[index][0], result),
        )

    def _allow(self, position: int, call: Call) -> Allowed | None:
        """None when it does not run; its result is there then."""
        if isinstance(call, ToolCallRejected):
            self._results[position] = failed_result(new_call_id(), call.name, call.part.reason)
            return None
        asked: list[Request] = []

        def asking(request: Request) -> None:
            asked.append(request)
            self._emit(ToolAsking(request))

        try:
            found = self._runner.allow(
                call, tuple(self._tools.values()), self._gate, asking, self._cancel
            )
        finally:
            if asked:
                self._emit(ToolDecided(call))
        if isinstance(found, ToolResultPart):
            self._finish(position, found)
            return None
        return found

    def _finish(self, position: int, result: ToolResultPart) -> None:
        self._results[position] = result
        self._emit(ToolFinished(result))

    def _only_reads(self, call: Call) -> bool:
        tool = self._tools.get(call.name)
        return tool is None or tool.effect in SIDE_BY_SIDE
