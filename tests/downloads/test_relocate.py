"""Whole sets move between caches and folders, over disks, and survive being stopped anywhere."""

import hashlib
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from huggingface_hub import hf_hub_download

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.hub_access import HubAccess
from app.downloads.facade import download
from app.downloads.journal import Identity
from app.downloads.move import MoveProgress
from app.downloads.relocate import move_sets
from app.downloads.restore import done_before
from app.downloads.storage import JOURNAL_SUFFIX, PART_SUFFIX, place_of
from app.downloads.types import MIB, DownloadRequest, JobState, Target
from tests.downloads.helpers import REPO, HeldClock, Rig, assert_whole, offer, partials
from tests.hub.content import PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

Kind = Literal["hub-cache", "folder"]
SHARDS = tuple(f"Q/m-0000{n}-of-00003.gguf" for n in (1, 2, 3))
SIZE = 2 * MIB + 5
KINDS: tuple[tuple[Kind, Kind], ...] = (
    ("hub-cache", "hub-cache"),
    ("hub-cache", "folder"),
    ("folder", "hub-cache"),
    ("folder", "folder"),
)


class Killed(BaseException):
    """As if the process had been killed just here."""


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    return offer(hub, {path: PatternContent(SIZE, n) for n, path in enumerate(SHARDS)})


@pytest.fixture(params=["one disk", "two disks"])
def disks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "two disks":
        monkeypatch.setattr(os, "rename", _other_disk)
        monkeypatch.setattr(Path, "hardlink_to", _other_disk)


def _other_disk(*_: object) -> None:
    raise OSError(18, "Invalid cross-device link")


