"""What is promised beyond the happy path, one sentence of the promise per test."""

import asyncio
import errno
import json
import time
import zlib
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.downloads import staff
from app.downloads.facade import download
from app.downloads.fetch import STALL_SECONDS
from app.downloads.journal import Identity, Journal, Picture
from app.downloads.limits import Limits
from app.downloads.ranges import RangeSet
from app.downloads.restore import open_partial
from app.downloads.storage import PART_SUFFIX, place_of
from app.downloads.types import MIB, DownloadRequest, FileChange, FileRequest, JobState, Target
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer
from tests.downloads.relay import ConnectProxy
from tests.hub.content import BytesContent, PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

SIZE = 20 * MIB + 7
PATH = "m.gguf"


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    return offer(hub, {PATH: PatternContent(SIZE, 4)})


def _hold(hub: HubServer, folder: Path, request: DownloadRequest, clock: HeldClock) -> Path:
    """A download that was left after at least 4 MiB; its partial file."""
    hub.misbehave(PATH, Fault(stall_after=5 * MIB), times=None)
    with Rig(hub, folder, clock=clock, connections=1) as rig:
        rig.manager.add(request, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= 4 * MIB)
    hub.faults.clear()
    return folder / f"{PATH}{PART_SUFFIX}"


def test_a_network_that_goes_and_comes_back(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    """For a while the Hub cannot be reached and every connection breaks."""
    gone = 12

    def endpoint() -> str:
        nonlocal gone
        gone -= 1
        return "http://127.0.0.1:9" if gone > 0 else hub.endpoint

    hub.misbehave(PATH, Fault(reset_after=200_000), times=3)
    with Rig(hub, tmp_path, clock=clock, connections=1, endpoint=endpoint) as rig:
        assert_whole(rig.get(request_))
    assert gone <= 0


def test_a_proxy_that_changes_meanwhile(
    hub: HubServer,
    tmp_path: Path,
    request_: DownloadRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The old proxy is gone: the next try uses the one that the machine names then."""
    with ConnectProxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n") as broken:
        monkeypatch.setenv("http_proxy", f"http://{broken.address}")

        class ChangingClock(HeldClock):
            async def sleep(self, seconds: float) -> None:
                if seconds != STALL_SECONDS:
                    monkeypatch.delenv("http_proxy", raising=False)
                await super().sleep(seconds)

        with Rig(hub, tmp_path, clock=ChangingClock(), connections=2) as rig:
            assert_whole(rig.get(request_))
    assert broken.asked


def test_a_clock_that_jumps_does_not_open_the_cap() -> None:
    """After a night asleep no more than the usual burst is let through."""
    clock = HeldClock()

    async def receive() -> float:
        limits = Limits(clock, bytes_per_second=1_000_000)
        await limits.take(1_000)
        clock._now += 8 * 3600
        started = clock.monotonic()
        for _ in range(30):
            await limits.take(100_000)
        return clock.monotonic() - started

    assert asyncio.run(receive()) >= 2.0


def test_a_journal_of_the_first_version_is_understood(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    """An update of the program must not lose what an older one has brought: these are its lines."""
    data = PatternContent(SIZE, 4).read(0, 12 * MIB)
    (tmp_path / f"{PATH}{PART_SUFFIX}").write_bytes(data)
    file = request_.files[0]
    header = {
        "version": 1,
        "repo": request_.repo,
        "path": PATH,
        "size": SIZE,
        "sha256": file.sha256,
        "commit": request_.commit,
    }
    lines = b""
    for value in (header, {"ranges": [[0, 12 * MIB]], "hash": None}):
        text = json.dumps(value, separators=(",", ":")).encode()
        lines += b"%08x %s\n" % (zlib.crc32(text), text)
    (tmp_path / f"{PATH}{PART_SUFFIX}.journal").write_bytes(lines)
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        assert_whole(rig.get(request_))
    assert hub.sent_bytes == SIZE - 12 * MIB


def test_a_journal_of_a_newer_version_is_left_alone(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    part = _hold(hub, tmp_path, request_, clock)
    journal = part.with_name(part.name + ".journal")
    first, *rest = journal.read_bytes().splitlines(keepends=True)
    text = first[9:-1].replace(b'"version":1', b'"version":2')
    journal.write_bytes(b"%08x %s\n" % (zlib.crc32(text), text) + b"".join(rest))
    before = journal.read_bytes(), part.read_bytes()
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(request_)
    assert status.error is not None
    assert "newer version of the program" in status.error.what
    assert (journal.read_bytes(), part.read_bytes()) == before


def test_a_part_of_another_version_is_not_dropped_unasked(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    part = _hold(hub, tmp_path, request_, clock)
    before = part.read_bytes()
    new = offer(hub, {PATH: PatternContent(SIZE + 5, 5)})
    target, access = Target("folder", tmp_path), HubAccess(lambda: hub.endpoint)
    with pytest.raises(KnownError, match="another version"):
        download(new, target, access)
    assert part.read_bytes() == before
    asked: list[FileChange] = []

    def agree(change: FileChange) -> bool:
        asked.append(change)
        return True

    assert_whole(download(new, target, access, on_change=agree))
    assert [change.size_bytes for change in asked] == [SIZE + 5]


@pytest.mark.parametrize("lfs", [True, False])
def test_a_preallocated_partial_never_counts_as_complete(
    hub: HubServer, tmp_path: Path, clock: HeldClock, lfs: bool
) -> None:
    """Full length, no bytes, and a journal that cannot be read; with and without a known hash."""
    content = BytesContent(b"{}\n" * 50_000)
    request = offer(hub, {"config.json": content})
    if not lfs:
        repo = hub.world.repos[request.repo]
        files = repo.commits[repo.head]
        files["config.json"] = type(files["config.json"])(content, lfs=False)
        file = FileRequest("config.json", content.size, None)
        request = DownloadRequest(request.repo, request.commit, (file,))
    part = tmp_path / f"config.json{PART_SUFFIX}"
    part.write_bytes(b"")
    with part.open("r+b") as sparse:
        sparse.truncate(content.size)
    part.with_name(part.name + ".journal").write_bytes(b"nonsense\n")
    with Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(request)
    assert status.state is JobState.DONE
    assert (tmp_path / "config.json").read_bytes() == content.read(0, content.size)


def test_a_disk_that_is_full_when_the_journal_is_begun_is_waited_for(
    hub: HubServer,
    tmp_path: Path,
    request_: DownloadRequest,
    clock: HeldClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where a quota ends before the disk does, so that there seems to be room."""
    start, full = Journal.start, [True, True]

    def starting(self: Journal, *arguments: object) -> None:
        if full:
            full.pop()
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        start(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "start", starting)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(request_))
        waited = [s for s in rig.seen.statuses() if s.state is JobState.NO_SPACE]
    assert waited
    assert all(s.needed_bytes > 0 for s in waited)


def test_what_is_done_again_is_explained(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    hub.misbehave(PATH, Fault(corrupt=(5 * MIB + 3,)), times=2)
    with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
        assert_whole(rig.get(request_))
        assert any("fetched again" in s.reason for s in rig.seen.statuses())


def test_gaps_are_filled_from_a_server_that_knows_no_ranges(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, clock: HeldClock
) -> None:
    """What is on the disk is skipped, not written again: its hash may have been taken already."""
    content = PatternContent(SIZE, 4)
    file = request_.files[0]
    place = place_of(request_, file, Target("folder", tmp_path))
    identity = Identity(request_.repo, PATH, SIZE, file.sha256, request_.commit)
    partial = open_partial(place, identity)
    held = RangeSet([(MIB, 3 * MIB), (5 * MIB, 9 * MIB), (11 * MIB, SIZE)])
    for start, end in held:
        partial.file.write_at(start, memoryview(bytearray(content.read(start, end - start))))
    partial.checkpoint(Picture(held))
    partial.close()
    hub.misbehave(PATH, Fault(ignore_range=True), times=None)
    with Rig(hub, tmp_path, clock=clock, connections=3) as rig:
        assert_whole(rig.get(request_))


def test_a_very_fast_line_needs_few_connections(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "RAMP_SECONDS", 3600.0)
    with Rig(hub, tmp_path, connections=8) as rig:
        assert_whole(rig.get(request_))
    assert len(hub.requests_to("cdn", PATH)) <= 4


def test_a_line_that_is_not_gets_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(staff, "RAMP_SECONDS", 0.25)
    crew = staff.Staff()
    assert crew.wanted(8, 0) <= 2
    assert crew.wanted(1, 0) == 1
    now[0] += 1
    assert crew.wanted(8, 900_000_000) <= 2
    now[0] += 1
    assert crew.wanted(8, 900_000_000 + 12_000_000) == 8
    assert crew.look_again_seconds() is None
