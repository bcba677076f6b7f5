"""Pause, resume, cancel, order, restarts, and a file that changed meanwhile."""

from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.hub_access import HubAccess
from app.downloads.facade import download
from app.downloads.types import MIB, DownloadRequest, FileRequest, JobState, Target
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer, partials
from tests.hub.content import PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

SHARDS = tuple(f"Q/m-0000{n}-of-00003.gguf" for n in (1, 2, 3))
SIZE = 12 * MIB + 5


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    return offer(hub, {path: PatternContent(SIZE, n) for n, path in enumerate(SHARDS)})


def _hold(hub: HubServer) -> None:
    """The second shard stops in the middle and stays so."""
    hub.misbehave(SHARDS[1], Fault(stall_after=2 * MIB), times=None)


def test_pause_and_resume_fetch_little_twice(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        job_id = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 3 * MIB)
        rig.manager.pause(job_id)
        paused = rig.seen.wait_for(lambda s: s.state is JobState.PAUSED)
        assert paused.done_bytes >= SIZE + 3 * MIB
        assert paused.files[0].location is not None
        hub.faults.clear()
        sent = hub.sent_bytes
        rig.seen.forget()
        rig.manager.resume(job_id)
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))
    assert hub.sent_bytes - sent <= 3 * SIZE - paused.done_bytes + 2 * 4 * MIB


def test_a_restart_of_the_program_goes_on(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    queue_file = tmp_path / "queue.json"
    folder = tmp_path / "models"
    with Rig(hub, folder, clock=clock, queue_file=queue_file, connections=2) as rig:
        job_id = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 3 * MIB)
    assert partials(folder)
    hub.faults.clear()
    sent = hub.sent_bytes
    with Rig(hub, folder, clock=clock, queue_file=queue_file, connections=2) as rig:
        done = rig.seen.wait_for(lambda s: s.state is JobState.DONE)
        assert done.job_id == job_id
        assert_whole(done)
    assert hub.sent_bytes - sent <= 3 * SIZE - (SIZE + 3 * MIB) + 2 * 4 * MIB
    with Rig(hub, folder, clock=clock, queue_file=queue_file) as rig:
        assert rig.manager.jobs() == ()


def test_paused_stays_paused_over_a_restart(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    queue_file = tmp_path / "queue.json"
    with Rig(hub, tmp_path, clock=clock, queue_file=queue_file) as rig:
        job_id = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 3 * MIB)
        rig.manager.pause(job_id)
        rig.seen.wait_for(lambda s: s.state is JobState.PAUSED)
    with Rig(hub, tmp_path, clock=clock, queue_file=queue_file) as rig:
        (status,) = rig.manager.jobs()
        assert status.state is JobState.PAUSED
        assert status.done_bytes >= SIZE + 3 * MIB


def test_a_queue_that_cannot_be_read_is_set_aside(hub: HubServer, tmp_path: Path) -> None:
    queue_file = tmp_path / "queue.json"
    queue_file.write_text('{"version": 1, "jobs": [{"id": 3}]}')
    with Rig(hub, tmp_path, queue_file=queue_file) as rig:
        assert rig.manager.jobs() == ()
    assert (tmp_path / "queue.json.unreadable").exists()


def test_cancel_removes_what_is_partial_and_keeps_whole_shards(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        job_id = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 1 * MIB)
        rig.manager.cancel(job_id)
    assert rig.manager.jobs() == ()
    assert partials(tmp_path) == []
    assert (tmp_path / SHARDS[0]).stat().st_size == SIZE


def test_a_job_moved_to_the_front_takes_over(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        first = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 1 * MIB)
        only = DownloadRequest(request_.repo, request_.commit, request_.files[2:])
        second = rig.manager.add(only, Target("folder", tmp_path / "second"))
        rig.manager.move(second, 0)
        assert_whole(rig.seen.wait_for_end(second))
        assert [s.job_id for s in rig.manager.jobs()] == [second, first]
        hub.faults.clear()
        rig.manager.pause(first)
        rig.manager.resume(first)
        rig.seen.wait_for(lambda s: s.job_id == first and s.state is JobState.DONE)


