"""What is known of a server, as it goes from its thread to everybody else."""

from dataclasses import dataclass
from enum import Enum

from app.core.json import JsonObject


class State(Enum):
    OFF = "off"
    UNAPPROVED = "unapproved"
    """Its program has not been allowed to run."""
    IDLE = "idle"
    """Not running; the first call starts it."""
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"
    """It ended by itself and is about to be started again."""
    FAILED = "failed"


@dataclass(frozen=True)
class McpTool:
    """name: as the server calls it. reads_only, destructive: what the server claims, None for
    nothing. why_not: the reason why it is left out, "" when it can be offered."""

    name: str
    title: str
    description: str
    parameters: JsonObject
    reads_only: bool | None = None
    destructive: bool | None = None
    why_not: str = ""


@dataclass(frozen=True)
class McpResource:
    """size_bytes: as the server says."""

    uri: str
    name: str
    description: str = ""
    media_type: str = ""
    size_bytes: int | None = None


@dataclass(frozen=True)
class PromptArgument:
    name: str
    description: str = ""
    required: bool = False


@dataclass(frozen=True)
class McpPrompt:
    name: str
    title: str
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()


@dataclass(frozen=True)
class Listing:
    """What a server has. left_out: how many more there were than are taken."""

    tools: tuple[McpTool, ...] = ()
    resources: tuple[McpResource, ...] = ()
    prompts: tuple[McpPrompt, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class ServerStatus:
    """listing: None when the server has never been asked. reason: why it failed or waits, in
    sentences. attempt: of how many starts in a row this is the latest, 0 for the first."""

    name: str
    state: State
    listing: Listing | None = None
    reason: str = ""
    attempt: int = 0
    program: str = ""
    """As the server calls itself, with its version."""


@dataclass(frozen=True)
class ResourceText:
    """A resource as text: what is not text is told in words. size_bytes: of all of it."""

    name: str
    text: str
    media_type: str
    size_bytes: int
    is_text: bool = True


@dataclass(frozen=True)
class Limits:
    """pauses: before each new start in a row; after the last one it is given up. steady_seconds:
    having run so long, a server that ends begins a new row. again_seconds: how long after it was
    given up a call may try once more. relist_seconds: how often a changed list is read at most."""

    start_seconds: float = 120.0
    call_seconds: float = 120.0
    pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    steady_seconds: float = 60.0
    again_seconds: float = 30.0
    relist_seconds: float = 1.0
