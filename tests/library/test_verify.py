"""Verification finds damage and says what it knows; repair fetches little and breaks nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.hub_access import HubAccess
from app.downloads.types import JobStatus
from app.library import repair as repair_module
from app.library import verify as verify_module
from app.library.library import Library
from app.library.repair import suspicious_ranges
from app.library.types import Source
from tests.gguf.makers import BASE, header
from tests.hub.content import BytesContent
from tests.hub.server import HubServer
from tests.library.trees import (
    folder,
    gguf,
    hub,
    hub_file,
    library,
    only,
    own,
    put,
    sha256,
    shard_files,
)

REPO = "unsloth/GLM-GGUF"
MIB = 1 << 20


def big(size: int = 3 * MIB) -> bytes:
    """A sound file without zeros, mostly tensor data."""
    head, _ = header({**BASE, "general.file_type": 15})
    pattern = bytes(range(1, 256)) * (size // 255 + 1)
    return head + pattern[: size - len(head)]


@pytest.fixture
def lm_studio(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, data: bytes) -> Path:
        return put(tmp_path / "lm" / "unsloth" / "GLM-GGUF" / name, data)

    return make


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Remote":
    return Remote(tmp_path, monkeypatch)


class Remote:
    """A library that asks a local Hub."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tmp_path, self._monkeypatch = tmp_path, monkeypatch

    def library(self, server: HubServer, *sources: Source) -> Library:
        self._monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        return Library(
            lambda: sources,
            self._tmp_path / "cache.json",
            self._tmp_path / "records.json",
            hub=HubAccess(lambda: server.endpoint),
        )


def test_a_blob_is_checked_against_its_name(tmp_path: Path) -> None:
    cache = tmp_path / "hub"
    path = hub_file(cache, REPO, "A-Q4_0.gguf", big())
    shelf = library(tmp_path, hub(cache))
    seen: list[verify_module.VerifyProgress] = []
    result = shelf.verify(only(shelf.scan()), seen.append)
    assert result.verified is not None
    assert result.verified.by == "sha256"
    assert result.sentence == "Every byte is what the publisher released (SHA-256)."
    assert (seen[-1].done_bytes, seen[-1].size_bytes) == (3 * MIB, 3 * MIB)
    assert only(shelf.snapshot).verified is not None
    assert only(library(tmp_path, hub(cache)).scan()).verified is not None
    with path.resolve().open("r+b") as file:
        file.seek(2 * MIB)
        file.write(b"\0")
    result = shelf.verify(only(shelf.scan()))
    assert result.verified is None
    assert "is damaged" in result.sentence
    assert result.wrong[0].found != result.wrong[0].expected == path.resolve().name
    assert only(shelf.snapshot).state == "broken"
    model = only(shelf.scan())
    assert (model.verified, model.state, model.path) == (None, "broken", None)
    assert model.why == "Its verification found damage in A-Q4_0.gguf."
    path.resolve().write_bytes(big())
    assert only(shelf.scan()).state == "complete"


def test_without_a_known_hash_the_structure_is_checked(tmp_path: Path) -> None:
    put(tmp_path / "m" / "A-Q4_0.gguf", gguf())
    shelf = library(tmp_path, folder(tmp_path / "m"))
    result = shelf.verify(only(shelf.scan()))
    assert result.verified is not None
    assert result.verified.by == "structure"
    assert result.sentence.startswith("No known hash")


def test_every_shard_is_hashed_and_the_wrong_one_named(tmp_path: Path) -> None:
    cache, files = tmp_path / "hub", shard_files("A-Q2_K")
    paths = [hub_file(cache, REPO, name, data) for name, data in files.items()]
    shelf = library(tmp_path, hub(cache))
    assert shelf.verify(only(shelf.scan())).verified is not None
    blob = paths[1].resolve()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    result = shelf.verify(only(shelf.scan()))
    assert [one.file.path for one in result.wrong] == [paths[1]]
    assert result.sentence.startswith(paths[1].name)


def test_partial_models_are_not_verified(tmp_path: Path) -> None:
    put(tmp_path / "m" / "A-Q4_0.gguf.part", gguf())
    shelf = library(tmp_path, folder(tmp_path / "m"))
    with pytest.raises(KnownError, match="is not complete"):
        shelf.verify(only(shelf.scan()))


