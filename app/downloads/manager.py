"""The queue: one asyncio thread that owns all downloads; commands go in, events come out."""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr
from app.downloads.clock import Clock, RealClock
from app.downloads.disk import DiskThreads
from app.downloads.job import Job, Workshop
from app.downloads.limits import DEFAULT_CONNECTIONS, MAX_CONNECTIONS, Limits, check_limits
from app.downloads.queue_file import QueueKeeper, SavedJob, has_jobs
from app.downloads.space import FreeBytes
from app.downloads.storage import free_bytes
from app.downloads.transfer import Tools
from app.downloads.types import (
    ENDED,
    DownloadRequest,
    Event,
    JobRemoved,
    JobState,
    JobStatus,
    JobUpdate,
    QueueOrder,
    Target,
)

Listener = Callable[[Event], None]
Command = Callable[[], Coroutine[Any, Any, None]]

_TICK_SECONDS = 0.25
_SPARE_THREADS = 4  # for asking the Hub and looking up names
_log = logging.getLogger(__name__)


class DownloadManager:
    """Commands may come from any thread and return at once; events are delivered on the downloads
    thread. One job runs at a time, the first that may.

    The thread starts with the first command and sleeps while no job runs. queue_file: where the
    queue is kept over restarts, None for nowhere; it is read when the thread starts. `close` has
    to be called and leaves partial files for the next time.
    """

    def __init__(
        self,
        hub: HubAccess,
        on_event: Listener | None = None,
        *,
        queue_file: Path | None = None,
        connections: int = DEFAULT_CONNECTIONS,
        bytes_per_second: int | None = None,
        clock: Clock | None = None,
        free: FreeBytes = free_bytes,
    ) -> None:
        self._hub = hub
        self._listeners: tuple[Listener, ...] = () if on_event is None else (on_event,)
        self._queue_file = queue_file
        self._keeper = QueueKeeper(queue_file)
        self._connections = connections
        self._bytes_per_second = bytes_per_second
        self._clock = clock or RealClock()
        self._free = free
        self._jobs: dict[str, Job] = {}
        self._running: asyncio.Task[None] | None = None
        self._running_id = ""
        self._shop: Workshop
        self._loop: asyncio.AbstractEventLoop
        self._commands: asyncio.Queue[Command | None]
        self._ready = threading.Event()
        self._taken_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="downloads")
        self._lifecycle = threading.Lock()
        self._closed = False
        self._lock = threading.Lock()
        self._snapshot: tuple[JobStatus, ...] = ()

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Have every later event delivered to `callback`, on the downloads thread; returns what
        ends that. From any thread."""

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not callback)

        with self._lock:
            self._listeners = (*self._listeners, callback)
        return unsubscribe

    def start(self) -> None:
        """Takes up the queue and returns when it is there, so not for a GUI thread; later calls do
        nothing. Raises RuntimeError when closed."""
        self._launch()
        self._taken_up.wait()

    def _launch(self) -> None:
        with self._lifecycle:
            if self._closed:
                raise RuntimeError("the download manager is closed")
            if self._thread.ident is None:
                self._thread.start()
                self._ready.wait()

    def take_up(self) -> bool:
        """Starts when an earlier run of the program has left jobs; True when it has. Reads a file.

        For the start of the window: without such jobs there will be no thread.
        """
        waiting = self._queue_file is not None and has_jobs(self._queue_file)
        if waiting:
            self.start()
        return waiting

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Stops what runs and waits for it; True when it ended in time. What has come is in the
        journals."""
        with self._lifecycle:
            was_open, self._closed = not self._closed, True
            if self._thread.ident is None:
                return True
            if was_open and self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._commands.put_nowait, None)
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def jobs(self) -> tuple[JobStatus, ...]:
        """As of the last event, first to last."""
        with self._lock:
            return self._snapshot

    def add(self, request: DownloadRequest, target: Target) -> str:
        """The new job's id."""
        job_id = uuid.uuid4().hex[:12]
        self._command(lambda: self._add(job_id, request, target))
        return job_id

    def pause(self, job_id: str) -> None:
        self._command(lambda: self._stop_job(job_id, JobState.PAUSED))

    def resume(self, job_id: str) -> None:
        """Also takes up what failed (retry)."""
        self._command(lambda: self._resume(job_id))

    retry = resume

    def cancel(self, job_id: str) -> None:
        """Removes the job and what is partial; shards that are complete stay."""
        self._command(lambda: self._cancel(job_id))

    def remove(self, job_id: str) -> None:
        """Takes a job that has ended off the list; partial files stay for another time."""
        self._command(lambda: self._remove(job_id))

    def move(self, job_id: str, position: int) -> None:
        """0 is the front. A job moved before the running one takes its place."""
        self._command(lambda: self._move(job_id, position))

    def accept_change(self, job_id: str) -> None:
        """The answer to CHANGED: drop what came of the old file and take the new one."""
        self._command(lambda: self._accept(job_id))

    def relocate(self, old: Target, new: Target, job_ids: Collection[str] | None = None) -> None:
        """Jobs that went to the old place (only these, when given) go to the new one, after
        `move_sets` has moved what they had."""
        self._command(lambda: self._relocate(old, new, job_ids))

    def set_limits(self, bytes_per_second: int | None, connections: int) -> None:
        """Takes effect at once, on running transfers too. Raises ValueError when they make no
        sense."""
        check_limits(bytes_per_second, connections)
        with self._lifecycle:
            self._bytes_per_second, self._connections = bytes_per_second, connections
            if self._thread.ident is None or self._closed:
                return
        self._command(self._set_limits)

    def _command(self, work: Command) -> None:
        self._launch()
        self._loop.call_soon_threadsafe(self._commands.put_nowait, work)

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._commands = asyncio.get_running_loop(), asyncio.Queue()
        # Each connection that receives is one thread that waits for its socket.
        self._loop.set_default_executor(
            ThreadPoolExecutor(MAX_CONNECTIONS + _SPARE_THREADS, "downloads-line")
        )
        disk = DiskThreads()
        limits = Limits(self._clock, self._bytes_per_second, self._connections)
        self._shop = Workshop(self._hub, Tools(limits, self._clock, disk), self._free)
        try:
            self._ready.set()
            self._take_up()
            self._taken_up.set()
            await self._schedule()
            while (work := await self._commands.get()) is not None:
                try:
                    await work()
                except OSError:
                    _log.exception("A download command failed")
                await self._schedule()
            await self._halt()
        finally:
            self._ready.set()
            self._taken_up.set()
            disk.close()
            self._keeper.close()

    def _take_up(self) -> None:
        for old in self._keeper.take():
            job = Job(old.job_id, old.request, old.target, self._shop, self._changed)
            # What has changed is found out again, and asked about again.
            stays = old.state in (JobState.PAUSED, JobState.FAILED)
            job.restore(old.state if stays else JobState.QUEUED, old.error)
            self._jobs[old.job_id] = job
            try:
                job.look()
            except (KnownError, OSError):
                _log.info("What %s has on disk is not known yet", old.job_id, exc_info=True)
        for job in self._jobs.values():
            self._tell(JobUpdate(job.status()))

    async def _tick(self, job: Job) -> None:
        """Tells how a job moves on; runs beside it and at no other time."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            if job.state is JobState.NO_SPACE:
                continue  # it tells by itself when something changes
            job.sample()
            self._tell(JobUpdate(job.status()))

    def _tell(self, event: Event) -> None:
        with self._lock:
            self._snapshot = tuple(job.status() for job in self._jobs.values())
            listeners = self._listeners
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a mistake of who looks on must not stop a download
                _log.exception("A listener of the downloads failed")

    def _changed(self, job: Job) -> None:
        if job.job_id in self._jobs:
            self._tell(JobUpdate(job.status()))
            self._save()

    def _save(self) -> None:
        kept = [
            SavedJob(job.job_id, job.request, job.target, job.state, job.error)
            for job in self._jobs.values()
            if job.state is not JobState.DONE
        ]
        self._keeper.save(kept)

    async def _schedule(self) -> None:
        """Let the first job run that may, and no other."""
        waiting = [job for job in self._jobs.values() if job.state not in ENDED]
        first = waiting[0] if waiting else None
        if self._running is not None:
            if first is not None and first.job_id == self._running_id:
                return
            await self._halt()
        if first is not None:
            self._running_id = first.job_id
            self._running = asyncio.create_task(self._run_job(first))

    async def _run_job(self, job: Job) -> None:
        ticking = asyncio.create_task(self._tick(job))
        try:
            await job.run()
        except Exception as error:  # noqa: BLE001 - a bug in one job must not stop the others
            _log.exception("A download failed unexpectedly")
            job.fail(_bug(error))
        finally:
            ticking.cancel()
        self._running = None
        self._running_id = ""
        self._commands.put_nowait(_nothing)  # the next may start

    async def _halt(self) -> None:
        """Stop the running job; it is queued again unless its state says otherwise."""
        running, job = self._running, self._jobs.get(self._running_id)
        self._running, self._running_id = None, ""
        if running is None:
            return
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled() and (error := running.exception()) is not None:
            raise error
        if job is not None and job.state not in ENDED:
            job.set_state(JobState.QUEUED)

    async def _add(self, job_id: str, request: DownloadRequest, target: Target) -> None:
        job = Job(job_id, request, target, self._shop, self._changed)
        self._jobs[job_id] = job
        self._changed(job)
        self._tell_order()

    async def _stop_job(self, job_id: str, state: JobState) -> None:
        job = self._jobs.get(job_id)
        if job is None or job.state in ENDED:
            return
        if self._running_id == job_id:
            await self._halt()
        if job.state not in ENDED:
            job.set_state(state)

    async def _resume(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.state in (JobState.PAUSED, JobState.FAILED, JobState.CHANGED):
            job.requeue()

    async def _accept(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is not None and job.change is not None:
            job.accept_change()

    async def _cancel(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is None:
            return
        await self._stop_job(job_id, JobState.PAUSED)
        await self._remove(job_id)
        try:
            job.discard_partials()
        except KnownError:
            _log.info("A job with unusable names had nothing on disk")

    async def _remove(self, job_id: str) -> None:
        job = self._jobs.get(job_id)
        if job is None or job.state not in ENDED:
            return
        del self._jobs[job_id]
        self._save()
        self._tell(JobRemoved(job_id))
        self._tell_order()

    async def _move(self, job_id: str, position: int) -> None:
        if job_id not in self._jobs:
            return
        order = [key for key in self._jobs if key != job_id]
        order.insert(max(0, position), job_id)
        self._jobs = {key: self._jobs[key] for key in order}
        self._save()
        self._tell_order()

    async def _relocate(self, old: Target, new: Target, job_ids: Collection[str] | None) -> None:
        meant = [
            job
            for job in self._jobs.values()
            if job.target == old and (job_ids is None or job.job_id in job_ids)
        ]
        if any(job.job_id == self._running_id for job in meant):
            await self._halt()
        for job in meant:
            job.go_to(new)

    async def _set_limits(self) -> None:
        self._shop.tools.limits.set(self._bytes_per_second, self._connections)

    def _tell_order(self) -> None:
        self._tell(QueueOrder(tuple(self._jobs)))


async def _nothing() -> None:
    pass


def _bug(error: Exception) -> KnownError:
    return KnownError(
        tr("The download stopped because of an error in the program."),
        "",
        tr("Try again; if it happens again, report it with the log."),
        repr(error),
    )
