"""Waiting for disks that may never answer, without waiting twice."""

import threading
from collections.abc import Callable
from typing import TypeVar

from app.core.cancel import CancelToken
from app.core.tasks import TimedOut, run_bounded
from app.library.types import Source

T = TypeVar("T")


class Patience:
    """While work on a place is still stuck, nothing more is sent after it: a mount that hangs holds
    one thread and one time-out, however often the list is looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stuck: dict[Source, threading.Event] = {}

    def run(
        self,
        source: Source,
        work: Callable[[CancelToken], T],
        cancel: CancelToken,
        timeout_seconds: float,
    ) -> T:
        """Raises TimedOut, at once when an earlier one has not come back; Cancelled; what the work
        raised."""
        with self._lock:
            before = self._stuck.get(source)
            if before is not None and not before.is_set():
                raise TimedOut
            self._stuck.pop(source, None)
        ended = threading.Event()

        def body(token: CancelToken) -> T:
            try:
                return work(token)
            finally:
                ended.set()

        try:
            return run_bounded(body, cancel, timeout_seconds)
        except TimedOut:
            with self._lock:
                self._stuck[source] = ended
            raise