def test_verifying_can_be_cancelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub_file(tmp_path / "hub", REPO, "A-Q4_0.gguf", big(9 * MIB))
    shelf = library(tmp_path, hub(tmp_path / "hub"))
    token = CancelToken()
    monkeypatch.setattr(verify_module, "_TELL_SECONDS", 0.0)
    with pytest.raises(Cancelled):
        shelf.verify(only(shelf.scan()), lambda _: token.cancel(), token)
    assert only(shelf.scan()).verified is None


def test_the_hub_knows_hashes_by_name_and_size(
    hub_server: HubServer, remote: Remote, lm_studio: Callable[..., Path], tmp_path: Path
) -> None:
    path = lm_studio("A-Q4_0.gguf", big())
    hub_server.world.add(REPO, {"Q4/A-Q4_0.gguf": BytesContent(big())})
    shelf = remote.library(hub_server, Source("lm-studio", "LM Studio", tmp_path / "lm"))
    result = shelf.verify(only(shelf.scan()))
    assert result.verified is not None
    assert result.verified.by == "sha256"
    damaged = bytearray(big())
    damaged[-1] ^= 255
    path.write_bytes(damaged)
    result = shelf.verify(only(shelf.scan()))
    assert not result.wrong[0].sure
    assert "or an earlier version" in result.sentence


def test_an_unreachable_hub_leaves_the_structure(
    tmp_path: Path, lm_studio: Callable[..., Path]
) -> None:
    lm_studio("A-Q4_0.gguf", gguf())

    def away(repo: str, _: str | None) -> tuple[RepoFile, ...]:
        raise KnownError(f"{repo} cannot be reached.")

    shelf = Library(
        lambda: (Source("lm-studio", "LM Studio", tmp_path / "lm"),),
        tmp_path / "c",
        tmp_path / "r",
        list_files=away,
    )
    result = shelf.verify(only(shelf.scan()))
    assert result.verified is not None
    assert result.verified.by == "structure"


def test_suspicious_ranges(tmp_path: Path) -> None:
    data = bytearray(big())
    data[MIB : MIB + 256 * 1024] = bytes(256 * 1024)
    data[100_000:108_192] = bytes(8192)  # too short to be suspicious
    path = put(tmp_path / "x", bytes(data[: 2 * MIB + 5]))
    assert list(suspicious_ranges(path, len(data))) == [
        (MIB, MIB + 256 * 1024), (2 * MIB + 5, 3 * MIB),
    ]  # fmt: skip
    assert list(suspicious_ranges(put(tmp_path / "y", big()), 3 * MIB)) == []
    assert list(suspicious_ranges(put(tmp_path / "z", b""), 10)) == [(0, 10)]


@pytest.mark.parametrize("damage", ["hole", "short"])
def test_repair_fetches_only_what_is_suspicious(
    hub_server: HubServer, remote: Remote, tmp_path: Path, damage: str
) -> None:
    data, cache = big(), tmp_path / "hub"
    hub_server.world.add(REPO, {"A-Q4_0.gguf": BytesContent(data)})
    path = hub_file(cache, REPO, "A-Q4_0.gguf", data)
    blob = path.resolve()
    if damage == "hole":
        broken = data[:MIB] + bytes(128 * 1024) + data[MIB + 128 * 1024 :]
    else:
        broken = data[:-200_000]
    blob.write_bytes(broken)
    shelf = remote.library(hub_server, hub(cache))
    seen: list[JobStatus] = []
    held: list[bytes] = []

    def progress(status: JobStatus) -> None:
        seen.append(status)
        held.append(blob.read_bytes()[:10])

    result = shelf.repair(only(shelf.scan()), on_download=progress)
    assert result.verified is not None
    assert result.verified.by == "sha256"
    assert blob.read_bytes() == data
    assert not (blob.parent / ".glm-repair").exists()
    assert hub_server.sent_bytes < MIB
    first = next(status for status in seen if status.done_bytes)
    assert first.done_bytes >= len(data) - 200_000
    assert only(shelf.scan()).state == "complete"


def test_repair_of_unknown_damage_fetches_everything(
    hub_server: HubServer, remote: Remote, tmp_path: Path
) -> None:
    data, cache = big(), tmp_path / "hub"
    hub_server.world.add(REPO, {"A-Q4_0.gguf": BytesContent(data)})
    blob = hub_file(cache, REPO, "A-Q4_0.gguf", data).resolve()
    broken = bytearray(data)
    broken[-7] ^= 1
    blob.write_bytes(broken)
    shelf = remote.library(hub_server, hub(cache))
    assert shelf.repair(only(shelf.scan())).verified is not None
    assert blob.read_bytes() == data


