"""Who fetches what: spans of one file, handed out in order within a window."""

import threading
import time
from dataclasses import dataclass, field

from app.downloads.ranges import Range, RangeSet
from app.downloads.types import MIB

SMALLEST_PIECE = 4 * MIB
_WAITS_PER_PIECE = 20
LARGEST_PIECE = 64 * MIB
_SMALLEST_SHARE = 1 * MIB
# Whoever gives up a share has some of it on its way already, so it has to be worth it.
LOOK_AGAIN_SECONDS = 0.5


@dataclass(eq=False)
class Span:
    """[position, end) is still to be received; up to `claimed` it is on its way. end may move down
    to there when another connection takes a share."""

    start: int
    end: int
    position: int
    claimed: int
    began: float = field(default_factory=time.monotonic)

    @property
    def slow(self) -> bool:
        """It will not be over in a moment."""
        seconds = time.monotonic() - self.began
        rate = (self.position - self.start) / seconds if seconds > 0 else 0.0
        return seconds >= LOOK_AGAIN_SECONDS and self.left > rate * LOOK_AGAIN_SECONDS

    @property
    def left(self) -> int:
        return self.end - self.position


def piece_bytes(latency_seconds: float, bytes_per_second: float) -> int:
    """Large enough to forget the wait for each answer, small enough that bytes come nearly in
    order."""
    worth = latency_seconds * bytes_per_second * _WAITS_PER_PIECE
    return max(SMALLEST_PIECE, min(LARGEST_PIECE, int(worth) // MIB * MIB))


class Board:
    """written: what is in the file. The spans handed out stay within `connections` pieces of the
    first missing byte, so that bytes arrive nearly in order and can be hashed as they come.

    For the asyncio thread, but for `claim`."""

    def __init__(self, size: int, written: RangeSet, connections: int) -> None:
        self.size = size
        self.written = written
        self._active: list[Span] = []
        self._connections = connections
        self._lock = threading.Lock()

    @property
    def complete(self) -> bool:
        return self.written.covers(0, self.size)

    @property
    def frontier(self) -> int:
        """Every byte before it is in the file."""
        return self.written.end_of_run(0)

    def set_connections(self, connections: int) -> None:
        self._connections = connections

    def take(self, piece: int = SMALLEST_PIECE) -> Span | None:
        """The next span, of `piece` bytes at most; None when all that is missing is on its way or
        out of the window; then it is worth asking again in LOOK_AGAIN_SECONDS."""
        limit = self.frontier + piece * self._connections
        for start, end in self._unclaimed():
            if start >= limit:
                break
            return self._claim(start, min(end, start + piece))
        return self._share()

    def take_gap(self) -> Span | None:
        """All that is missing in a row, for servers that cannot send ranges."""
        gaps = self._unclaimed()
        return self._claim(*gaps[0]) if gaps else None

    def claim(self, span: Span, most: int) -> int:
        """How many bytes whoever fetches the span receives next; 0 at its end. From any thread."""
        with self._lock:
            count = max(0, min(most, span.end - span.position))
            span.claimed = span.position + count
            return count

    def release(self, span: Span) -> None:
        """What the span did not bring is missing again."""
        self._active.remove(span)

    def _claim(self, start: int, end: int) -> Span:
        span = Span(start, end, start, start)
        self._active.append(span)
        return span

    def _unclaimed(self) -> list[Range]:
        taken = self.written.copy()
        for span in self._active:
            taken.add(span.start, max(span.start, span.end))
        return taken.missing(self.size)

    def _share(self) -> Span | None:
        """Half of what the slowest has left."""
        with self._lock:
            slow = [span for span in self._active if span.slow]
            slowest = max(slow, key=lambda span: span.end - span.claimed, default=None)
            if slowest is None or slowest.end - slowest.claimed < 2 * _SMALLEST_SHARE:
                return None
            middle = (slowest.claimed + (slowest.end - slowest.claimed) // 2) // 64 * 64
            end, slowest.end = slowest.end, middle
        return self._claim(middle, end)
