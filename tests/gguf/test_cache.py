"""Cached headers: as they were, shared, and rewritten when damaged."""

import random
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.gguf.cache import HeaderCache, cache_key
from app.gguf.read import read_header
from app.gguf.types import ArraySkipped, ModelHeader
from app.gguf.write import Typed, Value
from tests.gguf.glm46 import SMALL_MOE, write_model
from tests.gguf.makers import BASE, file_bytes, save

KEY = "k" * 64


@pytest.fixture
def header(tmp_path: Path) -> ModelHeader:
    strange: dict[str, Value] = {
        "f.inf": float("inf"),
        "f.tiny": Typed("float64", 5e-324),
        "b": [True],
        "e": "",
    }
    long: dict[str, Value] = {"long": "x" * 2_000_000}
    return read_header(save(tmp_path / "m.gguf", file_bytes(BASE | strange | long)))


def test_a_header_comes_back_as_it_was(tmp_path: Path, header: ModelHeader) -> None:
    cache = HeaderCache(tmp_path / "cache")
    kept = cache.put([KEY], header)
    found = HeaderCache(tmp_path / "cache").get(KEY)
    assert found == kept == header
    assert found is not None
    assert {k: type(v) for k, v in found.metadata.items()} == {
        k: type(v) for k, v in header.metadata.items()
    }
    assert isinstance(found.metadata["long"], ArraySkipped)
    assert header.raw is not None
    assert found.raw is not None
    assert found.raw.read() == header.raw.read()
    assert found.raw.read(["general.name"]) == header.raw.read(["general.name"])


def test_quantizations_share_one_vocabulary(tmp_path: Path) -> None:
    cache = HeaderCache(tmp_path / "cache")
    for quantization in ("Q8_0", "Q4_K_M", "Q2_K"):
        header = read_header(write_model(tmp_path, SMALL_MOE, quantization))
        cache.put([quantization], header)
    large = [p for p in (tmp_path / "cache").glob("*.raw") if p.stat().st_size > 4000]
    assert len(large) == 2, "one of tokens and one of merges"


def test_absent_entries(tmp_path: Path) -> None:
    assert HeaderCache(tmp_path / "nowhere").get(KEY) is None


@pytest.mark.parametrize("seed", range(40))
def test_damaged_entries_are_ignored_and_rewritten(
    tmp_path: Path, header: ModelHeader, seed: int
) -> None:
    cache = HeaderCache(tmp_path / "cache")
    cache.put([KEY], header)
    rng = random.Random(seed)
    for path in (tmp_path / "cache").iterdir():
        data = bytearray(path.read_bytes())
        if rng.random() < 0.5:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        else:
            del data[rng.randrange(len(data)) :]
        path.write_bytes(data)
    assert cache.get(KEY) is None
    cache.put([KEY], header)
    found = cache.get(KEY)
    assert found == header
    assert found is not None
    assert found.raw is not None
    assert header.raw is not None
    assert found.raw.read() == header.raw.read()


def test_an_emptied_cache_is_said_when_bytes_are_wanted(
    tmp_path: Path, header: ModelHeader
) -> None:
    kept = HeaderCache(tmp_path / "cache").put([KEY], header)
    for path in (tmp_path / "cache").glob("*.raw"):
        path.unlink()
    assert kept.raw is not None
    with pytest.raises(KnownError, match="stored header of this model is gone"):
        kept.raw.read()


def test_a_disk_that_refuses_costs_only_the_saving(
    tmp_path: Path, header: ModelHeader, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = save(tmp_path / "cache", b"a file where the folder should be")
    assert HeaderCache(blocked).put([KEY], header) is header
    assert "header not cached" in caplog.text
    assert HeaderCache(blocked).get(KEY) is None


def test_keys_name_content() -> None:
    commit = "0123456789" * 4
    assert cache_key([("https://h/m/resolve/main/f.gguf", None)]) is None
    pinned = cache_key([(f"https://h/m/resolve/{commit}/f.gguf", None)])
    by_etag = cache_key([("https://h/m/resolve/main/f.gguf", "e")])
    assert pinned
    assert by_etag
    assert pinned != by_etag
    assert by_etag == cache_key([("https://mirror/m/resolve/x/f.gguf", "e")])
    assert by_etag != cache_key([("https://h/m/resolve/main/f.gguf", "e2")])
    assert cache_key([("u/a", "1"), ("u/b", "2")]) != cache_key([("u/a", "1")])
    assert cache_key([("u/a", "1"), ("u/b", None)]) is None