def test_repair_of_a_sound_model_does_nothing(tmp_path: Path) -> None:
    hub_file(tmp_path / "hub", REPO, "A-Q4_0.gguf", big())
    shelf = library(tmp_path, hub(tmp_path / "hub"))
    assert shelf.repair(only(shelf.scan())).verified is not None


def test_repair_without_an_origin_or_with_another_version(
    hub_server: HubServer, remote: Remote, tmp_path: Path
) -> None:
    path = put(tmp_path / "m" / "A-Q4_0.gguf", gguf()[:-5000])
    shelf = library(tmp_path, folder(tmp_path / "m"))
    with pytest.raises(KnownError, match="Nothing tells which repository"):
        shelf.repair(only(shelf.scan()))
    assert path.exists()
    hub_server.world.add(REPO, {"A-Q4_0.gguf": BytesContent(big())})
    blob = hub_file(tmp_path / "hub", REPO, "A-Q4_0.gguf", gguf()).resolve()
    blob.write_bytes(gguf()[:-5000])
    shelf = remote.library(hub_server, hub(tmp_path / "hub"))
    with pytest.raises(KnownError, match="another version"):
        shelf.repair(only(shelf.scan()))
    assert blob.read_bytes() == gguf()[:-5000]


def test_repair_without_room(
    hub_server: HubServer, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = big()
    hub_server.world.add(REPO, {"A-Q4_0.gguf": BytesContent(data)})
    blob = hub_file(tmp_path / "hub", REPO, "A-Q4_0.gguf", data).resolve()
    blob.write_bytes(data[:-5000])
    monkeypatch.setattr(repair_module, "_cloned", lambda *_: False)
    monkeypatch.setattr(repair_module, "free_bytes", lambda _: 1000)
    shelf = remote.library(hub_server, hub(tmp_path / "hub"))
    with pytest.raises(KnownError, match="no room to repair"):
        shelf.repair(only(shelf.scan()))
    assert blob.read_bytes() == data[:-5000]


def test_a_partial_set_is_completed_where_it_lies(
    hub_server: HubServer, remote: Remote, tmp_path: Path
) -> None:
    files = shard_files("A-Q2_K")
    names = list(files)
    repo = hub_server.world.add(
        REPO, {f"Q2_K/{name}": BytesContent(data) for name, data in files.items()}
    )
    hub_file(tmp_path / "hub", REPO, f"Q2_K/{names[0]}", files[names[0]], repo.head)
    shelf = remote.library(hub_server, hub(tmp_path / "hub"))
    request, target = shelf.completion(only(shelf.scan()))
    assert [file.path for file in request.files] == [f"Q2_K/{name}" for name in names]
    assert (target.kind, target.folder) == ("hub-cache", tmp_path / "hub")
    lm = tmp_path / "lm" / "unsloth" / "GLM-GGUF"
    put(lm / names[1], files[names[1]])
    shelf = remote.library(hub_server, Source("lm-studio", "LM Studio", tmp_path / "lm"))
    request, target = shelf.completion(only(shelf.scan()))
    assert (target.kind, target.folder) == ("folder", lm)


def test_our_own_file_is_repaired_from_where_we_got_it(
    hub_server: HubServer, remote: Remote, tmp_path: Path
) -> None:
    data = big()
    hub_server.world.add(REPO, {"Q4/A-Q4_0.gguf": BytesContent(data)})
    path = put(tmp_path / "m" / "Q4" / "A-Q4_0.gguf", data)
    shelf = remote.library(hub_server, own(tmp_path / "m"))
    shelf.note_downloaded([(path, sha256(data))], REPO)
    path.write_bytes(data[:-300_000])
    model = only(shelf.scan())
    assert model.verified is None
    assert "has changed since this program" in shelf.verify(model).sentence
    result = shelf.repair(model)
    assert result.verified is not None
    assert path.read_bytes() == data
    record = shelf.records.at(path)
    assert record is not None
    assert (record.owned, record.repo, record.sha256) == (True, REPO, sha256(data))
    assert [one.name for one in path.parent.iterdir()] == ["A-Q4_0.gguf"]
