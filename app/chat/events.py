"""What happens during one turn, for whoever shows it."""

from dataclasses import dataclass

from app.core.messages import Message, ThinkingEnd, ToolCallPart, ToolResultPart
from app.dialect.events import StreamEvent
from app.engine.protocol import FinishReason, PromptProgress, Stats
from app.tools.consent import Request


@dataclass(frozen=True)
class RoundStarted:
    """The prompt of round `index` (from 0) goes to the engine; a turn with tools has several."""

    index: int


@dataclass(frozen=True)
class ToolAsking:
    """The person is asked whether the call may run, or the question that it is; the turn waits."""

    request: Request


@dataclass(frozen=True)
class ToolDecided:
    """The waiting of a ToolAsking is over, whatever was said."""

    call: ToolCallPart


@dataclass(frozen=True)
class ToolStarted:
    call: ToolCallPart


@dataclass(frozen=True)
class ToolFinished:
    result: ToolResultPart


@dataclass(frozen=True)
class RoundFinished:
    """message is the assistant's message of this round, as it enters the conversation; raw is what
    the model wrote, tags included."""

    message: Message
    reason: FinishReason
    stats: Stats
    raw: str = ""


@dataclass(frozen=True)
class MessageAdded:
    """A message has entered the conversation as the model will read it in the next prompt."""

    message: Message


@dataclass(frozen=True)
class ThinkingEnded:
    """The thinking is ended by someone other than the model; ReasoningClosed follows when there was
    any, and then the answer."""

    by: ThinkingEnd


@dataclass(frozen=True)
class Progress:
    """How far the answer is, for the status line."""

    generated_tokens: int
    context_used_tokens: int
    tokens_per_second: float | None


@dataclass(frozen=True)
class TurnFinished:
    """messages: everything the turn added, in order (assistant and tool messages).

    notice: a sentence for the person when the turn ended early (too many rounds, a repeated call,
    context full), else "".
    """

    messages: tuple[Message, ...]
    reason: FinishReason
    notice: str = ""


TurnEvent = (
    RoundStarted
    | PromptProgress
    | StreamEvent
    | Progress
    | ToolAsking
    | ToolDecided
    | ToolStarted
    | ToolFinished
    | RoundFinished
    | MessageAdded
    | ThinkingEnded
    | TurnFinished
)
