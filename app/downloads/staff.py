"""How many connections are worth having."""

import os
import time

RAMP_SECONDS = 0.25
_CORES_FOR_TWO = 4
_FAST_BYTES_PER_SECOND = 400_000_000


class Staff:
    """One or two connections begin alone. Unless they fill a very fast line, where more would only
    take processor time from each other, all that are allowed join them soon after, and stay."""

    def __init__(self) -> None:
        self._first = 2 if (os.cpu_count() or 1) >= _CORES_FOR_TWO else 1
        self._complete = False
        self._since = time.monotonic()
        self._bytes = 0

    def wanted(self, limit: int, received_bytes: int) -> int:
        """received_bytes: by all connections so far."""
        seconds = time.monotonic() - self._since
        if not self._complete and seconds >= RAMP_SECONDS:
            self._complete = received_bytes - self._bytes < _FAST_BYTES_PER_SECOND * seconds
            self._since += seconds
            self._bytes = received_bytes
        return limit if self._complete else min(limit, self._first)

    def look_again_seconds(self) -> float | None:
        return None if self._complete else RAMP_SECONDS
