"""A first look at model files, without the engine."""

import os
import struct
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.engine.files import inspect

HEADER = struct.pack("<4sIQQ", b"GGUF", 3, 0, 0)


def test_a_header_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(HEADER)
    assert inspect(path) == (path,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"GG", "incomplete"),
        (HEADER[:20], "incomplete"),
        (b"PK\x03\x04 and so on", "is not a GGUF"),
        (b"P", "is not a GGUF"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 9, 0, 0), "Update the program"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(KnownError, match=message) as caught:
        inspect(path)
    assert "model.gguf" in caught.value.what
    assert caught.value.next_step


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="There is no file"):
        inspect(tmp_path / "gone.gguf")


def test_a_path_that_cannot_be(tmp_path: Path) -> None:
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(KnownError, match="cannot be read"):
            inspect(tmp_path / name)


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="is a folder"):
        inspect(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="POSIX files")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "pipe.gguf"
    os.mkfifo(path)
    with pytest.raises(KnownError, match="not an ordinary file"):
        inspect(path)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.gguf"
    path.write_bytes(HEADER)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(KnownError, match="permission to read"):
        inspect(path)


def shards(folder: Path, numbers: list[int], count: int) -> list[Path]:
    paths = [folder / f"m-{number:05}-of-{count:05}.gguf" for number in numbers]
    for path in paths:
        path.write_bytes(HEADER)
    return paths


def test_all_shards_are_found(tmp_path: Path) -> None:
    paths = shards(tmp_path, [1, 2, 3], 3)
    assert inspect(paths[0]) == tuple(paths)


def test_missing_shards_are_named(tmp_path: Path) -> None:
    first = shards(tmp_path, [1, 3], 4)[0]
    with pytest.raises(KnownError, match="2 of the 4 files") as caught:
        inspect(first)
    assert "m-00002-of-00004.gguf" in caught.value.why
    assert "m-00004-of-00004.gguf" in caught.value.why
    assert "m-00003" not in caught.value.why


def test_many_missing_shards_are_counted(tmp_path: Path) -> None:
    first = shards(tmp_path, [1], 2000)[0]
    with pytest.raises(KnownError, match="1994 more"):
        inspect(first)


def test_another_shard_than_the_first(tmp_path: Path) -> None:
    second = shards(tmp_path, [1, 2], 2)[1]
    with pytest.raises(KnownError, match=r"Open the first one, m-00001-of-00002\.gguf"):
        inspect(second)


def test_a_broken_shard(tmp_path: Path) -> None:
    first, second = shards(tmp_path, [1, 2], 2)
    second.write_bytes(b"")
    with pytest.raises(KnownError, match=r"m-00002-of-00002\.gguf is empty"):
        inspect(first)
