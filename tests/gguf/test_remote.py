"""Headers over ranges: the same as from disk, in few requests and few bytes, and cached."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.gguf.cache import HeaderCache
from app.gguf.fetch import HttpFetcher
from app.gguf.read import read_header
from app.gguf.remote import RangeReply, RemoteFile, expand_shards, read_remote_header
from app.gguf.types import ModelHeader
from app.gguf.write import Value
from tests.gguf.glm46 import GLM_46, SMALL_MOE, write_model
from tests.gguf.makers import file_bytes, save
from tests.gguf.servers import Answer, MemoryServer, http_server

MAIN = "https://hub.test/unsloth/GLM-4.6-GGUF/resolve/main/Q/"
PINNED = f"https://hub.test/unsloth/GLM-4.6-GGUF/resolve/{'a1' * 20}/Q/"


def without_place(header: ModelHeader) -> ModelHeader:
    shards = (replace(shard, location="", revision=None) for shard in header.shards)
    return replace(header, shards=tuple(shards))


@pytest.mark.parametrize(("quantization", "shards"), [("Q4_K_M", 5), ("BF16", 15), ("Q2_K", 1)])
def test_a_glm46_header_costs_few_requests_and_bytes(
    tmp_path: Path, quantization: str, shards: int
) -> None:
    path = write_model(tmp_path, GLM_46, quantization, shards)
    server = MemoryServer(tmp_path)
    header = read_remote_header(MAIN + path.name, server)
    assert without_place(header) == without_place(read_header(path))
    assert server.bytes_served <= 16_000_000
    per_shard = [sum(r[0] == s.name for r in server.requests) for s in header.shards]
    assert per_shard[0] <= 5
    assert all(count == 1 for count in per_shard[1:])
    fetched = [(name, start) for name, start, _ in server.requests]
    assert len(set(fetched)) == len(fetched), "no byte is fetched twice"


def test_any_shard_stands_for_all(tmp_path: Path) -> None:
    path = write_model(tmp_path, SMALL_MOE, "Q8_0", shards=3)
    third = MAIN + path.name.replace("00001", "00003") + "?download=true"
    header = read_remote_header(third, MemoryServer(tmp_path))
    assert [shard.name for shard in header.shards] == sorted(p.name for p in tmp_path.iterdir())
    assert expand_shards(third)[0] == MAIN + path.name + "?download=true"


def test_given_lists_are_checked_for_missing_shards(tmp_path: Path) -> None:
    path = write_model(tmp_path, SMALL_MOE, "Q8_0", shards=3)
    urls = [MAIN + name.name for name in sorted(tmp_path.iterdir())]
    assert path.name in urls[0]
    with pytest.raises(KnownError, match="1 of the 3 files of this model are missing"):
        read_remote_header(urls[:2], MemoryServer(tmp_path))


class Account:
    """How many requests each call of `read` took."""

    def __init__(self, folder: Path, cache: HeaderCache) -> None:
        self.server = MemoryServer(folder)
        self._cache = cache

    def read(self, *files: RemoteFile | str) -> tuple[ModelHeader, int]:
        before = len(self.server.requests)
        header = read_remote_header(files, self.server, self._cache)
        return header, len(self.server.requests) - before


def test_known_etags_need_no_network(tmp_path: Path) -> None:
    model = tmp_path / "m"
    model.mkdir()
    path = write_model(model, SMALL_MOE, "Q8_0")
    account = Account(model, HeaderCache(tmp_path / "c"))
    etag = account.server.fetch(path.name, 0, 1).etag
    first, asked = account.read(RemoteFile(MAIN + path.name, etag))
    assert asked == 1
    again, asked = account.read(RemoteFile(MAIN + path.name, etag))
    assert (again, asked) == (first, 0)
    elsewhere, asked = account.read(RemoteFile(PINNED + path.name, etag))
    assert (elsewhere.tensors, asked) == (first.tensors, 0)
    assert elsewhere.shards[0].location == PINNED + path.name


def test_a_commit_in_the_url_needs_no_network(tmp_path: Path) -> None:
    model = tmp_path / "m"
    model.mkdir()
    path = write_model(model, SMALL_MOE, "Q8_0", shards=2)
    account = Account(model, HeaderCache(tmp_path / "c"))
    first, _ = account.read(PINNED + path.name)
    again, asked = account.read(PINNED + path.name)
    assert (again, asked) == (first, 0)


def test_a_moving_branch_is_asked_for_what_it_holds_now(tmp_path: Path) -> None:
    model = tmp_path / "m"
    model.mkdir()
    path = write_model(model, SMALL_MOE, "Q8_0")
    account = Account(model, HeaderCache(tmp_path / "c"))
    old, _ = account.read(MAIN + path.name)
    assert account.read(MAIN + path.name) == (old, 1)
    write_model(model, SMALL_MOE, "Q4_K_M").rename(path)
    new, _ = account.read(MAIN + path.name)
    assert new.tensor_bytes < old.tensor_bytes


def test_without_etag_and_commit_nothing_is_cached(tmp_path: Path) -> None:
    model = tmp_path / "m"
    model.mkdir()
    path = write_model(model, SMALL_MOE, "Q8_0")
    account = Account(model, HeaderCache(tmp_path / "c"))
    account.server.with_etags = False
    account.read(MAIN + path.name)
    assert account.read(MAIN + path.name)[1] == 1
    assert not list(tmp_path.glob("c/*.header"))


def big_vocabulary(last: str = "last") -> dict[str, Value]:
    return {"t": [f"token {n}" for n in range(60_000)] + [last], "after": 5}


def test_the_next_quantization_does_not_fetch_the_vocabulary_again(tmp_path: Path) -> None:
    server, cache = MemoryServer(tmp_path), HeaderCache(tmp_path / "c")
    for quantization, at_most in (("Q8_0", 16_000_000), ("Q4_K_M", 1_200_000)):
        path = write_model(tmp_path, GLM_46, quantization, shards=5)
        before = server.bytes_served
        header = read_remote_header(MAIN + path.name, server, cache)
        assert server.bytes_served - before <= at_most
        on_disk = read_header(path)
        assert without_place(header) == without_place(on_disk)
    assert header.raw is not None
    assert on_disk.raw is not None
    assert header.raw.read() == on_disk.raw.read()


@pytest.mark.parametrize(
    "second",
    [
        file_bytes(big_vocabulary("lost")),
        file_bytes(big_vocabulary("longer")),
        file_bytes({"t": [f"token {n}" for n in range(59_999)] + ["aaaaa", "last"], "after": 5}),
        file_bytes(big_vocabulary()).replace(b"token 5001", b"tokem 5001", 1),
        file_bytes({"t": ["other", *[f"token {n}" for n in range(60_000)]], "after": 5}),
        file_bytes({"more": "x", **big_vocabulary()}),
        file_bytes({"more": "x", **big_vocabulary()})[:600_000],
    ],
    ids=["end", "longer", "before the end", "early", "beginning", "same", "cut off"],
)
def test_a_vocabulary_that_only_looks_like_a_known_one_is_fetched(
    tmp_path: Path, second: bytes
) -> None:
    server, cache = MemoryServer(tmp_path), HeaderCache(tmp_path / "c")
    first = save(tmp_path / "first.gguf", file_bytes(big_vocabulary()))
    read_remote_header(MAIN + first.name, server, cache)
    path = save(tmp_path / "second.gguf", second)
    if len(second) == 600_000:
        with pytest.raises(KnownError, match="not complete"):
            read_remote_header(MAIN + path.name, server, cache)
        return
    header, on_disk = read_remote_header(MAIN + path.name, server, cache), read_header(path)
    assert without_place(header) == without_place(on_disk)
    assert header.raw is not None
    assert on_disk.raw is not None
    assert header.raw.read() == on_disk.raw.read()


def test_a_file_replaced_while_it_is_read(tmp_path: Path) -> None:
    path = save(tmp_path / "m.gguf", file_bytes({"t": ["x" * 50] * 30_000}))

    class Replacing(MemoryServer):
        def fetch(self, url: str, start: int, length: int) -> RangeReply:
            reply = super().fetch(url, start, length)
            return replace(reply, etag=f"version {start}")

    with pytest.raises(KnownError, match="changed on the server"):
        read_remote_header(MAIN + path.name, Replacing(tmp_path))


def test_a_file_that_is_not_what_the_listing_said(tmp_path: Path) -> None:
    path = save(tmp_path / "m.gguf", file_bytes())
    with pytest.raises(KnownError, match="changed on the server"):
        read_remote_header([RemoteFile(MAIN + path.name, "other")], MemoryServer(tmp_path))


def test_over_http_and_with_percent_signs(tmp_path: Path) -> None:
    data = file_bytes()
    path = save(tmp_path / "my model.gguf", data)
    with http_server({"/my%20model.gguf": Answer(body=data, ranges=True)}) as (base, seen):
        header = read_remote_header(f"{base}/my%20model.gguf", HttpFetcher())
    assert without_place(header) == without_place(read_header(path))
    assert len(seen) == 1
    raw, on_disk = header.raw, read_header(path).raw
    assert raw is not None
    assert on_disk is not None
    assert raw.read() == on_disk.read()
    assert list(raw.read(("general.name",))) == ["general.name"]
