"""What is on this disk, as plain data that may cross threads."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

State = Literal["complete", "partial", "broken", "foreign"]
SourceKind = Literal[
    "own", "hub-cache", "lm-studio", "jan", "ollama", "llama.cpp", "gpt4all", "folder"
]


@dataclass(frozen=True)
class Source:
    """A place that is looked through. label: the program it belongs to, as people call it."""

    kind: SourceKind
    label: str
    folder: Path


@dataclass(frozen=True, slots=True)
class ModelFile:
    """path: as people see it. content: where the bytes lie, another path when `path` is a link.
    identity: of the content on its disk, the same for hard links. done_bytes: less than size_bytes
    while it is partial; size_bytes is then what it will be, None when nothing says."""

    path: Path
    content: Path
    size_bytes: int | None
    done_bytes: int
    mtime_ns: int
    identity: tuple[int, int]
    sha256: str | None = None
    partial: bool = False

    @property
    def name(self) -> str:
        return readable(self.path.name)


@dataclass(frozen=True)
class Facts:
    """What the header says, None for what it does not. context_tokens: trained for."""

    name: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    file_type: str | None = None
    context_tokens: int | None = None


@dataclass(frozen=True)
class Verified:
    """by: `sha256` against a known hash, or `structure` where no hash is known."""

    when: datetime
    by: Literal["sha256", "structure"]


@dataclass(frozen=True)
class InstalledModel:
    """One quantization of one model in one place.

    key: the same as long as it stays where it is. title: model and quantization, for people.
    publisher, repo: of the Hub, "" when unknown. path: what to load, None when there is nothing
    that could be. why: a sentence, "" when complete. missing: names of files that are not there.
    attached: projector, importance matrix and the like beside it. owned: this program put it there,
    so that deleting it takes nothing from another one. read: the header has been looked at.
    """

    key: str
    title: str
    model: str
    quantization: str
    source: Source
    files: tuple[ModelFile, ...]
    state: State
    why: str = ""
    path: Path | None = None
    missing: tuple[str, ...] = ()
    publisher: str = ""
    repo: str = ""
    commit: str | None = None
    attached: tuple[ModelFile, ...] = ()
    facts: Facts = Facts()
    verified: Verified | None = None
    last_used: datetime | None = None
    owned: bool = False
    read: bool = False

    @property
    def size_bytes(self) -> int:
        """On disk, links counted once."""
        return sum({file.identity: file.done_bytes for file in self.files}.values())

    @property
    def repository(self) -> str:
        """`owner/name`, "" when unknown."""
        return f"{self.publisher}/{self.repo}" if self.publisher and self.repo else ""

    @property
    def folder(self) -> Path:
        """The one to show in a file manager."""
        return self.files[0].path.parent


@dataclass(frozen=True)
class Problem:
    """A place that could not be looked through, in a sentence."""

    source: Source
    text: str


@dataclass(frozen=True)
class Snapshot:
    """sources: those that exist here. finished: False while headers are still being read.
    unread: models whose header has not been looked at yet."""

    models: tuple[InstalledModel, ...] = ()
    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()
    finished: bool = False

    @property
    def unread(self) -> int:
        return sum(not model.read for model in self.models)

    @property
    def size_bytes(self) -> int:
        """Files that several models share are counted once."""
        return sum(
            {file.identity: file.done_bytes for one in self.models for file in one.files}.values()
        )


def readable(name: str) -> str:
    """A file name for people: bytes that are no text become a replacement sign, and nothing in it
    breaks a line or turns the direction of writing."""
    if name.isprintable():  # no surrogates either
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
