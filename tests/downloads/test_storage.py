"""The Hugging Face cache is shared with other programs; files can move to another place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import hf_hub_download

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.hub_access import HubAccess
from app.downloads import storage
from app.downloads.facade import download
from app.downloads.move import MoveProgress, move_files
from app.downloads.types import MIB, DownloadRequest, Target
from tests.downloads.helpers import REPO, assert_whole, offer
from tests.hub.content import PatternContent
from tests.hub.server import HubServer, hub_environment

PATH = "Q4_K_M/m.gguf"


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    return offer(hub, {PATH: PatternContent(3 * MIB + 1, 2)})


def test_other_programs_find_ours(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    status = download(request_, Target("hub-cache", tmp_path), HubAccess(lambda: hub.endpoint))
    found = hf_hub_download(REPO, PATH, cache_dir=tmp_path, local_files_only=True)
    assert Path(found) == status.files[0].location


def test_theirs_is_not_fetched_again(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    script = f"from huggingface_hub import hf_hub_download as get; get({REPO!r}, {PATH!r})"
    environment = {**hub_environment(hub), "HF_HUB_CACHE": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, timeout=60
    )
    theirs = hf_hub_download(REPO, PATH, cache_dir=tmp_path, local_files_only=True)
    sent = hub.sent_bytes
    status = download(request_, Target("hub-cache", tmp_path), HubAccess(lambda: hub.endpoint))
    assert hub.sent_bytes == sent
    assert status.files[0].location == Path(theirs)


def test_without_the_right_to_make_links(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    target, access = Target("hub-cache", tmp_path), HubAccess(lambda: hub.endpoint)
    status = download(request_, target, access)
    assert_whole(status)
    assert status.files[0].location is not None
    assert not status.files[0].location.is_symlink()
    sent = hub.sent_bytes
    assert_whole(download(request_, target, access))
    assert hub.sent_bytes == sent


def _two_files(folder: Path) -> list[tuple[Path, Path]]:
    folder.mkdir(exist_ok=True)
    pairs = []
    for name in ("a.gguf", "b.gguf"):
        (folder / name).write_bytes(name.encode() * 2_000_000)
        pairs.append((folder / name, folder.parent / "new" / name))
    return pairs


@pytest.fixture
def other_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "rename", refuse)


def test_a_move_on_one_disk(tmp_path: Path) -> None:
    pairs = _two_files(tmp_path / "old")
    seen: list[MoveProgress] = []
    move_files(pairs, seen.append, CancelToken())
    assert [new.stat().st_size for _, new in pairs] == [12_000_000, 12_000_000]
    assert not any(old.exists() for old, _ in pairs)
    assert seen[-1].done_bytes == seen[-1].size_bytes == 24_000_000


@pytest.mark.usefixtures("other_disk")
def test_a_move_to_another_disk_can_be_cancelled_without_loss(tmp_path: Path) -> None:
    pairs = _two_files(tmp_path / "old")
    cancel = CancelToken()

    def stop(progress: MoveProgress) -> None:
        if progress.done_bytes > 14_000_000:
            cancel.cancel()

    with pytest.raises(Cancelled):
        move_files(pairs, stop, cancel)
    assert pairs[0][1].exists()
    assert not pairs[0][0].exists()
    assert pairs[1][0].exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.gguf"]
    move_files(pairs[1:], lambda _: None, CancelToken())
    assert pairs[1][1].read_bytes() == b"b.gguf" * 2_000_000
    assert not pairs[1][0].exists()


@pytest.mark.usefixtures("other_disk")
def test_a_move_without_room_and_onto_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = _two_files(tmp_path / "old")
    pairs[0][1].parent.mkdir()
    pairs[0][1].write_text("mine")
    with pytest.raises(KnownError, match="not overwritten"):
        move_files(pairs, lambda _: None, CancelToken())
    monkeypatch.setattr("app.downloads.move.free_bytes", lambda _: 5)
    with pytest.raises(KnownError, match="no room"):
        move_files(pairs[1:], lambda _: None, CancelToken())
    assert all(old.exists() for old, _ in pairs)


def test_free_space_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert storage.free_bytes(tmp_path / "not" / "yet") > 0
