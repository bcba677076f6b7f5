"""Candidates below a folder: names and sizes, no content. Blocking; bounded in every direction."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.core.cancel import CancelToken
from app.library.types import Source

REPAIR_FOLDER = ".glm-repair"
"""Beside a file that is being repaired; what lies in it is nobody's model."""

MAX_ENTRIES = 500_000
_MAX_DEPTH = 12
_MODEL = re.compile(r"\.gguf$", re.IGNORECASE)
# What programs call a file that is still being downloaded.
_PARTIAL = re.compile(
    r"^(?:downloading_|incomplete-)?(?P<name>.+?)"
    r"(?:\.glm-part|\.incomplete|\.part|\.partial|\.crdownload|\.tmp|\.aria2|\.download"
    r"|\.downloading|\.downloadInProgress)$",
    re.IGNORECASE,
)
_PREFIXED = re.compile(r"^(?:downloading_|incomplete-)(?P<name>.+\.gguf)$", re.IGNORECASE)
_BLOB_PART = re.compile(
    r"(?P<sha256>[0-9a-f]{64})(?:\.[0-9a-f]{8})?\.(?:glm-part|incomplete)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Found:
    """path: as it was met. name: the file's name when it is complete, "" for a cache's blob that
    is known by its hash alone."""

    path: str
    name: str
    folder: str
    size_bytes: int
    mtime_ns: int
    identity: tuple[int, int]
    link: bool
    partial: bool


@dataclass
class Walk:
    """What has been found so far; may be read by another thread once the walking is given up."""

    source: Source
    found: list[Found] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    cut_short: bool = False
    max_depth: int = _MAX_DEPTH

    def run(self, cancel: CancelToken) -> None:
        """Raises Cancelled. Links to folders are followed once, what vanishes is left out."""
        seen: set[tuple[int, int]] = set()
        waiting = [(str(self.source.folder), 0)]
        left = MAX_ENTRIES
        while waiting:
            cancel.raise_if_cancelled()
            folder, depth = waiting.pop()
            if not self._enter(folder, seen):
                continue
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        left -= 1
                        if left < 0:
                            self.cut_short = True
                            return
                        if _is_folder(entry):
                            if entry.name == REPAIR_FOLDER:
                                continue
                            waiting += [(entry.path, depth + 1)] if depth < self.max_depth else []
                        else:
                            self._look_at(entry, folder)
            except FileNotFoundError:
                continue
            except OSError:
                self.unreadable.append(folder)

    def _enter(self, folder: str, seen: set[tuple[int, int]]) -> bool:
        """False for a folder that was met before, by whatever way."""
        try:
            status = os.stat(folder)  # noqa: PTH116 - thousands of times
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.unreadable.append(folder)
            return False
        identity = (status.st_dev, status.st_ino)
        if identity in seen:
            return False
        seen.add(identity)
        self.folders.append(folder)
        return True

    def _look_at(self, entry: os.DirEntry[str], folder: str) -> None:
        name: str | None = entry.name
        partial = True
        if not _MODEL.search(entry.name):
            name = _partial_name(entry.name, self.source)
        elif prefixed := _PREFIXED.fullmatch(entry.name):
            name = prefixed["name"]
        else:
            partial = False
        if name is None:
            return
        try:
            link = entry.is_symlink()
            status = os.stat(entry.path)  # noqa: PTH116 - scandir's own has no inode on Windows
        except OSError:
            return
        if not stat.S_ISREG(status.st_mode):
            return
        identity = (status.st_dev, status.st_ino)
        size, mtime = status.st_size, status.st_mtime_ns
        self.found.append(Found(entry.path, name, folder, size, mtime, identity, link, partial))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _partial_name(name: str, source: Source) -> str | None:
    """None when it is no partial model file; "" when only its hash is known."""
    if source.kind == "hub-cache" and _BLOB_PART.fullmatch(name):
        return ""
    match = _PARTIAL.fullmatch(name)
    if match is None or not _MODEL.search(match["name"]):
        return None
    return match["name"]


def blob_hash(name: str) -> str | None:
    """The hash in the name of a cache's partial blob."""
    match = _BLOB_PART.fullmatch(name)
    return match["sha256"].lower() if match is not None else None


def parts(folder: Path, path: str) -> Iterator[str]:
    """The path's folders and name below `folder`; none when it lies elsewhere."""
    try:
        yield from Path(path).relative_to(folder).parts
    except ValueError:
        return
