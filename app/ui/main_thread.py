"""The one way back to the GUI thread: closures in a locked list, drained by one Qt signal."""

import threading
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

# Longest stretch of closures before input gets its turn.
_DRAIN_SECONDS = 0.008


class MainThread(QObject):
    """Made on the GUI thread; `post` may be called from any thread and never blocks.

    Closures run in the order posted. After `close`, posted closures are dropped.
    """

    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], None]] = deque()
        self._scheduled = False
        self._closed = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(0)
        self._again.timeout.connect(self._drain)
        self._wake.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def post(self, closure: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            self._waiting.append(closure)
            if self._scheduled:
                return
            self._scheduled = True
        self._wake.emit()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self._again.stop()

    def _drain(self) -> None:
        until = time.monotonic() + _DRAIN_SECONDS
        try:
            while time.monotonic() < until:
                with self._lock:
                    if not self._waiting:
                        return
                    closure = self._waiting.popleft()
                closure()
        finally:
            with self._lock:
                self._scheduled = bool(self._waiting)
                if self._scheduled:
                    self._again.start()