def _two_and_a_half(hub: HubServer, request: DownloadRequest, target: Target) -> None:
    """Two shards are whole, the third has begun."""
    hub.misbehave(SHARDS[2], Fault(stall_after=MIB), times=None)
    with Rig(hub, target.folder, clock=HeldClock(), connections=1) as rig:
        rig.manager.add(request, target)
        rig.seen.wait_for(lambda s: s.done_bytes >= 2 * SIZE + MIB // 2)
    hub.faults.clear()


def _move(request: DownloadRequest, old: Target, new: Target) -> list[MoveProgress]:
    seen: list[MoveProgress] = []
    move_sets([request], old, new, seen.append, CancelToken())
    return seen


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize(("old", "new"), KINDS)
def test_complete_and_partial_files_move_and_the_download_goes_on(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, old: Kind, new: Kind
) -> None:
    before, after = Target(old, tmp_path / "old"), Target(new, tmp_path / "new")
    _two_and_a_half(hub, request_, before)
    seen = _move(request_, before, after)
    assert _files(before.folder) == []
    assert seen[-1].done_bytes == seen[-1].size_bytes
    assert [p.done_bytes for p in seen] == sorted(p.done_bytes for p in seen)
    sent = hub.sent_bytes
    assert_whole(download(request_, after, HubAccess(lambda: hub.endpoint), connections=1))
    assert hub.sent_bytes - sent <= SIZE - MIB // 2
    if new == "hub-cache":
        found = hf_hub_download(REPO, SHARDS[0], cache_dir=after.folder, local_files_only=True)
        assert Path(found) == place_of(request_, request_.files[0], after).location


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize(("old", "new"), KINDS)
def test_a_move_that_is_killed_anywhere_is_taken_up(
    hub: HubServer,
    tmp_path: Path,
    request_: DownloadRequest,
    monkeypatch: pytest.MonkeyPatch,
    old: Kind,
    new: Kind,
) -> None:
    """Before each change of the disk once; nothing is lost, and the next try ends it."""
    model = Target(old, tmp_path / "model")
    _two_and_a_half(hub, request_, model)
    for moment in itertools.count(1):
        before = Target(old, tmp_path / str(moment) / "old")
        after = Target(new, tmp_path / str(moment) / "new")
        shutil.copytree(model.folder, before.folder, symlinks=True)
        with monkeypatch.context() as patched:
            _kill_at(patched, moment)
            try:
                _move(request_, before, after)
                killed = False
            except Killed:
                killed = True
        for file in request_.files[:2]:
            places = [place_of(request_, file, target) for target in (before, after)]
            contents = {p for place in places for p in (place.content, place.location)}
            assert file.sha256 in {_hash(path) for path in contents if path.exists()}
        _move(request_, before, after)
        assert _files(before.folder) == []
        for file in request_.files[:2]:
            assert _hash(place_of(request_, file, after).location) == file.sha256
        last = request_.files[2]
        identity = Identity(REPO, last.path, SIZE, last.sha256, request_.commit)
        assert done_before(place_of(request_, last, after), identity) >= MIB // 2
        shutil.rmtree(after.folder.parent)
        if not killed:
            break
    assert moment > 8


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _kill_at(patched: pytest.MonkeyPatch, moment: int) -> None:
    calls = itertools.count(1)

    def guard(change: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            if next(calls) >= moment:
                raise Killed
            return change(*arguments, **options)

        return guarded

    for name in ("replace", "unlink", "hardlink_to", "symlink_to", "rmdir"):
        patched.setattr(Path, name, guard(getattr(Path, name)))
    patched.setattr(os, "rename", guard(os.rename))


@pytest.mark.parametrize(("old", "new"), KINDS)
def test_a_move_to_another_disk_can_be_cancelled(
    hub: HubServer,
    tmp_path: Path,
    request_: DownloadRequest,
    monkeypatch: pytest.MonkeyPatch,
    old: Kind,
    new: Kind,
) -> None:
    monkeypatch.setattr(os, "rename", _other_disk)
    before, after = Target(old, tmp_path / "old"), Target(new, tmp_path / "new")
    _two_and_a_half(hub, request_, before)
    cancel = CancelToken()

    def stop(progress: MoveProgress) -> None:
        if progress.done_bytes > SIZE + MIB:
            cancel.cancel()

    with pytest.raises(Cancelled):
        move_sets([request_], before, after, stop, cancel)
    assert place_of(request_, request_.files[0], after).location.exists()
    assert place_of(request_, request_.files[1], before).location.exists()
    _move(request_, before, after)
    assert _files(before.folder) == []


def test_what_another_snapshot_uses_stays(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    old, new = Target("hub-cache", tmp_path / "old"), Target("hub-cache", tmp_path / "new")
    access = HubAccess(lambda: hub.endpoint)
    assert_whole(download(request_, old, access))
    second = hub.world.repos[REPO].replace(SHARDS[2], PatternContent(SIZE, 77))
    other = DownloadRequest(REPO, second, request_.files[:2], ref="main")
    assert_whole(download(other, old, access))
    _move(request_, old, new)
    for file in other.files:
        assert place_of(other, file, old).location.exists()
    assert not place_of(request_, request_.files[2], old).content.exists()
    for file in request_.files:
        assert _hash(place_of(request_, file, new).location) == file.sha256


def test_another_file_in_the_way_and_the_same_one(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    access = HubAccess(lambda: hub.endpoint)
    assert_whole(download(request_, old, access))
    mine = new.folder / SHARDS[1]
    mine.parent.mkdir(parents=True)
    mine.write_bytes(bytes(SIZE))
    with pytest.raises(KnownError, match="not overwritten"):
        _move(request_, old, new)
    assert mine.read_bytes() == bytes(SIZE)
    assert (old.folder / SHARDS[1]).exists()
    mine.write_bytes((old.folder / SHARDS[1]).read_bytes())
    _move(request_, old, new)
    assert _files(old.folder) == []


def test_without_room_nothing_is_begun(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    assert_whole(download(request_, old, HubAccess(lambda: hub.endpoint)))
    monkeypatch.setattr("app.downloads.relocate._same_disk", lambda *_: False)
    monkeypatch.setattr("app.downloads.move.free_bytes", lambda _: 2 * SIZE)
    with pytest.raises(KnownError, match="no room"):
        _move(request_, old, new)
    assert not new.folder.exists()


def test_what_is_being_downloaded_is_not_moved(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    hub.misbehave(SHARDS[0], Fault(stall_after=MIB), times=None)
    old, new = Target("folder", tmp_path / "old"), Target("folder", tmp_path / "new")
    with Rig(hub, old.folder, clock=clock, connections=1) as rig:
        rig.manager.add(request_, old)
        rig.seen.wait_for(lambda s: s.done_bytes >= MIB // 2)
        with pytest.raises(KnownError, match="is being downloaded"):
            _move(request_, old, new)
    assert len(partials(old.folder)) == 2


def test_the_queue_follows(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    """Pause, move, tell the manager, go on: little is fetched twice."""
    hub.misbehave(SHARDS[1], Fault(stall_after=MIB), times=None)
    old, new = Target("folder", tmp_path / "old"), Target("hub-cache", tmp_path / "new")
    with Rig(hub, old.folder, clock=clock, connections=1) as rig:
        job_id = rig.manager.add(request_, old)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + MIB // 2)
        rig.manager.pause(job_id)
        rig.seen.wait_for(lambda s: s.state is JobState.PAUSED)
        _move(request_, old, new)
        hub.faults.clear()
        sent = hub.sent_bytes
        rig.manager.relocate(old, new)
        moved = rig.seen.wait_for(lambda s: s.target == new)
        assert moved.done_bytes >= SIZE + MIB // 2
        rig.manager.resume(job_id)
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))
    assert hub.sent_bytes - sent <= 2 * SIZE - MIB // 2
    names = [path.name for path in _files(old.folder)]
    assert not any(PART_SUFFIX in name or JOURNAL_SUFFIX in name for name in names)
