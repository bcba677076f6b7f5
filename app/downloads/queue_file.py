"""The queue on disk, so that a restart finds it as it was. Tokens and addresses are not in it."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.downloads.types import DownloadRequest, FileRequest, JobState, Target

_VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedJob:
    """state: PAUSED, FAILED or CHANGED stay as they were; everything else is queued again."""

    job_id: str
    request: DownloadRequest
    target: Target
    state: JobState


def save_queue(path: Path, jobs: Sequence[SavedJob]) -> None:
    """Atomic. Raises OSError."""
    value = {"version": _VERSION, "jobs": [_to_json(job) for job in jobs]}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(value, indent=1), encoding="utf-8")
    beside.replace(path)


def load_queue(path: Path) -> list[SavedJob]:
    """A queue that cannot be read is set aside, not overwritten. Raises OSError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        text = ""
    try:
        value = json.loads(text)
        if value["version"] != _VERSION:
            raise ValueError("another version")
        return [_from_json(job) for job in value["jobs"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        aside = path.with_name(path.name + ".unreadable")
        _log.warning("The download queue could not be read and was set aside as %s", aside)
        path.replace(aside)
        return []


def _to_json(job: SavedJob) -> dict[str, Any]:
    target = {"kind": job.target.kind, "folder": str(job.target.folder)}
    return {
        "id": job.job_id,
        "request": asdict(job.request),
        "target": target,
        "state": job.state.value,
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
    )
