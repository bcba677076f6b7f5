"""What was said: a conversation is a list of messages, a message a list of typed parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.core.json import JsonObject

Role = Literal["system", "user", "assistant", "tool"]
ThinkingEnd = Literal["budget", "person"]


@dataclass(frozen=True)
class TextPart:
    text: str


@dataclass(frozen=True)
class ReasoningPart:
    """The model's thinking. finished is False when the thinking was never closed. ended_by: who
    closed it, when that was not the model: its budget in tokens, or the person."""

    text: str
    seconds: float | None = None
    finished: bool = True
    ended_by: ThinkingEnd | None = None


@dataclass(frozen=True)
class ToolCallPart:
    """A well-formed call. id is unique within a conversation; arguments are typed by the schema."""

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True)
class ToolResultPart:
    """What the tool with call id `call_id` answered; failed results are told to the model too.

    foreign: the text comes from outside the program and the prompt marks it so. decision: how the
    call came to run or not, as in app.tools.consent.How.
    """

    call_id: str
    name: str
    text: str
    failed: bool = False
    seconds: float | None = None
    foreign: bool = False
    decision: str = ""


@dataclass(frozen=True)
class MalformedCallPart:
    """A call the model wrote wrong or did not finish: shown as text, never run."""

    text: str
    reason: str


@dataclass(frozen=True)
class AttachmentPart:
    """A file that the person added, as the text that was read from it.

    size_bytes is that of the file itself, None when it was pasted or is not known. excerpt says
    which part of it the text is (`lines 1–1,200 of 5,000`); "" for all of it.
    """

    name: str
    text: str
    media_type: str = "text/plain"
    size_bytes: int | None = None
    excerpt: str = ""


@dataclass(frozen=True)
class ErrorPart:
    """A failure that ended the message, in the words of a KnownError; never put to the model."""

    what: str
    why: str = ""
    next_step: str = ""
    details: str = ""

    @property
    def text(self) -> str:
        return self.what


@dataclass(frozen=True)
class NoticePart:
    """A remark of the program to the person; never put to the model."""

    text: str


Part = (
    TextPart
    | ReasoningPart
    | ToolCallPart
    | ToolResultPart
    | MalformedCallPart
    | AttachmentPart
    | ErrorPart
    | NoticePart
)


@dataclass(frozen=True)
class Message:
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, ReasoningPart))

    @property
    def attachments(self) -> tuple[AttachmentPart, ...]:
        return tuple(part for part in self.parts if isinstance(part, AttachmentPart))

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCallPart))


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; parameters is a JSON schema of type object."""

    name: str
    description: str
    parameters: JsonObject = field(default_factory=lambda: {"type": "object", "properties": {}})

    def as_openai(self) -> JsonObject:
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": self.parameters,
            },
        }

    @staticmethod
    def from_openai(value: Mapping[str, object]) -> "ToolSpec":
        """Accepts `{"type": "function", "function": {...}}` and the bare function object.

        Raises ValueError with a readable reason.
        """
        function = value.get("function", value)
        if not isinstance(function, Mapping):
            raise ValueError("a tool is a JSON object with name, description and parameters")
        name = function.get("name")
        if not isinstance(name, str) or not name:
            raise ValueError("a tool needs a name")
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
        if not isinstance(parameters, dict):
            raise ValueError(f"the parameters of tool {name} are a JSON schema object")
        return ToolSpec(name, str(function.get("description") or ""), parameters)


def user(text: str) -> Message:
    return Message("user", (TextPart(text),))


def system(text: str) -> Message:
    return Message("system", (TextPart(text),))
