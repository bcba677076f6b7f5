"""Runs the calls that a model makes, once they are allowed."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.messages import ToolCallPart, ToolResultPart, ToolSpec
from app.core.tasks import TimedOut, run_bounded
from app.core.units import count, duration
from app.tools.consent import Gate, How, QuestionRequest, Request, closed_gate
from app.tools.log import Entry, Note, Outcome
from app.tools.schema import problems
from app.tools.tool import Plan, Tool, ToolFailure, ToolSource

T = TypeVar("T")

RESULT_CHARACTERS = 8_000
TIMEOUT_SECONDS = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Allowed:
    """A call that may run. how: by whose word. run: blocks, for a thread of its own."""

    call: ToolCallPart
    tool: Tool
    plan: Plan
    how: How
    answer: str | None = None
    """Of the person, where the tool asked; there is nothing left to run then."""


class ToolRunner:
    """Every failure becomes a result that the model is told. Holds no state between calls; any
    thread but the GUI's. note: gets an entry for every call that came to a decision."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        sources: Sequence[ToolSource] = (),
        note: Note | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._own = tuple(tools)
        self._sources = tuple(sources)
        self._note = note
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._now = now

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All that there are now, those that cannot be offered included; one for each name. Any
        thread; returns at once."""
        found = {tool.name: tool for tool in self._own}
        for source in self._sources:
            for tool in source.tools():
                found.setdefault(tool.name, tool)
        return tuple(found.values())

    def offered(self, off: frozenset[str] = frozenset()) -> tuple[Tool, ...]:
        """Those that can be used and are not switched off, by name."""
        return tuple(tool for tool in self.tools if tool.name not in off and not tool.unavailable())

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self.offered())

    def prepare(self, cancel: CancelToken) -> None:
        """Before the first prompt of a turn with tools; may block. Raises Cancelled."""
        for source in self._sources:
            source.prepare(cancel)

    def allow(
        self,
        call: ToolCallPart,
        tools: Sequence[Tool],
        gate: Gate,
        asking: Callable[[Request], None],
        cancel: CancelToken,
    ) -> Allowed | ToolResultPart:
        """Ask whoever has to be asked; a result when it may not run. tools: those of the turn.

        Blocks for as long as the person thinks. Raises Cancelled.
        """

        def ask() -> Allowed | ToolResultPart:
            tool = _found(call, tools)
            plan = self._planned(tool, call, cancel)
            if plan.question is not None:
                answer = gate.reply(QuestionRequest(call, plan.question), asking, cancel)
                return Allowed(call, tool, plan, "", answer)
            verdict = gate.verdict(tool, plan, call, asking, cancel)
            if verdict.allowed:
                return Allowed(call, tool, plan, verdict.how)
            self._noted(call, tool, plan, "denied", "denied", None)
            refused = failed_result(call.id, call.name, _refusal(verdict.word))
            return replace(refused, decision="denied")

        return self._guarded(call, ask)

    def execute(self, allowed: Allowed, cancel: CancelToken) -> ToolResultPart:
        """Blocks until the tool answered, failed, or ran out of time. Raises Cancelled, at once,
        whether the tool looks at its token or not."""
        call, tool, plan = allowed.call, allowed.tool, allowed.plan
        started = self._monotonic()

        def work() -> str:
            if allowed.answer is not None:
                return allowed.answer
            return run_bounded(plan.run, cancel, self._limit(tool))

        try:
            text = self._guarded(call, work, tool)
        except Cancelled:
            self._noted(call, tool, plan, allowed.how, "stopped", self._monotonic() - started)
            raise
        if isinstance(text, str):
            size: int | None = len(text)
            result = ToolResultPart(call.id, call.name, cut(text), foreign=tool.foreign)
        else:
            result, size = replace(text, foreign=tool.foreign), None
        seconds = self._monotonic() - started
        outcome: Outcome = "failed" if result.failed else "done"
        self._noted(call, tool, plan, allowed.how, outcome, seconds, size)
        return replace(result, seconds=seconds, decision=allowed.how)

    def run(
        self, call: ToolCallPart, cancel: CancelToken, gate: Gate | None = None
    ) -> ToolResultPart:
        """Both, one after the other. Without a gate only what touches nothing runs."""
        found = self.allow(call, self.offered(), gate or closed_gate(), _untold, cancel)
        return found if isinstance(found, ToolResultPart) else self.execute(found, cancel)

    def _planned(self, tool: Tool, call: ToolCallPart, cancel: CancelToken) -> Plan:
        if found := problems(call.arguments, tool.spec.parameters):
            raise ToolFailure("; ".join(found))
        if tool.plan is None:
            return tool.planned(call.arguments, cancel)
        return run_bounded(
            lambda inner: tool.planned(call.arguments, inner), cancel, self._limit(tool)
        )

    def _guarded(
        self, call: ToolCallPart, work: Callable[[], T], tool: Tool | None = None
    ) -> T | ToolResultPart:
        """What the work gives, or a failed result in words for the model."""
        try:
            return work()
        except ToolFailure as failure:
            reason = str(failure)
        except KnownError as error:
            reason = str(error)
        except TimedOut:
            limit = duration(self._timeout_seconds if tool is None else self._limit(tool))
            reason = f"the tool did not answer within {limit} and was stopped"
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - a broken tool must not break the turn
            _log.exception("The tool %s failed", call.name)
            reason = f"the tool failed unexpectedly ({type(error).__name__})"
        return failed_result(call.id, call.name, reason)

    def _limit(self, tool: Tool) -> float:
        return tool.timeout_seconds or self._timeout_seconds

    def _noted(
        self,
        call: ToolCallPart,
        tool: Tool,
        plan: Plan,
        how: How,
        outcome: Outcome,
        seconds: float | None,
        characters: int | None = None,
    ) -> None:
        if self._note is not None:
            self._note(
                Entry(
                    self._now(),
                    call.name,
                    tool.source,
                    tool.effect,
                    plan.scope,
                    call.arguments,
                    how,
                    outcome,
                    seconds,
                    characters,
                )
            )


def failed_result(call_id: str, name: str, reason: str) -> ToolResultPart:
    return ToolResultPart(call_id, name, cut(f"Error: {reason}"), failed=True)


def unknown_tool(name: str, specs: Sequence[ToolSpec]) -> str:
    return f"there is no tool {name}; there are {', '.join(spec.name for spec in specs)}"


def cut(text: str) -> str:
    """At most RESULT_CHARACTERS, the sentence that says so included; always encodable."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= RESULT_CHARACTERS:
        return text
    sentence = f"\n[Cut here: the result has {count(len(text))} characters.]"
    return text[: RESULT_CHARACTERS - len(sentence)] + sentence


def _found(call: ToolCallPart, tools: Sequence[Tool]) -> Tool:
    for tool in tools:
        if tool.name == call.name:
            return tool
    raise ToolFailure(unknown_tool(call.name, [tool.spec for tool in tools]))


def _refusal(word: str) -> str:
    said = f" The person says: {word.strip()}" if word.strip() else ""
    return f"the person did not allow this call. Do not try it in another way.{said}"


def _untold(_request: Request) -> None:
    pass
