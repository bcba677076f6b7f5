"""The queue as the window sees it: a snapshot on the GUI thread, however many events there are."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.core.tasks import TaskRunner
from app.downloads.types import (
    ENDED,
    DownloadRequest,
    Event,
    JobState,
    JobStatus,
    Target,
)


class Queue(Protocol):
    """What the window needs of the download manager. Commands return at once."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]: ...

    def take_up(self) -> bool: ...

    def jobs(self) -> tuple[JobStatus, ...]: ...

    def add(self, request: DownloadRequest, target: Target) -> str: ...

    def pause(self, job_id: str) -> None: ...

    def resume(self, job_id: str) -> None: ...

    def cancel(self, job_id: str) -> None: ...

    def remove(self, job_id: str) -> None: ...

    def move(self, job_id: str, position: int) -> None: ...

    def accept_change(self, job_id: str) -> None: ...

    def set_limits(self, bytes_per_second: int | None, connections: int) -> None: ...


@dataclass(frozen=True)
class Change:
    """A job as it was (None: new) and as it is (None: gone)."""

    before: JobStatus | None
    now: JobStatus | None


Listener = Callable[[tuple[Change, ...]], None]
"""Called on the GUI thread with what differs from the last call; () when only the order does."""


class DownloadBoard:
    """For the GUI thread. Listeners see each change of state but not each step of progress."""

    def __init__(self, queue: Queue, tasks: TaskRunner) -> None:
        self.queue = queue
        self.jobs: tuple[JobStatus, ...] = ()
        self._tasks = tasks
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()
        self._posted = False
        self._unsubscribe = queue.subscribe(self._on_event)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Returns what ends it."""

        def stop() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        self._listeners = (*self._listeners, listener)
        return stop

    def close(self) -> None:
        self._unsubscribe()
        self._listeners = ()

    def job(self, job_id: str) -> JobStatus | None:
        return next((job for job in self.jobs if job.job_id == job_id), None)

    def find(self, request: DownloadRequest) -> JobStatus | None:
        """The job that gets these files already, wherever to."""
        wanted = {file.path for file in request.files}
        for job in self.jobs:
            have = {file.path for file in job.request.files}
            if job.request.repo == request.repo and have == wanted:
                return job
        return None

    @property
    def going_on(self) -> tuple[JobStatus, ...]:
        """Jobs that the queue works on or will work on by itself."""
        return tuple(job for job in self.jobs if job.state not in ENDED)

    def pause_all(self) -> None:
        """The running one last, so that none takes its place."""
        for job in reversed(self.going_on):
            self.queue.pause(job.job_id)

    def resume_all(self) -> None:
        for job in self.jobs:
            if job.state is JobState.PAUSED:
                self.queue.resume(job.job_id)

    def clear_finished(self) -> None:
        """Off the list; the files stay."""
        for job in self.jobs:
            if job.state is JobState.DONE:
                self.queue.remove(job.job_id)

    def _on_event(self, _: Event) -> None:
        """On the downloads thread: what has changed is in the queue's snapshot."""
        with self._lock:
            if self._posted:
                return
            self._posted = True
        self._tasks.post(self._take)

    def _take(self) -> None:
        with self._lock:
            self._posted = False
        before = {job.job_id: job for job in self.jobs}
        self.jobs = self.queue.jobs()
        changes = [
            Change(before.pop(job.job_id, None), job)
            for job in self.jobs
            if before.get(job.job_id) != job
        ]
        here = {job.job_id for job in self.jobs}
        changes += [Change(job, None) for key, job in before.items() if key not in here]
        for listener in self._listeners:
            listener(tuple(changes))
