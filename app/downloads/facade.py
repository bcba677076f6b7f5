"""One download, waited for: for the command line and for scripts."""

import threading
from collections.abc import Callable

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr
from app.downloads.limits import DEFAULT_CONNECTIONS
from app.downloads.manager import DownloadManager
from app.downloads.types import (
    ENDED,
    DownloadRequest,
    Event,
    FileChange,
    JobState,
    JobStatus,
    JobUpdate,
    Target,
)

_LOOK_SECONDS = 0.5


def download(
    request: DownloadRequest,
    target: Target,
    hub: HubAccess,
    *,
    on_progress: Callable[[JobStatus], None] = lambda _: None,
    cancel: CancelToken | None = None,
    connections: int = DEFAULT_CONNECTIONS,
    bytes_per_second: int | None = None,
    on_change: Callable[[FileChange], bool] = lambda _: False,
) -> JobStatus:
    """Blocks until the set is whole; goes on where any earlier try, of window or terminal, stopped.

    on_progress is called on another thread, some times per second. on_change: another version is
    there; True drops what came of the old one. A full disk or a missing network is waited for.
    Raises KnownError; Cancelled, which keeps what has come.
    """
    ended = threading.Event()
    last: list[JobStatus] = []

    def on_event(event: Event) -> None:
        if isinstance(event, JobUpdate):
            last[:] = [event.status]
            on_progress(event.status)
            if event.status.state in ENDED:
                ended.set()

    token = cancel or CancelToken()
    token.on_cancel(ended.set)
    token.raise_if_cancelled()
    manager = DownloadManager(
        hub, on_event, connections=connections, bytes_per_second=bytes_per_second
    )
    manager.start()
    try:
        job_id = manager.add(request, target)
        while True:
            while not ended.wait(_LOOK_SECONDS):  # a plain wait would not see Ctrl+C on Windows
                pass
            change = last[0].change if last else None
            if token.cancelled or change is None or not on_change(change):
                break
            ended.clear()
            manager.accept_change(job_id)
    finally:
        manager.close()
    status = last[0]
    if status.state is JobState.DONE:
        return status
    if token.cancelled:
        raise Cancelled
    if status.error is not None:
        raise status.error
    raise KnownError(
        tr(
            "There is another version of {path}.",
            path=status.change.path if status.change else request.title,
        ),
        tr("What was begun is not a part of it, and is kept."),
        tr("Start the download anew to have the other version, or choose another folder."),
    )
