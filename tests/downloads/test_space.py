"""Room on the disk: a real small file system, and a set far larger than any disk here."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.catalog.hub import Hub
from app.core.hub_access import HubAccess
from app.downloads.requests import request_for
from app.downloads.storage import PART_SUFFIX
from app.downloads.types import MIB, DownloadRequest, FileRequest, JobState
from app.hardware.recorded import load_machine, shipped_machines
from app.planning.offers import dated_group, remote_offers
from app.planning.plan import make_plan
from app.planning.types import Choice
from tests.downloads.helpers import REPO, HeldClock, Rig, assert_whole, offer
from tests.gguf.glm46 import GLM_46, write_model
from tests.hub.content import Content, FileContent, PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

DISK_BYTES = 24 * MIB


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small file system needs Linux and root")
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class PollClock(HeldClock):
    """Waits for room pass when the test has made some."""

    def __init__(self) -> None:
        super().__init__()
        self.room = threading.Event()

    async def sleep(self, seconds: float) -> None:
        if seconds == 5.0:
            import asyncio

            await asyncio.to_thread(self.room.wait, 0.05)
        await super().sleep(seconds)


def test_the_whole_set_is_checked_before_the_first_byte(hub: HubServer, small_disk: Path) -> None:
    request = offer(hub, {f"m{n}.gguf": PatternContent(10 * MIB, n) for n in range(3)})
    clock = PollClock()
    with Rig(hub, small_disk, clock=clock) as rig:
        job_id = rig.manager.add(request, rig.target)
        status = rig.seen.wait_for(lambda s: s.state is JobState.NO_SPACE)
        assert hub.requests == []
        assert 5 * MIB < status.needed_bytes < 9 * MIB
        rig.manager.cancel(job_id)
        rig.manager.add(
            DownloadRequest(request.repo, request.commit, request.files[:2]), rig.target
        )
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))


def test_a_full_disk_pauses_and_goes_on_when_there_is_room(
    hub: HubServer, small_disk: Path
) -> None:
    request = offer(hub, {"m.gguf": PatternContent(14 * MIB, 1)})
    hub.misbehave("m.gguf", Fault(stall_after=1 * MIB), times=None)
    clock = PollClock()
    # The check before the start is deceived, so that the disk itself says that it is full.
    with Rig(hub, small_disk, clock=clock, connections=1, free=lambda _: 10**12) as rig:
        rig.manager.add(request, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= 512 * 1024)
        other = small_disk / "other program's"
        other.write_bytes(bytes(16 * MIB))
        hub.faults.clear()
        rig.manager.set_limits(None, 4)
        rig.seen.wait_for(lambda s: s.state is JobState.NO_SPACE)
        assert not (small_disk / "m.gguf").exists()
        other.unlink()
        clock.room.set()
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))


def test_another_program_that_fills_the_disk_is_noticed_in_time(
    hub: HubServer, tmp_path: Path
) -> None:
    request = offer(hub, {"m.gguf": PatternContent(40 * MIB, 1)})
    room = [10**12]
    hub.misbehave("m.gguf", Fault(stall_after=2 * MIB), times=None)
    clock = PollClock()
    with Rig(hub, tmp_path, clock=clock, connections=2, free=lambda _: room[0]) as rig:
        rig.manager.add(request, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= 2 * MIB)
        room[0] = 3 * MIB
        hub.faults.clear()
        rig.manager.set_limits(None, 4)
        status = rig.seen.wait_for(lambda s: s.state is JobState.NO_SPACE and s.needed_bytes > 0)
        assert status.needed_bytes > 20 * MIB
        room[0] = 10**12
        clock.room.set()
        assert_whole(rig.seen.wait_for(lambda s: s.state is JobState.DONE))


def _sparse_glm(folder: Path) -> dict[str, Content]:
    """GLM-4.6 as a repository has it, with real headers and holes for weights. The first shard has
    a header only and its true hash; nobody hashes the others."""
    first = write_model(folder, GLM_46, "Q4_K_M", shards=6)
    files: dict[str, Content] = {}
    for number, path in enumerate(sorted(folder.glob("*.gguf"))):
        given = (
            hashlib.sha256(first.read_bytes()).hexdigest() if path == first else f"{number:064x}"
        )
        files[f"Q4_K_M/{path.name}"] = FileContent(path, given)
    return files


def test_a_sparse_two_hundred_gigabyte_set(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing, plan, space check, partial files and journals at full size, without that disk."""
    gb = 10**9
    (tmp_path / "source").mkdir()
    offer(hub, _sparse_glm(tmp_path / "source"))
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    catalog = Hub(HubAccess(lambda: hub.endpoint))
    (offered,) = remote_offers(REPO, hub=catalog).offers
    plan = make_plan(offered.candidate.shape, load_machine(shipped_machines()[0]), Choice())
    assert plan.verdict
    (quantization,) = dated_group(catalog, catalog.repository(REPO))
    request = request_for(REPO, quantization.files, quantization.name)
    assert request.size_bytes == offered.candidate.size_bytes > 200 * gb
    folder = tmp_path / "models"
    free = [150 * gb]
    clock = PollClock()
    with Rig(hub, folder, clock=clock, connections=2, free=lambda _: free[0]) as rig:
        job_id = rig.manager.add(request, rig.target)
        short = rig.seen.wait_for(lambda s: s.state is JobState.NO_SPACE)
        missing = request.size_bytes - 150 * gb
        assert missing < short.needed_bytes < missing + gb
        free[0] = 400 * gb
        clock.room.set()
        rig.seen.wait_for(lambda s: s.done_bytes > 30 * MIB)
        rig.manager.pause(job_id)
        paused = rig.seen.wait_for(lambda s: s.state is JobState.PAUSED)
    assert paused.percent < 1
    assert paused.files[0].location is not None
    parts = [p for p in folder.rglob("*") if p.name.endswith(PART_SUFFIX)]
    assert 0 < sum(p.stat().st_size for p in parts) < 5 * gb
    with Rig(hub, folder, connections=2, free=lambda _: 400 * gb) as rig:
        rig.manager.add(request, rig.target)
        again = rig.seen.wait_for(lambda s: s.state is JobState.RUNNING and s.done_bytes > 0)
        assert again.done_bytes >= paused.done_bytes


def test_a_folder_that_cannot_be_written_says_so(hub: HubServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    request = DownloadRequest("a/b", "0" * 40, (FileRequest("m.gguf", 4, "0" * 64),))
    with Rig(hub, tmp_path / "file") as rig:
        status = rig.get(request)
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert "cannot be used" in status.error.what
