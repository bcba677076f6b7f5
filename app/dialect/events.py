"""What a streaming reader makes of a model's raw text."""

from dataclasses import dataclass

from app.core.messages import MalformedCallPart, ToolCallPart


@dataclass(frozen=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True)
class ReasoningClosed:
    """The thinking block ended; what follows is answer or calls. finished is False when the
    output ended inside it."""

    finished: bool


@dataclass(frozen=True)
class TextDelta:
    text: str


@dataclass(frozen=True)
class ToolCallStarted:
    """index counts the calls of one answer from 0."""

    index: int
    name: str


@dataclass(frozen=True)
class ToolCallArguments:
    """Raw argument text as it arrives, for display only."""

    index: int
    text: str


@dataclass(frozen=True)
class ToolCallDone:
    """A complete, well-formed call of a declared tool, outside thinking, ready to run."""

    index: int
    call: ToolCallPart


@dataclass(frozen=True)
class ToolCallRejected:
    """A malformed or cut-off call, or one of an undeclared tool: shown with its reason, told to
    the model, never run. name is what is known of the tool's name, "" if nothing."""

    index: int
    name: str
    part: MalformedCallPart


StreamEvent = (
    ReasoningDelta
    | ReasoningClosed
    | TextDelta
    | ToolCallStarted
    | ToolCallArguments
    | ToolCallDone
    | ToolCallRejected
)
