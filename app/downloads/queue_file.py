"""The queue on disk, so that a restart finds it as it was. Tokens and addresses are not in it."""

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from app.core.errors import KnownError
from app.downloads.part_file import PartFile
from app.downloads.storage import sync_folder
from app.downloads.types import DownloadRequest, FileRequest, JobState, Target

_VERSION = 1
_log = logging.getLogger(__name__)


class NewerQueueError(Exception):
    """A newer version of the program has written the queue."""


@dataclass(frozen=True)
class SavedJob:
    """state: PAUSED and FAILED stay as they were; everything else is queued again. error: why it
    has failed."""

    job_id: str
    request: DownloadRequest
    target: Target
    state: JobState
    error: KnownError | None = None


class QueueKeeper:
    """The queue of one process: of several windows the first has the file, the others keep theirs
    in memory. path: None for nowhere. Never raises; for one thread."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock: PartFile | None = None

    def take(self) -> list[SavedJob]:
        """What an earlier run has left."""
        if self._path is None:
            return []
        try:
            self._lock = PartFile(self._path.with_name(self._path.name + ".lock"))
            return load_queue(self._path)
        except NewerQueueError:
            _log.warning("The download queue is of a newer version and is left alone")
        except KnownError:
            _log.info("Another window has the download queue")
        except OSError:
            _log.exception("The download queue cannot be read and is left alone")
        self._path = None
        return []

    def save(self, jobs: Sequence[SavedJob]) -> None:
        if self._path is None:
            return
        try:
            save_queue(self._path, jobs)
        except OSError:
            _log.warning("The download queue could not be saved", exc_info=True)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def save_queue(path: Path, jobs: Sequence[SavedJob]) -> None:
    """Whole or not at all, over a power cut too. Raises OSError."""
    value = {"version": _VERSION, "jobs": [_to_json(job) for job in jobs]}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def load_queue(path: Path) -> list[SavedJob]:
    """A queue that cannot be read is set aside, not overwritten.

    Raises NewerQueueError, which leaves it as it is; OSError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        text = ""
    try:
        value = json.loads(text)
        if value["version"] > _VERSION:
            raise NewerQueueError
        return [_from_json(job) for job in value["jobs"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        aside = path.with_name(path.name + ".unreadable")
        _log.warning("The download queue could not be read and was set aside as %s", aside)
        path.replace(aside)
        return []


def has_jobs(path: Path) -> bool:
    """True also for a queue that cannot be read: `load_queue` knows what to do with it."""
    try:
        return bool(json.loads(path.read_bytes())["jobs"])
    except OSError:
        return False
    except (ValueError, KeyError, TypeError, RecursionError):
        return True


def _to_json(job: SavedJob) -> dict[str, Any]:
    target = {"kind": job.target.kind, "folder": str(job.target.folder)}
    return {
        "id": job.job_id,
        "request": asdict(job.request),
        "target": target,
        "state": job.state.value,
        "error": astuple(job.error) if job.error is not None else None,
    }


def _from_json(value: dict[str, Any]) -> SavedJob:
    request = value["request"]
    files = tuple(
        FileRequest(str(f["path"]), int(f["size_bytes"]), f["sha256"]) for f in request["files"]
    )
    target = value["target"]
    if target["kind"] not in ("hub-cache", "folder"):
        raise ValueError("unknown kind of target")
    return SavedJob(
        str(value["id"]),
        DownloadRequest(
            str(request["repo"]),
            str(request["commit"]),
            files,
            str(request["title"]),
            request["ref"],
        ),
        Target(target["kind"], Path(target["folder"])),
        JobState(value["state"]),
        KnownError(*map(str, value["error"][:4])) if value.get("error") else None,
    )
