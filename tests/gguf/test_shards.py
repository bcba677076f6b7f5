"""Split models: found, checked, joined; and files on disk in every bad state."""

import os
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.gguf.read import read_header
from app.gguf.write import Typed, Value
from tests.gguf.glm46 import SMALL_MOE, write_model
from tests.gguf.makers import BASE, file_bytes, header, save


def split(number: int, count: int, tensors: int = 10) -> dict[str, Value]:
    return {
        "split.no": Typed("uint16", number),
        "split.count": Typed("uint16", count),
        "split.tensors.count": Typed("int32", tensors),
    }


def renamed(data: bytes) -> bytes:
    """The same file with other tensors, as the second shard has."""
    return data.replace(b"blk.", b"blk_").replace(b"token_embd", b"token-embd")


def two_shards(folder: Path, **changes: dict[str, Value]) -> Path:
    first = BASE | split(0, 2) | changes.get("first", {})
    second = split(1, 2) | changes.get("second", {})
    path = save(folder / "m-00001-of-00002.gguf", file_bytes(first))
    save(folder / "m-00002-of-00002.gguf", renamed(file_bytes(second)))
    return path


@pytest.mark.parametrize("given", [0, 1, 2])
def test_any_shard_gives_the_whole_model(tmp_path: Path, given: int) -> None:
    write_model(tmp_path, SMALL_MOE, "Q4_K_M", shards=3)
    paths = sorted(tmp_path.iterdir())
    header = read_header(paths[given])
    assert [shard.location for shard in header.shards] == [str(path) for path in paths]
    assert [shard.tensor_count for shard in header.shards] == [0, 87, 86]
    assert header.size_bytes == sum(path.stat().st_size for path in paths)
    assert {t.shard for t in header.tensors[:87]} == {1}
    assert header.architecture == "glm4moe"
    assert header == read_header(paths[0])


def test_missing_shards_are_named(tmp_path: Path) -> None:
    write_model(tmp_path, SMALL_MOE, "Q8_0", shards=7)
    for number in (2, 5):
        next(tmp_path.glob(f"*-0000{number}-of-*")).unlink()
    with pytest.raises(KnownError, match=r"2 of the 7 files .* missing.*-00002-of-00007\.gguf, "):
        read_header(next(tmp_path.glob("*-00001-of-*")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"second": split(0, 2)}, "file 2, inside it says 1"),
        ({"second": split(1, 3)}, "does not say that it is one of 2"),
        ({"second": {"split.count": Typed("uint16", 0)}}, "does not say that it is one of 2"),
        ({"second": {"general.architecture": "llama"}}, "architecture llama"),
        ({"first": split(0, 2, tensors=11)}, "promises 11 tensors, and the files hold 10"),
        ({"second": {"split.no": Typed("uint32", 1)}}, "wrong type, uint32"),
        ({"first": {"split.count": Typed("uint16", 60_000)}}, "one of 60000 files"),
    ],
)
def test_shards_that_do_not_belong_together(
    tmp_path: Path, changes: dict[str, dict[str, Value]], words: str
) -> None:
    with pytest.raises(KnownError, match=words):
        read_header(two_shards(tmp_path, **changes))


def test_shards_that_repeat_a_tensor(tmp_path: Path) -> None:
    path = two_shards(tmp_path)
    save(tmp_path / "m-00002-of-00002.gguf", file_bytes(split(1, 2)))
    with pytest.raises(KnownError, match=r"repeats the tensor token_embd\.weight"):
        read_header(path)


def test_shards_of_two_versions(tmp_path: Path) -> None:
    path = two_shards(tmp_path)
    data, size = header(split(1, 2), version=2)
    save(tmp_path / "m-00002-of-00002.gguf", renamed(data).ljust(size, b"\0"))
    with pytest.raises(KnownError, match="another version of the format"):
        read_header(path)


def test_a_shard_under_another_name(tmp_path: Path) -> None:
    path = two_shards(tmp_path)
    moved = path.rename(tmp_path / "model.gguf")
    with pytest.raises(KnownError, match="not named like one"):
        read_header(moved)


def test_an_incomplete_shard_is_the_one_named(tmp_path: Path) -> None:
    path = two_shards(tmp_path)
    second = tmp_path / "m-00002-of-00002.gguf"
    second.write_bytes(second.read_bytes()[:-40])
    with pytest.raises(KnownError, match=r"m-00002-of-00002\.gguf is not complete"):
        read_header(path)


def test_a_whole_file_may_be_named_like_a_shard(tmp_path: Path) -> None:
    path = save(tmp_path / "m-00001-of-00009.gguf", file_bytes())
    assert len(read_header(path).shards) == 1


def test_what_is_not_there_or_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="does not exist"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(KnownError, match="not a file"):
        read_header(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.gguf")
        with pytest.raises(KnownError, match="not a file"):
            read_header(tmp_path / "pipe.gguf")


def test_a_file_that_shrinks_after_it_was_read(tmp_path: Path) -> None:
    path = save(tmp_path / "m.gguf", file_bytes())
    raw = read_header(path).raw
    assert raw is not None
    assert list(raw.read()) == list(BASE)
    path.write_bytes(header()[0][:400])
    with pytest.raises(KnownError, match="has changed"):
        raw.read()
