"""When what a running turn has reported is shown."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer

# How often a stream is shown: less often when showing it takes long, so that input gets its turn,
# and never so much at a time that it takes long. What is drawn here is not computed by the model:
# on two cores, 30 pictures a second cost a seventh of its speed, 12 a second read as smoothly.
_FRAME_SECONDS = 0.08
_REST_FACTOR = 9.0
_LONGEST_REST_SECONDS = 0.2
_EVENTS_PER_FRAME = 300


class Frames(QObject):
    """pump: shows at most so many events, and tells whether there are more."""

    def __init__(self, pump: Callable[[int], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._pump = pump
        self._next = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._show)

    def soon(self) -> None:
        """There is something to show."""
        if not self._timer.isActive():
            wait = max(0.0, self._next - time.monotonic())
            self._timer.start(round(wait * 1000))

    def _show(self) -> None:
        started = time.monotonic()
        more = self._pump(_EVENTS_PER_FRAME)
        cost = time.monotonic() - started
        rest = max(_FRAME_SECONDS, min(cost * _REST_FACTOR, _LONGEST_REST_SECONDS))
        self._next = started + rest
        if more:
            self.soon()
