"""What a streaming reader makes of a model's raw text."""

from dataclasses import dataclass
from typing import Literal

from app.core.messages import MalformedCallPart, ToolCallPart

# How a model writes its calls: GLM's argument tags, JSON inside <tool_call>, not at all.
Family = Literal["glm", "json", "plain"]


@dataclass(frozen=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True)
class ReasoningClosed:
    """The thinking block ended; what follows is answer or calls. finished is False when the
    output ended inside it."""

    finished: bool


@dataclass(frozen=True)
class ThinkingFound:
    """Everything told so far in this answer, calls included, was thinking whose opening tag was
    missing: its closing tag has just come. Forget it all and take `text` as the thinking; call
    indexes start again at 0. So calls may run only once the answer is over."""

    text: str


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
    the model, never run. name is what is known of the tool's name, "" if nothing.

    call: what was read, when it could be read at all (an undeclared tool, arguments that do not fit
    the schema); None when the call is malformed or cut off.
    """

    index: int
    name: str
    part: MalformedCallPart
    call: ToolCallPart | None = None


StreamEvent = (
    ReasoningDelta
    | ReasoningClosed
    | ThinkingFound
    | TextDelta
    | ToolCallStarted
    | ToolCallArguments
    | ToolCallDone
    | ToolCallRejected
)
