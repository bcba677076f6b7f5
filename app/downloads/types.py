"""What is asked for, and what is told about it. All of it plain data that may cross threads."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from app.core.errors import KnownError

MIB = 1024 * 1024


@dataclass(frozen=True)
class FileRequest:
    """path: inside the repository, with "/". sha256: lower-case hex; None for the small files that
    the Hub keeps in git, which can be checked by size alone."""

    path: str
    size_bytes: int
    sha256: str | None = None


@dataclass(frozen=True)
class DownloadRequest:
    """A set of files of one repository at one commit. ref: the branch or tag that was listed; it
    is noted in a Hugging Face cache. title: what people see."""

    repo: str
    commit: str
    files: tuple[FileRequest, ...]
    title: str = ""
    ref: str | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True)
class Target:
    """Where the files go. hub-cache: `folder` is a Hugging Face cache (`~/.cache/huggingface/hub`);
    folder: the files appear in `folder` under their paths in the repository."""

    kind: Literal["hub-cache", "folder"]
    folder: Path


class JobState(StrEnum):
    QUEUED = "queued"
    CHECKING = "checking"  # space, and what is on the disk already
    RUNNING = "running"
    WAITING = "waiting"  # for the network or the server; `reason` says for what
    NO_SPACE = "no_space"  # goes on by itself when there is room
    CHANGED = "changed"  # the file is another one on the server: asks
    PAUSED = "paused"
    FAILED = "failed"
    DONE = "done"


ENDED = frozenset({JobState.FAILED, JobState.DONE, JobState.CHANGED, JobState.PAUSED})
"""States that only a command of the person leaves."""


@dataclass(frozen=True)
class FileProgress:
    """done_bytes: on disk. verified_bytes: hashed, in order. location: set when it is complete."""

    path: str
    size_bytes: int
    done_bytes: int = 0
    verified_bytes: int = 0
    location: Path | None = None


@dataclass(frozen=True)
class FileChange:
    """What there is now in place of what was begun: the server has another file than was asked for,
    or on the disk is a part of an earlier version of it."""

    path: str
    size_bytes: int
    sha256: str | None
    commit: str | None


@dataclass(frozen=True)
class JobStatus:
    """speed_bytes_per_second: over the last seconds; None while nothing moves. seconds_left: None
    when unknown. reason: why nothing moves (WAITING), or why something is done again (RUNNING).
    needed_bytes: more room than there is now (NO_SPACE). retry_in_seconds: until the next try
    (WAITING)."""

    job_id: str
    request: DownloadRequest
    target: Target
    state: JobState
    files: tuple[FileProgress, ...]
    speed_bytes_per_second: float | None = None
    seconds_left: float | None = None
    reason: str = ""
    error: KnownError | None = None
    change: FileChange | None = None
    needed_bytes: int = 0
    retry_in_seconds: float | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def done_bytes(self) -> int:
        return sum(file.done_bytes for file in self.files)

    @property
    def verified_bytes(self) -> int:
        return sum(file.verified_bytes for file in self.files)

    @property
    def percent(self) -> float:
        """0 to 100; 100 only when every file has appeared under its name."""
        if self.state is JobState.DONE:
            return 100.0
        size = self.size_bytes
        return min(99.9, 100.0 * self.done_bytes / size) if size else 0.0


@dataclass(frozen=True)
class JobUpdate:
    """A job is new, has moved on or has changed its state."""

    status: JobStatus


@dataclass(frozen=True)
class JobRemoved:
    job_id: str


@dataclass(frozen=True)
class QueueOrder:
    """The jobs from first to last."""

    job_ids: tuple[str, ...]


Event = JobUpdate | JobRemoved | QueueOrder
