"""What the journal beside one of our partial files says, for people: whose bytes, how many."""

import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

_MAX_BYTES = 16 * 1024 * 1024
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class PartialInfo:
    """path: inside the repository, with "/"."""

    repo: str
    path: str
    commit: str
    size_bytes: int
    sha256: str | None
    done_bytes: int


def read_journal(part: Path) -> PartialInfo | None:
    """None when there is none, or none that can be understood. Never raises."""
    journal = part.with_name(part.name + ".journal")
    try:
        with journal.open("rb") as file:
            lines = file.read(_MAX_BYTES).split(b"\n")
    except (OSError, ValueError):
        return None
    values = [value for line in lines if (value := _line(line)) is not None]
    header = values[0] if values else {}
    repo, path, commit = header.get("repo"), header.get("path"), header.get("commit")
    size, sha256 = header.get("size"), header.get("sha256")
    if not (isinstance(repo, str) and _REPO.fullmatch(repo) and isinstance(path, str)):
        return None
    folders = path.split("/")
    if {"", ".", ".."} & set(folders) or type(size) is not int or size < 0:
        return None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        return None
    done = min(size, _total(values[-1].get("ranges")))
    hash_ = sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else None
    return PartialInfo(repo, path, commit, size, hash_, done)


def _line(line: bytes) -> dict[str, object] | None:
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _total(ranges: object) -> int:
    pairs = ranges if isinstance(ranges, list) else []
    return sum(
        pair[1] - pair[0]
        for pair in pairs
        if isinstance(pair, list)
        and len(pair) == 2
        and all(type(n) is int for n in pair)
        and 0 <= pair[0] < pair[1]
    )
