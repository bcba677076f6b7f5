"""Who fetches what: spans of one file, handed out in order within a window."""

from dataclasses import dataclass

from app.downloads.ranges import Range, RangeSet
from app.downloads.types import MIB

_SMALLEST_PIECE = 4 * MIB
_LARGEST_PIECE = 64 * MIB
_SMALLEST_SHARE = 1 * MIB


@dataclass(eq=False)
class Span:
    """[position, end) is still to be received. end may move down when another connection takes a
    share."""

    start: int
    end: int
    position: int

    @property
    def left(self) -> int:
        return self.end - self.position


def piece_bytes(size: int, connections: int) -> int:
    """Large enough to forget the cost of a request, small enough that all have work."""
    return max(_SMALLEST_PIECE, min(_LARGEST_PIECE, size // (4 * connections)))


class Board:
    """written: what is in the file. The spans handed out stay within `connections` pieces of the
    first missing byte, so that bytes arrive nearly in order and can be hashed as they come."""

    def __init__(self, size: int, written: RangeSet, connections: int) -> None:
        self.size = size
        self.written = written
        self._active: list[Span] = []
        self._connections = connections

    @property
    def complete(self) -> bool:
        return self.written.covers(0, self.size)

    @property
    def frontier(self) -> int:
        """Every byte before it is in the file."""
        return self.written.end_of_run(0)

    def set_connections(self, connections: int) -> None:
        self._connections = connections

    def take(self) -> Span | None:
        """The next span; None when all that is missing is on its way or out of the window."""
        piece = piece_bytes(self.size, self._connections)
        limit = self.frontier + piece * self._connections
        for start, end in self._unclaimed():
            if start >= limit:
                break
            return self._claim(start, min(end, start + piece))
        return self._share()

    def take_all(self) -> Span | None:
        """Everything from the first missing byte on, for servers that cannot send ranges."""
        gaps = self._unclaimed()
        return self._claim(gaps[0][0], self.size) if gaps else None

    def release(self, span: Span) -> None:
        """What the span did not bring is missing again."""
        self._active.remove(span)

    def _claim(self, start: int, end: int) -> Span:
        span = Span(start, end, start)
        self._active.append(span)
        return span

    def _unclaimed(self) -> list[Range]:
        taken = self.written.copy()
        for span in self._active:
            taken.add(span.start, max(span.start, span.end))
        return taken.missing(self.size)

    def _share(self) -> Span | None:
        """Half of what the slowest has left."""
        slowest = max(self._active, key=lambda span: span.left, default=None)
        if slowest is None or slowest.left < 2 * _SMALLEST_SHARE:
            return None
        middle, end = slowest.position + slowest.left // 2, slowest.end
        slowest.end = middle
        return self._claim(middle, end)