def test_a_changed_file_asks_and_the_new_one_can_be_taken(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    repo = hub.world.repos[request_.repo]
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        job_id = rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 2 * MIB)
        rig.manager.pause(job_id)
        rig.seen.wait_for(lambda s: s.state is JobState.PAUSED)
        new = PatternContent(SIZE + 77, 99)
        files = repo.commits[repo.head]
        files[SHARDS[1]] = type(files[SHARDS[1]])(new)
        hub.faults.clear()
        rig.manager.resume(job_id)
        asked = rig.seen.wait_for(lambda s: s.state is JobState.CHANGED)
        assert asked.change is not None
        assert (asked.change.size_bytes, asked.change.sha256) == (SIZE + 77, new.sha256)
        rig.manager.accept_change(job_id)
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))


def test_a_file_that_changes_under_the_transfer_is_noticed(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    """The CDN's ETag is another one, and the Hub confirms it."""
    repo = hub.world.repos[request_.repo]
    only = DownloadRequest(request_.repo, request_.commit, request_.files[:1])
    hub.misbehave(SHARDS[0], Fault(cut_after=1 * MIB, etag='"first"'), times=1)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        files = repo.commits[repo.head]
        rig.manager.add(only, rig.target)
        files[SHARDS[0]] = type(files[SHARDS[0]])(PatternContent(SIZE, 98))
        rig.seen.wait_for(lambda s: s.state is JobState.CHANGED)
    assert not (tmp_path / SHARDS[0]).exists()


def test_another_etag_for_the_same_content_is_no_change(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    hub.misbehave(SHARDS[0], Fault(etag='"another edge"'), times=2)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        assert_whole(rig.get(request_))


def test_what_is_there_already_is_not_fetched(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    access = HubAccess(lambda: hub.endpoint)
    cache = Target("hub-cache", tmp_path)
    assert_whole(download(request_, cache, access))
    sent = hub.sent_bytes
    assert_whole(download(request_, cache, access))
    assert hub.sent_bytes == sent
    repo = tmp_path / "models--maker--GLM-GGUF"
    assert (repo / "refs/main").read_text() == request_.commit
    link = repo / "snapshots" / request_.commit / SHARDS[0]
    assert link.is_symlink()
    assert link.readlink().parts[:3] == ("..", "..", "..")


def test_a_different_file_is_not_overwritten(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    mine = tmp_path / SHARDS[0]
    mine.parent.mkdir()
    mine.write_bytes(b"\0" * SIZE)
    with pytest.raises(KnownError, match="another file called"):
        download(request_, Target("folder", tmp_path), HubAccess(lambda: hub.endpoint))
    assert mine.read_bytes() == b"\0" * SIZE


def test_the_facade_can_be_cancelled_and_goes_on_later(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    _hold(hub)
    cancel = CancelToken()
    target, access = Target("folder", tmp_path), HubAccess(lambda: hub.endpoint)
    with pytest.raises(Cancelled):
        download(
            request_,
            target,
            access,
            cancel=cancel,
            on_progress=lambda s: cancel.cancel() if s.done_bytes > SIZE + MIB else None,
        )
    assert partials(tmp_path)
    hub.faults.clear()
    assert_whole(download(request_, target, access))


def test_two_programs_do_not_write_one_file(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 1 * MIB)
        with pytest.raises(KnownError, match="is being downloaded already"):
            download(request_, rig.target, HubAccess(lambda: hub.endpoint))


@pytest.mark.parametrize(
    "path",
    [
        "../x.gguf",
        "/etc/x.gguf",
        "a//b.gguf",
        "C:/x.gguf",
        "a\\..\\b.gguf",
        "nul.gguf",
        "x.gguf.",
        "",
    ],
)
def test_names_that_lead_astray_are_refused(hub: HubServer, tmp_path: Path, path: str) -> None:
    request = DownloadRequest("a/b", "0" * 40, (FileRequest(path, 4, "0" * 64),))
    with pytest.raises(KnownError, match="cannot be stored"):
        download(request, Target("folder", tmp_path), HubAccess(lambda: hub.endpoint))


def test_the_limits_change_while_it_runs(
    hub: HubServer, tmp_path: Path, clock: HeldClock, request_: DownloadRequest
) -> None:
    _hold(hub)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        rig.manager.add(request_, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 1 * MIB)
        before = len(hub.requests_to("cdn", SHARDS[1]))
        rig.manager.set_limits(50 * MIB, 4)
        rig.seen.wait_for(lambda s: s.done_bytes >= SIZE + 4 * MIB)
        assert len(hub.requests_to("cdn", SHARDS[1])) > before
    assert any(0 < seconds <= 1 for seconds in clock.slept)
