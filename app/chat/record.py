"""What one turn has added so far, and which calls it has seen."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.chat import notices
from app.chat.events import MessageAdded, ToolFinished, TurnEvent, TurnFinished
from app.core.errors import KnownError
from app.core.messages import Message, ToolCallPart, ToolResultPart
from app.dialect.events import ToolCallRejected
from app.engine.protocol import FinishReason
from app.tools.runner import cut, failed_result

Call = ToolCallPart | ToolCallRejected


@dataclass(eq=False)
class TurnError(KnownError):
    """The engine failed after the turn had produced something; messages is what there is."""

    messages: tuple[Message, ...] = ()


class TurnRecord:
    """Keeps every call answered: a conversation with open calls would confuse the next turn."""

    def __init__(self, history: Sequence[Message], emit: Callable[[TurnEvent], None]) -> None:
        self._history = tuple(history)
        self._added: list[Message] = []
        self._emit = emit
        self._results_before: dict[str, str] = {}
        self._results_now: dict[str, str] = {}
        self._warned: set[str] = set()
        self.repeated: str | None = None
        """The tool whose call came again, unchanged, after the model had been told."""

    @property
    def conversation(self) -> tuple[Message, ...]:
        return (*self._history, *self._added)

    @property
    def added(self) -> tuple[Message, ...]:
        return tuple(self._added)

    def add(self, message: Message) -> None:
        self._added.append(message)
        self._emit(MessageAdded(message))

    def noted(self, call: Call, result: ToolResultPart) -> ToolResultPart:
        """The result as the model is told it: with a remark when it has been told before.

        Only rounds before this one count: two equal calls in one answer are not obstinacy.
        """
        key = _key(call)
        self._results_now[key] = result.text
        if self._results_before.get(key) != result.text:
            return result
        if key in self._warned:
            self.repeated = call.name
        self._warned.add(key)
        return replace(result, text=cut(f"{result.text}\n{notices.REPEATED}"))

    def end_round(self, results: Sequence[ToolResultPart]) -> None:
        """Add the results of a round's calls."""
        self._results_before.update(self._results_now)
        self._results_now = {}
        if results:
            self.add(Message("tool", tuple(results)))

    def answer(
        self, calls: Sequence[Call], reason: str, results: Sequence[ToolResultPart] = ()
    ) -> None:
        """Add `results` and, for calls that are not run, failed ones with the reason."""
        failed: list[ToolResultPart] = []
        for call in calls:
            if isinstance(call, ToolCallRejected):
                continue
            failed.append(failed_result(call.id, call.name, reason))
            self._emit(ToolFinished(failed[-1]))
        self.end_round([*results, *failed])

    def finish(self, reason: FinishReason, notice: str = "") -> TurnFinished:
        return TurnFinished(self.added, reason, notice)

    def broken(self, error: KnownError) -> TurnError:
        return TurnError(error.what, error.why, error.next_step, error.details, self.added)


def _key(call: Call) -> str:
    if isinstance(call, ToolCallRejected):
        return f"{call.name}\n{call.part.text}"
    return f"{call.name}\n{json.dumps(call.arguments, sort_keys=True)}"
