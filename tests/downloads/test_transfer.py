"""What holds at every moment of a transfer, and what a restart believes."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.downloads import hashing
from app.downloads.clock import RealClock
from app.downloads.fetch import Fetcher
from app.downloads.journal import Journal, Picture
from app.downloads.limits import Limits
from app.downloads.part_file import PartFile
from app.downloads.ranges import RangeSet
from app.downloads.speed import SpeedMeter
from app.downloads.storage import PART_SUFFIX
from app.downloads.transfer import AHEAD_BYTES, FileTransfer
from app.downloads.types import MIB, JobState
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer
from tests.hub.content import PatternContent
from tests.hub.server import HubServer, hub_environment

# Large enough that a download is far from its end when a test stops it in the middle.
SIZE = 240 * MIB + 17


def test_no_connection_is_more_than_four_mebibytes_ahead_of_the_journal(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead: list[int] = []
    stored = FileTransfer.stored

    def watched(
        self: FileTransfer, fetcher: Fetcher, offset: int, count: int, buffer: bytearray
    ) -> None:
        ahead.append(fetcher.received_bytes - fetcher.journaled_bytes)
        stored(self, fetcher, offset, count, buffer)

    monkeypatch.setattr(FileTransfer, "stored", watched)
    with Rig(hub, tmp_path) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE)})))
    assert AHEAD_BYTES == 4 * MIB
    assert MIB <= max(ahead) <= AHEAD_BYTES


def test_the_journal_claims_only_what_was_synced(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = threading.Lock()
    written, durable = RangeSet(), RangeSet()
    claims: list[bool] = []
    write_at, sync, append = PartFile.write_at, PartFile.sync, Journal.append

    def writing(self: PartFile, offset: int, data: memoryview) -> None:
        write_at(self, offset, data)
        with lock:
            written.add(offset, offset + len(data))

    def syncing(self: PartFile) -> None:
        with lock:
            before = written.copy()
        sync(self)
        for start, end in before:
            durable.add(start, end)

    def appending(self: Journal, picture: Picture) -> None:
        hashed = picture.hash_state.length if picture.hash_state else 0
        ranges = [*picture.ranges, (0, hashed)]
        claims.append(all(durable.covers(start, end) for start, end in ranges))
        append(self, picture)

    monkeypatch.setattr(PartFile, "write_at", writing)
    monkeypatch.setattr(PartFile, "sync", syncing)
    monkeypatch.setattr(Journal, "append", appending)
    with Rig(hub, tmp_path) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE)})))
    assert len(claims) > 2
    assert all(claims)


def _half(hub: HubServer, folder: Path, clock: HeldClock) -> Path:
    """A download that was stopped in the middle; its partial file."""
    request = offer(hub, {"m.gguf": PatternContent(SIZE, 3)})
    partial = folder / f"m.gguf{PART_SUFFIX}"
    for _ in range(20):
        with Rig(hub, folder, clock=clock, connections=2) as rig:
            rig.manager.add(request, rig.target)
            rig.seen.wait_for(lambda s: s.verified_bytes >= 10 * MIB)
        if partial.exists():
            return partial
        # It was at its end before it could be stopped.
        for file in folder.glob("m.gguf*"):
            file.unlink()
    raise AssertionError("no download could be stopped in the middle")


def test_bytes_in_order_are_not_read_twice_after_a_restart(
    hub: HubServer, tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _half(hub, tmp_path, clock)
    lowest: list[int] = []
    read_at = PartFile.read_at

    def reading(self: PartFile, offset: int, into: memoryview) -> int:
        lowest.append(offset)
        return read_at(self, offset, into)

    monkeypatch.setattr(PartFile, "read_at", reading)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE, 3)})))
    assert min(lowest) >= 10 * MIB


def test_without_a_hash_state_the_bytes_are_read_again_with_progress(
    hub: HubServer, tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _half(hub, tmp_path, clock)
    monkeypatch.setattr(hashing, "_library", lambda: None)
    sent = hub.sent_bytes
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE, 3)})))
        first = next(s for s in rig.seen.statuses() if s.state is JobState.RUNNING)
    assert first.verified_bytes == 0
    assert first.done_bytes >= 10 * MIB
    assert hub.sent_bytes - sent < SIZE - 8 * MIB


def test_bytes_that_the_disk_lost_are_fetched_again(
    hub: HubServer, tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = _half(hub, tmp_path, clock)
    with part.open("r+b") as file:
        file.seek(5 * MIB)
        file.write(b"not what came")
    monkeypatch.setattr(hashing, "_library", lambda: None)
    with Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE, 3)})))


def test_a_damaged_journal_costs_a_second_look_and_not_the_bytes(
    hub: HubServer, tmp_path: Path, clock: HeldClock
) -> None:
    part = _half(hub, tmp_path, clock)
    journal = part.with_name(part.name + ".journal")
    data = bytearray(journal.read_bytes())
    data[-20] ^= 1
    journal.write_bytes(data)
    sent = hub.sent_bytes
    with Rig(hub, tmp_path, clock=clock, connections=1) as rig:
        assert_whole(rig.get(offer(hub, {"m.gguf": PatternContent(SIZE, 3)})))
    assert hub.sent_bytes - sent <= SIZE


def test_memory_stays_low(hub: HubServer, tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("measured through getrusage")
    request = offer(hub, {"m.gguf": PatternContent(150_000_000)})
    file = request.files[0]
    script = f"""
import resource, sys
from pathlib import Path
from app.core.hub_access import HubAccess
from app.downloads.facade import download
from app.downloads.types import *
unit = 1 if sys.platform == "darwin" else 1024
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
before = peak()
file = FileRequest({file.path!r}, {file.size_bytes}, {file.sha256!r})
request = DownloadRequest({request.repo!r}, {request.commit!r}, (file,))
target = Target("folder", Path({str(tmp_path)!r}))
download(request, target, HubAccess(lambda: {hub.endpoint!r}), connections=16)
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=hub_environment(hub),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150_000_000


def test_the_cap_holds_on_average() -> None:
    async def receive(clock: HeldClock) -> float:
        limits = Limits(clock, bytes_per_second=1_000_000)
        started = clock.monotonic()
        for _ in range(100):
            await limits.take(100_000)
        return clock.monotonic() - started

    assert 9.0 <= asyncio.run(receive(HeldClock())) <= 10.5


def test_lifting_the_cap_frees_who_waits() -> None:
    async def lift() -> None:
        limits = Limits(RealClock(), bytes_per_second=1)
        await limits.take(10**9)
        waiting = asyncio.create_task(limits.take(10**9))
        await asyncio.sleep(0)
        assert not waiting.done()
        limits.set(None, 4)
        async with asyncio.timeout(30):
            await waiting

    asyncio.run(lift())


@pytest.mark.parametrize(("rate", "connections"), [(0, 4), (-5, 4), (None, 0), (None, 1000)])
def test_limits_that_make_no_sense(rate: int | None, connections: int) -> None:
    with pytest.raises(ValueError, match=r"cap|connections"):
        Limits(HeldClock(), rate, connections)


def test_speed_is_that_of_the_last_seconds() -> None:
    meter = SpeedMeter(window_seconds=8)
    assert meter.bytes_per_second is None
    for second in range(20):
        meter.sample(second, second * 100 if second < 10 else 1000 + (second - 10) * 500)
    assert meter.bytes_per_second == pytest.approx(500)
    assert meter.seconds_left(5000) == pytest.approx(10)
    meter.sample(21, 0)
    assert meter.bytes_per_second is None
