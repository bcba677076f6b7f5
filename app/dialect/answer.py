"""A whole answer out of a reader's events: as message parts, or as plain fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.messages import (
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolSpec,
)
from app.dialect.events import (
    Family,
    ReasoningClosed,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
)
from app.dialect.reader import Reader


@dataclass(frozen=True)
class ParsedAnswer:
    """content includes the raw text of calls that could not be read; errors says why, one sentence
    for every call that must not run."""

    reasoning: str
    content: str
    tool_calls: tuple[ToolCallPart, ...] = ()
    errors: tuple[str, ...] = ()


class PartsBuilder:
    """Collects the events of one answer; `parts` can be asked for at any time.

    A call that was read but cannot run (`ToolCallRejected.call`) is a MalformedCallPart here, as
    any other rejected call.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._open: list[str] = []
        self._open_is_reasoning = False

    def add(self, event: StreamEvent) -> None:
        match event:
            case ReasoningDelta(text):
                self._append(text, reasoning=True)
            case TextDelta(text):
                self._append(text, reasoning=False)
            case ReasoningClosed(finished):
                self._flush(finished)
            case ThinkingFound(text):
                self._parts, self._open = [], [text] if text else []
                self._open_is_reasoning = True
            case ToolCallDone(_, call):
                self._flush()
                self._parts.append(call)
            case ToolCallRejected(_, _, part, _):
                self._flush()
                self._parts.append(part)
            case _:
                pass

    def add_all(self, events: Iterable[StreamEvent]) -> None:
        for event in events:
            self.add(event)

    def parts(self) -> tuple[Part, ...]:
        return (*self._parts, *self._unflushed(finished=False))

    def _append(self, text: str, *, reasoning: bool) -> None:
        if self._open_is_reasoning != reasoning:
            self._flush()
            self._open_is_reasoning = reasoning
        self._open.append(text)

    def _flush(self, finished: bool = True) -> None:
        self._parts.extend(self._unflushed(finished))
        self._open = []

    def _unflushed(self, finished: bool) -> tuple[Part, ...]:
        if not self._open:
            return ()
        text = "".join(self._open)
        if self._open_is_reasoning:
            return (ReasoningPart(text, finished=finished),)
        return (TextPart(text),)


def parse(
    text: str,
    family: Family = "glm",
    tools: Sequence[ToolSpec] = (),
    opens_thinking: bool = False,
    complete: bool = True,
) -> ParsedAnswer:
    """Read a whole answer at once, exactly as the streaming reader does."""
    reader = Reader(family, tools, opens_thinking)
    reasoning: list[str] = []
    content: list[str] = []
    calls: list[ToolCallPart] = []
    errors: list[str] = []
    for event in (*reader.feed(text), *reader.finish(complete)):
        match event:
            case ReasoningDelta(delta):
                reasoning.append(delta)
            case TextDelta(delta):
                content.append(delta)
            case ThinkingFound(found):
                reasoning, content, calls, errors = [found], [], [], []
            case ToolCallDone(_, call):
                calls.append(call)
            case ToolCallRejected(_, name, part, read):
                errors.append(f"{name}: {part.reason}" if name else part.reason)
                if read is None:
                    content.append(part.text)
            case _:
                pass
    return ParsedAnswer("".join(reasoning), "".join(content), tuple(calls), tuple(errors))
