"""Cancellation that any thread can ask for and a long operation looks at."""

import threading
from collections.abc import Callable

from app.core.errors import Cancelled


class CancelToken:
    """Set once, from any thread. Callbacks run on the thread that calls `cancel`."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def cancel(self) -> None:
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> None:
        """Run `callback` when cancelled; at once if that has happened already."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled."""
        if self.cancelled:
            raise Cancelled

    def wait(self, timeout_seconds: float) -> bool:
        """True as soon as cancelled, False when the time is up."""
        return self._event.wait(timeout_seconds)
