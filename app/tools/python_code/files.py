"""What a program left in its folder: looked at as a stranger's, links never followed."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_ENTRIES = 200
TEXT_BYTES = 1_500
_MAX_DEPTH = 8


@dataclass(frozen=True)
class Made:
    """name: relative, with slashes. text: of a small text file, None of others."""

    name: str
    size_bytes: int
    text: str | None = None


def made_files(folder: Path) -> tuple[Made, ...]:
    """Regular files, at most MAX_ENTRIES."""
    found = []
    for path, status in _walk(folder):
        if stat.S_ISREG(status.st_mode):
            name = path.relative_to(folder).as_posix()
            shown = name.encode("utf-8", "replace").decode("utf-8")
            found.append(Made(shown, status.st_size, _small_text(path, status.st_size)))
    return tuple(sorted(found, key=lambda made: made.name))


def too_much(folder: Path, most_bytes: int) -> bool:
    """More bytes than that, or more entries than anybody reads."""
    total = 0
    for entries, (_, status) in enumerate(_walk(folder, MAX_ENTRIES + 1), 1):
        total += status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size
        if total > most_bytes or entries > MAX_ENTRIES:
            return True
    return False


def _walk(folder: Path, most: int = MAX_ENTRIES) -> Iterator[tuple[Path, os.stat_result]]:
    pending = [(folder, 0)]
    while pending:
        current, depth = pending.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    if most <= 0:
                        return
                    most -= 1
                    status = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), status
                    if stat.S_ISDIR(status.st_mode) and depth < _MAX_DEPTH:
                        pending.append((Path(entry.path), depth + 1))
        except OSError:
            continue  # gone meanwhile, or closed to everybody


def _small_text(path: Path, size_bytes: int) -> str | None:
    if size_bytes > TEXT_BYTES:
        return None
    try:
        # Not a link that took its place, and not waiting for the other end of a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = file.read(TEXT_BYTES + 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
