"""What a turn looks like in a terminal, and as JSON."""

import json
import os
import re
import sys
from dataclasses import asdict
from typing import TextIO

from app.chat.events import RoundFinished, ToolFinished, ToolStarted, TurnEvent, TurnFinished
from app.core.json import JsonObject, JsonValue
from app.core.messages import MalformedCallPart, ToolCallPart, ToolResultPart
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    TextDelta,
    ThinkingFound,
    ToolCallRejected,
)
from app.engine.protocol import Stats

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def plain(text: str) -> str:
    """Without what would steer the terminal."""
    return _CONTROL.sub("�", text)


class Printer:
    """Shows a turn while it happens. broken: whoever read the output has gone."""

    def __init__(self) -> None:
        self.broken = False
        self.stats: Stats | None = None
        self.rounds = 0

    def show(self, event: TurnEvent) -> None:
        if isinstance(event, RoundFinished):
            self.stats = event.stats
            self.rounds += 1
        try:
            self._show(event)
        except BrokenPipeError:
            self.broken = True

    def end(self, finished: TurnFinished) -> None:
        raise NotImplementedError

    def _show(self, event: TurnEvent) -> None:
        raise NotImplementedError


class JsonPrinter(Printer):
    """Nothing until the end, then one object."""

    def end(self, finished: TurnFinished) -> None:
        print(json.dumps(as_json(finished, self.stats, self.rounds), ensure_ascii=False, indent=2))

    def _show(self, event: TurnEvent) -> None:
        pass


class TextPrinter(Printer):
    """The answer goes to stdout and nothing else does; thinking and tools go to stderr, marked."""

    def __init__(self, out: TextIO | None = None, side: TextIO | None = None) -> None:
        super().__init__()
        self._out = out or sys.stdout
        self._side = side or sys.stderr
        dim = self._side.isatty() and not os.environ.get("NO_COLOR")
        self._dim, self._plain = (_DIM, _PLAIN) if dim else ("", "")
        self._thinking = False
        self._line_open = False

    def end(self, finished: TurnFinished) -> None:
        self._end_thinking()
        self._end_line()
        self._out.flush()
        if finished.notice:
            self._aside(f"[{finished.notice}]")

    def _show(self, event: TurnEvent) -> None:
        if isinstance(event, ReasoningDelta):
            self._think(event.text)
        elif isinstance(event, ReasoningClosed):
            self._end_thinking()
        elif isinstance(event, ThinkingFound):
            self._aside("[What came before was thinking, too.]")
        elif isinstance(event, TextDelta):
            self._answer(event.text)
        elif isinstance(event, ToolCallRejected):
            self._aside(f"[A call was not run: {event.part.reason}]")
        elif isinstance(event, ToolStarted):
            arguments = json.dumps(event.call.arguments, ensure_ascii=False)
            self._aside(f"[{event.call.name} {arguments}]")
        elif isinstance(event, ToolFinished):
            self._aside(f"[{event.result.name} → {event.result.text}]")

    def _answer(self, text: str) -> None:
        self._end_thinking()
        text = plain(text)
        self._out.write(text)
        self._out.flush()
        self._line_open = not text.endswith("\n") if text else self._line_open

    def _think(self, text: str) -> None:
        if not self._thinking:
            self._end_line()
            self._side.write(f"{self._dim}[thinking]\n")
            self._thinking = True
        self._side.write(plain(text))
        self._side.flush()

    def _end_thinking(self) -> None:
        if self._thinking:
            self._thinking = False
            self._side.write(f"\n[end of thinking]{self._plain}\n")
            self._side.flush()

    def _aside(self, text: str) -> None:
        self._end_thinking()
        self._end_line()
        self._side.write(f"{self._dim}{plain(text)}{self._plain}\n")
        self._side.flush()

    def _end_line(self) -> None:
        if self._line_open:
            self._out.write("\n")
            self._out.flush()
            self._line_open = False


def as_json(finished: TurnFinished, stats: Stats | None, rounds: int) -> JsonObject:
    """stats are those of the last round; tool_calls are in the order of the turn."""
    parts = [part for message in finished.messages for part in message.parts]
    results = {part.call_id: part for part in parts if isinstance(part, ToolResultPart)}
    calls: list[JsonValue] = [
        {
            "name": part.name,
            "arguments": part.arguments,
            "result": results[part.id].text if part.id in results else None,
        }
        for part in parts
        if isinstance(part, ToolCallPart)
    ]
    errors: list[JsonValue] = [
        {"text": part.text, "reason": part.reason}
        for part in parts
        if isinstance(part, MalformedCallPart)
    ]
    spoken = [message for message in finished.messages if message.role == "assistant"]
    numbers: JsonObject = {**asdict(stats), "rounds": rounds} if stats is not None else {}
    return {
        "reasoning": _joined([message.reasoning for message in spoken]),
        "content": _joined([message.text for message in spoken]),
        "tool_calls": calls,
        "errors": errors,
        "stats": numbers,
        "finish_reason": finished.reason,
        "notice": finished.notice,
    }


def _joined(texts: list[str]) -> str:
    return "\n\n".join(text for text in texts if text.strip())
