"""What files held before tools changed them, so that a person can put it back."""

import json
import os
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr

MOST_FILES = 200
MOST_BYTES = 100_000_000
_INDEX = "index.jsonl"


@dataclass(frozen=True)
class Backup:
    """path: of the changed file. existed: False when the tool made it; putting back removes it
    then. after: what the tool wrote, as its SHA-256."""

    id: str
    at: str
    path: str
    existed: bool
    size_bytes: int
    after: str


class Backups:
    """A folder with a file for each change. Blocks; any thread but the GUI's. The oldest go when
    there are more than MOST_FILES or they take more than MOST_BYTES."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def keep(self, path: Path, before: bytes | None, after: str) -> Backup:
        """Raises OSError: a file is not changed when what it held cannot be kept."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        size = 0 if before is None else len(before)
        made = Backup(secrets.token_hex(8), now, str(path), before is not None, size, after)
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if before is not None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                with os.fdopen(os.open(self._folder / made.id, flags, 0o600), "wb") as file:
                    file.write(before)
                    file.flush()
                    os.fsync(file.fileno())
            self._write(self._within_bounds([made, *self._read()]))
        return made

    def all(self) -> tuple[Backup, ...]:
        """The latest first."""
        with self._lock:
            return tuple(self._read())

    def contents(self, backup: Backup) -> bytes | None:
        """What the file held; None when there was none. Raises KnownError."""
        if not backup.existed:
            return None
        try:
            return (self._folder / backup.id).read_bytes()
        except OSError as error:
            raise KnownError(
                tr("The earlier version is not there any more."), str(error.strerror or "")
            ) from error

    def forget(self, backup: Backup) -> None:
        with self._lock:
            self._write([one for one in self._read() if one.id != backup.id])
            (self._folder / backup.id).unlink(missing_ok=True)

    def clear(self) -> None:
        """Nothing can be put back any more. Raises KnownError."""
        try:
            with self._lock:
                for one in self._read():
                    (self._folder / one.id).unlink(missing_ok=True)
                (self._folder / _INDEX).unlink(missing_ok=True)
        except OSError as error:
            raise KnownError(
                tr("The earlier versions were not removed."), f"{error.strerror or error}."
            ) from error

    def _within_bounds(self, found: list[Backup]) -> list[Backup]:
        kept: list[Backup] = []
        size = 0
        for one in found:
            size += one.size_bytes
            if kept and (len(kept) >= MOST_FILES or size > MOST_BYTES):
                (self._folder / one.id).unlink(missing_ok=True)
            else:
                kept.append(one)
        return kept

    def _read(self) -> list[Backup]:
        found: list[Backup] = []
        try:
            lines = (self._folder / _INDEX).read_text("utf-8").splitlines()
        except (OSError, ValueError):
            return []
        for line in lines:
            try:
                one = Backup(**json.loads(line))
            except (ValueError, TypeError):
                continue
            if _sound(one):
                found.append(one)
        return found

    def _write(self, found: list[Backup]) -> None:
        text = "".join(json.dumps(asdict(one)) + "\n" for one in found)
        new = self._folder / f"{_INDEX}.new"
        new.write_text(text, "utf-8")
        new.replace(self._folder / _INDEX)


def _sound(one: Backup) -> bool:
    """The id names a file of ours and nothing else."""
    texts = (one.id, one.at, one.path, one.after)
    return (
        all(isinstance(text, str) for text in texts)
        and one.id.isalnum()
        and isinstance(one.existed, bool)
        and isinstance(one.size_bytes, int)
    )
