"""The journal beside a partial file: which bytes are safely on disk, and which hash covers them.

A text file of lines, each with its checksum. The first names the file; every later one is a
whole picture, so the last good line counts. A line torn at the very end is what a crash leaves and
is dropped; damage anywhere else makes the journal untrusted: what it says is then read again from
the disk and decided by the final hash.
"""

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from app.downloads.hashing import HashState
from app.downloads.ranges import RangeSet
from app.downloads.storage import sync_folder, sync_handle

VERSION = 1
_COMPACT_BYTES = 256 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Identity:
    """What the partial file is a part of. sha256: None when the Hub lists none."""

    repo: str
    path: str
    size_bytes: int
    sha256: str | None
    commit: str


@dataclass(frozen=True)
class Picture:
    """hash_state covers the first bytes of `ranges`. trusted: the journal was whole; otherwise
    there is no hash state and the bytes have to be read again."""

    ranges: RangeSet
    hash_state: HashState | None = None
    trusted: bool = True


class NewerJournalError(Exception):
    """A newer version of the program has written it."""


class Journal:
    """Not thread-safe. Every method may raise OSError; ENOSPC leaves the old journal as it was."""

    def __init__(self, path: Path, identity: Identity) -> None:
        self._path = path
        self._identity = identity
        self._fd: int | None = None
        self._size = 0
        self._torn = False

    def load(self) -> Picture | None:
        """None when there is no journal, or it is of another file. Raises NewerJournalError."""
        try:
            if self._path.stat().st_size > _MAX_BYTES:
                return Picture(RangeSet(), trusted=False)
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return _read(data, self._identity)

    def is_of_another_file(self) -> bool:
        """There is a journal, and what it claims are bytes of other content. Raises OSError."""
        try:
            with self._path.open("rb") as file:
                header = _parse_line(file.readline(_MAX_HEADER_BYTES).removesuffix(b"\n"))
        except FileNotFoundError:
            return False
        return header is not None and not _same_file(header, self._identity)

    def start(self, picture: Picture) -> None:
        """Write the journal anew with this picture, whatever was there."""
        self.close()
        lines = _line(_header(self._identity)) + _line(_record(picture))
        beside = self._path.with_name(self._path.name + ".new")
        with beside.open("wb") as file:
            file.write(lines)
            file.flush()
            sync_handle(file.fileno())
        beside.replace(self._path)
        sync_folder(self._path.parent)
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._fd = os.open(self._path, flags)
        self._size = len(lines)

    def append(self, picture: Picture) -> None:
        """Returns when the line is on the disk. The data it claims must be there already."""
        line = _line(_record(picture))
        if self._fd is None or self._torn or self._size + len(line) > _COMPACT_BYTES:
            self._torn = False
            self.start(picture)
            return
        self._torn = True  # until it is whole: a line after a torn one would look like damage
        if os.write(self._fd, line) == len(line):
            self._torn = False
        sync_handle(self._fd)
        self._size += len(line)
        if self._torn:
            raise OSError(28, "No space left on device", str(self._path))

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def delete(self) -> None:
        self.close()
        self._path.unlink(missing_ok=True)
        self._path.with_name(self._path.name + ".new").unlink(missing_ok=True)


def _header(identity: Identity) -> dict[str, object]:
    return {
        "version": VERSION,
        "repo": identity.repo,
        "path": identity.path,
        "size": identity.size_bytes,
        "sha256": identity.sha256,
        "commit": identity.commit,
    }


def _record(picture: Picture) -> dict[str, object]:
    state = picture.hash_state
    kept = [state.length, state.words.hex()] if state is not None and state.length else None
    return {"ranges": [list(r) for r in picture.ranges], "hash": kept}


def _line(value: dict[str, object]) -> bytes:
    text = json.dumps(value, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse_line(line: bytes) -> dict[str, object] | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _read(data: bytes, identity: Identity) -> Picture | None:
    *lines, tail = data.split(b"\n")
    values = [_parse_line(line) for line in lines]
    whole = bool(values) and None not in values[:-1]
    header = values[0] if values else None
    if header is None:
        # Nothing is known about whose bytes these are.
        return Picture(RangeSet(), trusted=False)
    version = header.get("version")
    if isinstance(version, int) and version > VERSION:
        raise NewerJournalError
    if not _same_file(header, identity):
        return None
    pictures = [_picture(value, identity.size_bytes) for value in values[1:] if value is not None]
    good = [picture for picture in pictures if picture is not None]
    if not good:
        return Picture(RangeSet(), trusted=False)
    # Only an unfinished last line is what a crash leaves; a finished one that is wrong is damage.
    damaged = not whole or values[-1] is None or len(good) != len(pictures)
    if damaged:
        return Picture(good[-1].ranges, trusted=False)
    return good[-1] if tail or good else None


def _same_file(header: dict[str, object], identity: Identity) -> bool:
    """By content: another commit with the same hash is the same file."""
    if header.get("size") != identity.size_bytes or header.get("sha256") != identity.sha256:
        return False
    if identity.sha256 is not None:
        return True
    mine = (identity.repo, identity.path, identity.commit)
    return (header.get("repo"), header.get("path"), header.get("commit")) == mine


def _picture(value: dict[str, object], size: int) -> Picture | None:
    ranges = RangeSet()
    listed = value.get("ranges")
    if not isinstance(listed, list):
        return None
    for pair in listed:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)):
            return None
        if not 0 <= pair[0] < pair[1] <= size:
            return None
        ranges.add(pair[0], pair[1])
    state = _hash_state(value.get("hash"))
    if state is not None and not ranges.covers(0, state.length):
        return None
    return Picture(ranges, state)


def _hash_state(value: object) -> HashState | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    length, words = value
    if type(length) is not int or length < 0 or length % 64 or not isinstance(words, str):
        return None
    try:
        raw = bytes.fromhex(words)
    except ValueError:
        return None
    return HashState(length, raw) if len(raw) == 32 else None
