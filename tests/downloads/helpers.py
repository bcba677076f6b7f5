"""A manager on the local Hub, with a clock that the test owns."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from app.core.hub_access import HubAccess
from app.downloads.fetch import STALL_SECONDS
from app.downloads.manager import DownloadManager
from app.downloads.storage import PART_SUFFIX
from app.downloads.types import (
    ENDED,
    DownloadRequest,
    Event,
    FileRequest,
    JobState,
    JobStatus,
    JobUpdate,
    Target,
)
from tests.hub.content import Content
from tests.hub.server import HubServer

REPO = "maker/GLM-GGUF"
TIMEOUT_SECONDS = 60.0


class HeldClock:
    """Waits pass at once and are noted in `slept`; the watchdog's wait only when the test says."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._now = 1000.0
        self._held: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds == STALL_SECONDS:
            event = asyncio.Event()
            with self._lock:
                self._held.append((asyncio.get_running_loop(), event))
            await event.wait()
        else:
            self.slept.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)

    def pass_stall_time(self) -> None:
        """Every watchdog looks now; from any thread."""
        with self._lock:
            held, self._held = self._held, []
        for loop, event in held:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


class Watcher:
    """Collects events and waits for what a test wants to see."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._condition = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._condition:
            self.events.append(event)
            self._condition.notify_all()

    def statuses(self, job_id: str = "") -> list[JobStatus]:
        updates = [e.status for e in self.events if isinstance(e, JobUpdate)]
        return [s for s in updates if job_id in ("", s.job_id)]

    def wait_for(
        self, wanted: Callable[[JobStatus], bool], timeout_seconds: float = TIMEOUT_SECONDS
    ) -> JobStatus:
        """The first status, past or to come, that fits."""
        found: list[JobStatus] = []

        def look() -> bool:
            found[:] = [s for s in self.statuses() if wanted(s)][:1]
            return bool(found)

        with self._condition:
            if not self._condition.wait_for(look, timeout_seconds):
                seen = [(s.state.value, s.reason, str(s.error or "")) for s in self.statuses()]
                raise AssertionError(f"never seen; the last ones were {seen[-5:]}")
        return found[0]

    def wait_for_end(self, job_id: str = "", after: int = 0) -> JobStatus:
        """after: how many events to leave out of sight."""

        def look() -> list[JobStatus]:
            updates = [e.status for e in self.events[after:] if isinstance(e, JobUpdate)]
            return [s for s in updates if s.state in ENDED and job_id in ("", s.job_id)]

        with self._condition:
            assert self._condition.wait_for(lambda: bool(look()), TIMEOUT_SECONDS), (
                self.statuses()[-1:],
            )
            return look()[0]

    def forget(self) -> None:
        with self._condition:
            self.events.clear()


class Rig:
    """A context manager around a DownloadManager that talks to the hub."""

    def __init__(self, hub: HubServer, folder: Path, **options: Any) -> None:
        self.hub = hub
        self.folder = folder
        self.seen = Watcher()
        token = options.pop("token", None)
        endpoint = options.pop("endpoint", lambda: hub.endpoint)
        access = HubAccess(endpoint, lambda: token)
        self.manager = DownloadManager(access, self.seen, **options)

    def __enter__(self) -> Self:
        self.manager.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.manager.close()

    @property
    def target(self) -> Target:
        return Target("folder", self.folder)

    def get(self, request: DownloadRequest) -> JobStatus:
        """Add it and wait for its end."""
        job_id = self.manager.add(request, self.target)
        return self.seen.wait_for_end(job_id)


def offer(hub: HubServer, files: Mapping[str, Content]) -> DownloadRequest:
    """Put the files on the hub; the request for them."""
    repo = hub.world.add(REPO, files)
    wanted = tuple(FileRequest(p, c.size, c.sha256) for p, c in files.items())
    return DownloadRequest(REPO, repo.head, wanted, title="GLM", ref="main")


def assert_whole(status: JobStatus) -> None:
    """Done, right hashes under the final names, nothing partial left."""
    assert status.state is JobState.DONE, (status.state, status.error, status.reason)
    for file, wanted in zip(status.files, status.request.files, strict=True):
        assert file.location is not None
        assert hashlib.sha256(file.location.read_bytes()).hexdigest() == wanted.sha256
    assert partials(status.target.folder) == []


def partials(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if PART_SUFFIX in path.name)
