"""Downloads wait while their files are moved."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.types import ENDED, Event, JobStatus, Target

_PAUSE_SECONDS = 30.0


class Queue(Protocol):
    """What is needed of the downloads."""

    def jobs(self) -> tuple[JobStatus, ...]: ...

    def pause(self, job_id: str) -> None: ...

    def resume(self, job_id: str) -> None: ...

    def relocate(
        self, old: Target, new: Target, job_ids: Collection[str] | None = None
    ) -> None: ...

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]: ...


@contextlib.contextmanager
def downloads_paused(
    queue: Queue,
    job_ids: Collection[str],
    cancel: CancelToken,
    stay_paused: Callable[[], Collection[str]],
) -> Iterator[None]:
    """Those of these that run or wait; afterwards they go on, but for what `stay_paused` then
    says. Raises Cancelled, KnownError when they do not stop."""
    paused = [job for job in queue.jobs() if job.job_id in job_ids and job.state not in ENDED]
    try:
        # The running one last, so that none takes its place.
        for job in reversed(paused):
            queue.pause(job.job_id)
        _wait_until_paused(queue, {job.job_id for job in paused}, cancel)
        yield
    finally:
        for job in paused:
            if job.job_id not in stay_paused():
                with contextlib.suppress(RuntimeError):  # the program is being closed
                    queue.resume(job.job_id)


def _wait_until_paused(queue: Queue, job_ids: Collection[str], cancel: CancelToken) -> None:
    if not job_ids:
        return
    seen = threading.Event()
    end = queue.subscribe(lambda _: seen.set())
    cancel.on_cancel(seen.set)
    deadline = time.monotonic() + _PAUSE_SECONDS
    try:
        while any(job.job_id in job_ids and job.state not in ENDED for job in queue.jobs()):
            cancel.raise_if_cancelled()
            if not seen.wait(deadline - time.monotonic()):
                raise KnownError(
                    tr("The downloads do not stop."), "", tr("Pause them, then move the models.")
                )
            seen.clear()
    finally:
        end()
