"""Names for conversations and messages, given before they are written."""

import secrets
import threading
import time

_EPOCH_MS = 1_700_000_000_000
_LOW_BITS = 21
LARGEST = 2**63 - 1


class IdMaker:
    """Positive 63-bit numbers, strictly increasing, in the order of time.

    The upper bits are milliseconds, the lower ones start at random: two machines do not give the
    same name, and what was made later sorts later, so a reply always sorts after its question.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> int:
        return self.block(1)

    def block(self, count: int) -> int:
        """The first of `count` consecutive ids."""
        with self._lock:
            milliseconds = time.time_ns() // 1_000_000 - _EPOCH_MS
            fresh = (max(0, milliseconds) << _LOW_BITS) | secrets.randbits(_LOW_BITS - 1)
            first = max(self._last + 1, fresh)
            self._last = first + count - 1
            return first

    def start_after(self, used: int) -> None:
        """Give only ids above `used`, whatever the clock says."""
        with self._lock:
            self._last = max(self._last, used)
