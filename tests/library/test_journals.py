"""A journal is a stranger's file to whoever only shows it."""

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from app.library.journals import read_journal
from tests.library.trees import COMMIT, put

_HEADER: dict[str, Any] = {
    "version": 1, "repo": "o/A", "path": "q/A.gguf", "size": 100, "sha256": "a" * 64,
    "commit": COMMIT,
}  # fmt: skip


def write(tmp_path: Path, *lines: object) -> Path:
    texts = [json.dumps(line).encode() for line in lines]
    data = b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in texts)
    put(tmp_path / "A.gguf.glm-part.journal", data)
    return tmp_path / "A.gguf.glm-part"


def test_the_last_good_line_counts(tmp_path: Path) -> None:
    part = write(tmp_path, _HEADER, {"ranges": [[0, 10]]}, {"ranges": [[0, 30], [50, 60]]})
    journal = part.with_name(part.name + ".journal")
    journal.write_bytes(journal.read_bytes() + b"12345678 {torn")
    told = read_journal(part)
    assert told is not None
    assert (told.repo, told.path, told.done_bytes, told.size_bytes) == ("o/A", "q/A.gguf", 40, 100)


@pytest.mark.parametrize(
    "lie",
    [
        {"repo": "../../etc"}, {"repo": 3}, {"path": "../x"}, {"path": "a//b"}, {"path": None},
        {"size": -1}, {"size": "100"}, {"size": True}, {"commit": "../.."}, {"commit": None},
    ],
)  # fmt: skip
def test_lies_are_not_believed(tmp_path: Path, lie: dict[str, Any]) -> None:
    assert read_journal(write(tmp_path, {**_HEADER, **lie}, {"ranges": []})) is None


@pytest.mark.parametrize(
    "ranges", [None, 3, [[0]], [["a", 1]], [[5, 1]], [[-9, 4]], [[0, 10**30]], [[True, False]]]
)
def test_ranges_never_claim_more_than_the_file(tmp_path: Path, ranges: object) -> None:
    told = read_journal(write(tmp_path, _HEADER, {"ranges": ranges}))
    assert told is not None
    assert 0 <= told.done_bytes <= 100


def test_no_journal_and_garbage(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "x.glm-part") is None
    put(tmp_path / "x.glm-part.journal", b"\xff" * 100)
    assert read_journal(tmp_path / "x.glm-part") is None
    assert read_journal(write(tmp_path, [1, 2], "x")) is None
