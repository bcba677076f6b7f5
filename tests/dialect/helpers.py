"""Tools, outputs and ways to read them."""

import itertools
from collections.abc import Iterable, Sequence

from app.core.messages import ToolSpec
from app.dialect.events import (
    Family,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
    ToolCallArguments,
)
from app.dialect.reader import Reader

WEATHER = ToolSpec(
    "get_weather",
    "The weather in a city",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "detailed": {"type": "boolean"},
        },
        "required": ["city"],
    },
)
NOW = ToolSpec("now", "The time")
NOTE = ToolSpec(
    "note",
    "Keeps a text",
    {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)
TOOLS = (WEATHER, NOW, NOTE)


def events(
    pieces: Iterable[str],
    family: Family = "glm",
    tools: Sequence[ToolSpec] = TOOLS,
    opens_thinking: bool = False,
    complete: bool = True,
) -> list[StreamEvent]:
    """All events of one answer, adjacent deltas joined."""
    numbers = itertools.count(1)
    reader = Reader(family, tools, opens_thinking, call_id=lambda: f"call{next(numbers)}")
    found = [event for piece in pieces for event in reader.feed(piece)]
    return joined([*found, *reader.finish(complete)])


def joined(found: Iterable[StreamEvent]) -> list[StreamEvent]:
    result: list[StreamEvent] = []
    for event in found:
        last = result[-1] if result else None
        match last, event:
            case TextDelta(before), TextDelta(after):
                result[-1] = TextDelta(before + after)
            case ReasoningDelta(before), ReasoningDelta(after):
                result[-1] = ReasoningDelta(before + after)
            case ToolCallArguments(index, before), ToolCallArguments(_, after):
                result[-1] = ToolCallArguments(index, before + after)
            case _:
                result.append(event)
    return result


def glm_call(name: str, arguments: dict[str, str], newline: str = "\n") -> str:
    """A call as GLM writes it, values as given."""
    pairs = "".join(
        f"<arg_key>{key}</arg_key>{newline}<arg_value>{value}</arg_value>{newline}"
        for key, value in arguments.items()
    )
    return f"<tool_call>{name}{newline}{pairs}</tool_call>"
