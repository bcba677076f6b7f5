"""What is remembered of files: when they were used, that they were verified, that we fetched them.

One small JSON file, written whole. A damaged one costs what it remembers and nothing else.
"""

import json
import logging
import os
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.library.types import InstalledModel, ModelFile, Verified

_VERSION = 1
_MAX_BYTES = 32 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileRecord:
    """sha256: what the content is known to have to be. owned: this program downloaded it. damaged:
    it was hashed and is something else. commit, path, ref: as it was asked for from the Hub, ""
    when that is not known."""

    size_bytes: int
    mtime_ns: int
    sha256: str | None = None
    verified: Verified | None = None
    owned: bool = False
    repo: str = ""
    damaged: bool = False
    commit: str = ""
    path: str = ""
    ref: str = ""

    def matches(self, file: ModelFile) -> bool:
        return (self.size_bytes, self.mtime_ns) == (file.size_bytes, file.mtime_ns)


class Records:
    """Usable from any thread; reads the file at the first question, and again before it is written,
    so that window and terminal do not forget for each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._value: dict[str, Any] | None = None
        self._stamp: tuple[int, int] | None = None

    def refresh(self) -> None:
        """Take over what another process has written meanwhile."""
        with self._lock:
            if self._stamp != self._on_disk():
                self._value = None

    def of(self, file: ModelFile) -> FileRecord | None:
        """None as well when the file is another one by now."""
        with self._lock:
            files = self._load()["files"]
            raw = files.get(str(file.content)) if files else None
        record = _record(raw) if raw is not None else None
        return record if record is not None and record.matches(file) else None

    def at(self, content: Path) -> FileRecord | None:
        """What was known of the file with this name, even if it has changed since."""
        with self._lock:
            return _record(self._load()["files"].get(str(content)))

    def keep(self, records: Iterable[tuple[Path, FileRecord]]) -> None:
        """By content. A disk that refuses costs only the remembering."""
        with self._lock:
            self.refresh()
            files = self._load()["files"]
            for content, record in records:
                files[str(content)] = _as_json(record)
            self._save()

    def owned_files(self) -> tuple[tuple[Path, FileRecord], ...]:
        """What this program has downloaded, by content, whether it is still there or not."""
        with self._lock:
            files = dict(self._load()["files"])
        records = ((Path(name), _record(raw)) for name, raw in files.items())
        return tuple((path, one) for path, one in records if one is not None and one.owned)

    def used_at(self, content: Path) -> datetime | None:
        with self._lock:
            return _time(self._load()["used"].get(str(content)))

    def forget(self, paths: Iterable[Path]) -> None:
        with self._lock:
            self.refresh()
            value = self._load()
            for path in paths:
                value["files"].pop(str(path), None)
                value["used"].pop(str(path), None)
            self._save()

    def note_used(self, path: Path, when: datetime) -> None:
        with self._lock:
            self.refresh()
            self._load()["used"][os.path.realpath(path)] = when.isoformat()
            self._save()

    def last_used(self, model: InstalledModel) -> datetime | None:
        with self._lock:
            used = self._load()["used"]
            if not used:
                return None
            times = [_time(used.get(str(file.content))) for file in model.files]
        return max((time for time in times if time is not None), default=None)

    def verified(self, model: InstalledModel) -> Verified | None:
        """When every file has been, the oldest of them."""
        found: list[Verified] = []
        for file in model.files:
            record = self.of(file)
            if record is None or record.verified is None:
                return None
            found.append(record.verified)
        weakest = [one for one in found if one.by == "structure"] or found
        return min(weakest, key=lambda one: one.when, default=None)

    def damaged(self, model: InstalledModel) -> tuple[str, ...]:
        """Names of files that a verification found to be wrong and that are as they were then."""
        return tuple(
            file.name
            for file in model.files
            if (record := self.of(file)) is not None and record.damaged
        )

    def owned(self, model: InstalledModel) -> bool:
        return all((r := self.of(file)) is not None and r.owned for file in model.files)

    def _load(self) -> dict[str, Any]:
        if self._value is None:
            self._stamp = self._on_disk()
            value = read_json(self._path)
            self._value = {
                "version": _VERSION,
                "files": _table(value.get("files")),
                "used": _table(value.get("used")),
            }
        return self._value

    def _save(self) -> None:
        write_json(self._path, self._load())
        self._stamp = self._on_disk()

    def _on_disk(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino


def read_json(path: Path) -> dict[str, Any]:
    """An empty one when there is none of our version. Never raises."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) and value.get("version") == _VERSION else {}


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all; a disk that refuses is logged."""
    text = json.dumps(value, separators=(",", ":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        _log.warning("%s could not be written: %s", path.name, error)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_json(record: FileRecord) -> dict[str, Any]:
    verified = record.verified
    return {
        "size": record.size_bytes,
        "mtime": record.mtime_ns,
        "sha256": record.sha256,
        "verified": [verified.when.isoformat(), verified.by] if verified is not None else None,
        "owned": record.owned,
        "repo": record.repo,
        "damaged": record.damaged,
        "commit": record.commit,
        "path": record.path,
        "ref": record.ref,
    }


def _record(raw: object) -> FileRecord | None:
    if not isinstance(raw, dict):
        return None
    verified = raw.get("verified")
    kept = None
    if isinstance(verified, list) and len(verified) == 2 and verified[1] in ("sha256", "structure"):
        when = _time(verified[0])
        kept = Verified(when, verified[1]) if when is not None else None
    size, mtime, sha256 = raw.get("size"), raw.get("mtime"), raw.get("sha256")
    if type(size) is not int or type(mtime) is not int:
        return None
    return FileRecord(
        size,
        mtime,
        sha256 if isinstance(sha256, str) else None,
        kept,
        raw.get("owned") is True,
        str(raw.get("repo") or ""),
        raw.get("damaged") is True,
        *(str(raw.get(key) or "") for key in ("commit", "path", "ref")),
    )


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
