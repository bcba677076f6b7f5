"""A turn of the model, written to the store while it runs."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from app.chat.events import RoundFinished, RoundStarted, ToolFinished, TurnEvent, TurnFinished
from app.chat.store.commands import MessageCommands
from app.chat.store.types import FinalState, Making
from app.core.errors import KnownError
from app.core.messages import ErrorPart, Message, NoticePart, Part
from app.engine.protocol import PromptProgress

if TYPE_CHECKING:
    from app.chat.store.stream import AnswerStream


class TurnKeeper:
    """For one turn. `feed` every event, on one thread, then `finish` or `fail`; nothing waits.

    Every round becomes an assistant message below the one before it, and the results of its tools
    a message below that: the branch on which the question was asked. What was streamed before a
    crash is found as an interrupted message.
    """

    def __init__(
        self, commands: MessageCommands, conversation: int, question: int, making: Making
    ) -> None:
        self._commands = commands
        self._conversation = conversation
        self._making = making
        self._leaf = question
        self._open: AnswerStream | None = None
        self._open_role: str = ""
        self.messages: list[int] = []
        """The ids of what the turn has added so far, in order."""
        self._parts: dict[int, tuple[Part, ...]] = {}

    def feed(self, event: TurnEvent) -> None:
        match event:
            case RoundStarted():
                self._close("complete")
                self._begin("assistant")
            case RoundFinished(message, reason, stats):
                timings: dict[str, Any] = asdict(stats)
                making = replace(self._making, seed=stats.seed, timings=timings, reason=reason)
                stopped = reason == "cancelled"
                self._close("stopped" if stopped else "complete", message.parts, making)
            case ToolFinished(result):
                if self._open is None or self._open_role != "tool":
                    self._close("complete")
                    self._begin("tool")
                if self._open is not None:
                    self._open.part(result)
            case TurnFinished():
                self.finish(event)
            case PromptProgress():
                pass
            case _:
                if self._open is not None and self._open_role == "assistant":
                    self._open.feed(event)  # type: ignore[arg-type]

    def finish(self, finished: TurnFinished) -> None:
        """What the turn says that it has added is the last word; safe to call twice."""
        self._close("stopped" if finished.reason == "cancelled" else "complete")
        self._settle(finished.messages)
        if finished.notice:
            self._append(NoticePart(finished.notice))

    def fail(self, error: KnownError, messages: Sequence[Message] = ()) -> None:
        """The engine failed; messages is what there is (see TurnError)."""
        if self._open is None and not self.messages:
            self._begin("assistant")
        self._close("failed")
        self._settle(messages)
        self._append(ErrorPart(error.what, error.why, error.next_step, error.details))

    def _begin(self, role: str) -> None:
        self._open, _ = self._commands.begin_answer(
            self._conversation,
            self._leaf,
            self._making if role == "assistant" else None,
            "tool" if role == "tool" else "assistant",
        )
        self._open_role = role
        self._leaf = self._open.message
        self.messages.append(self._leaf)

    def _close(
        self,
        state: FinalState,
        parts: tuple[Part, ...] | None = None,
        making: Making | None = None,
    ) -> Future[None] | None:
        stream, self._open = self._open, None
        if stream is None:
            return None
        if parts is not None:
            self._parts[stream.message] = parts
        return stream.finish(state, parts=parts, making=making)

    def _settle(self, messages: Sequence[Message]) -> None:
        """The parts as they go into the next prompt: tool results may have got a remark."""
        ids = iter(self.messages)
        for message in messages:
            name = next((one for one in ids if self._fits(one, message)), None)
            if name is None:
                return
            if self._parts.get(name) != message.parts:
                self._set(name, message.parts)

    def _fits(self, name: int, message: Message) -> bool:
        """A round that said nothing is no message of the turn."""
        known = self._parts.get(name)
        return known is None or bool(known) or not message.parts

    def _append(self, part: Part) -> None:
        """To the last message, once."""
        last = self.messages[-1] if self.messages else None
        if last is not None:
            self._commands.append_part(last, part)

    def _set(self, name: int, parts: tuple[Part, ...]) -> None:
        self._parts[name] = parts
        self._commands.set_parts(name, parts)
