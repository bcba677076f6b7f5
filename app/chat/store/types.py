"""What the store gives and takes. Ids are those of `IdMaker`; times are UTC."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.messages import Message, Part, Role

State = Literal["streaming", "complete", "stopped", "failed", "interrupted"]
"""Of a message. interrupted: the program ended while it was written; what there was is kept."""
FinalState = Literal["complete", "stopped", "failed"]
TitleOrigin = Literal["automatic", "model", "person"]
Shelf = Literal["active", "archived", "trash"]

ONE_CHAT_ONLY = ("queue", "permissions")
"""Settings of a chat that no copy of it takes: questions that wait are sent once, and what a person
allowed tools in one chat is allowed in no other, least of all in one that comes from a file."""


@dataclass(frozen=True)
class Folder:
    id: int
    name: str


@dataclass(frozen=True)
class ConversationHead:
    """A row of the list. trashed: since when it is in the trash."""

    id: int
    title: str
    title_origin: TitleOrigin
    folder: int | None
    created: datetime
    changed: datetime
    pinned: bool = False
    archived: bool = False
    trashed: datetime | None = None


@dataclass(frozen=True)
class ConversationDetails:
    """What belongs to a conversation beside its messages. leaf: the last visible message."""

    head: ConversationHead
    persona: str = ""
    system_prompt: str = ""
    settings: JsonObject = field(default_factory=dict)
    draft: str = ""
    leaf: int | None = None


class MessageHead(NamedTuple):
    """A message of the visible path without its parts. A tuple, because ten thousand are made when
    a long conversation is opened.

    characters: of all its parts together, to estimate its height. versions: itself and the other
    replies to the same message, in the order in which they were made.
    """

    id: int
    parent: int | None
    role: Role
    state: State
    created: datetime
    characters: int
    versions: tuple[int, ...]


@dataclass(frozen=True)
class Making:
    """How an answer was made. timings: the figures of the engine, as JSON."""

    model: str = ""
    quantization: str = ""
    sampling: JsonObject = field(default_factory=dict)
    seed: int | None = None
    timings: JsonObject = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class StoredMessage:
    """Everything about one message. raw: what the model wrote, tags included, if it was kept.
    versions: as in `MessageHead`, where it was asked for."""

    id: int
    parent: int | None
    state: State
    created: datetime
    message: Message
    making: Making | None = None
    raw: str | None = None
    versions: tuple[int, ...] = ()


@dataclass(frozen=True)
class NewConversation:
    """A whole tree to be written at once, as imports do. Parents come before their children and
    chosen names one of the messages: that one is shown.

    source: where it came from, unique; a second one with the same source is not taken again.
    """

    title: str
    created: datetime
    changed: datetime
    messages: tuple[StoredMessage, ...]
    chosen: int | None = None
    title_origin: TitleOrigin = "person"
    source: str | None = None
    id: int | None = None
    folder_name: str = ""
    pinned: bool = False
    archived: bool = False
    persona: str = ""
    system_prompt: str = ""
    settings: JsonObject = field(default_factory=dict)
    draft: str = ""


@dataclass(frozen=True)
class StoreStatus:
    """writable: writes reach the disk. unsaved: how many writes were tried, failed, and are kept in
    memory to be tried again. trouble: why."""

    writable: bool
    unsaved: int = 0
    trouble: KnownError | None = None


@dataclass(frozen=True)
class Opening:
    """How it went; problems are sentences for the person. read_only_because is None when the store
    can be written."""

    problems: tuple[str, ...] = ()
    read_only_because: KnownError | None = None


@dataclass(eq=False)
class NotSavedError(KnownError):
    """The write did not reach the disk; it is kept in memory and tried again."""


Parts = tuple[Part, ...]


def to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
