"""Arithmetic of byte ranges: sorted, disjoint, half-open."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Self

Range = tuple[int, int]


class RangeSet:
    """A set of integers kept as ranges; touching ranges become one."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Raises ValueError when the range is negative or turned around."""
        if not 0 <= start <= end:
            raise ValueError(f"no range: {start}-{end}")
        if start == end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def remove(self, start: int, end: int) -> None:
        if start >= end:
            return
        kept: list[Range] = []
        for low, high in self:
            kept += [(low, min(high, start)), (max(low, end), high)]
        self._starts, self._ends = [], []
        for low, high in kept:
            if low < high:
                self.add(low, high)

    def copy(self) -> Self:
        new = type(self)()
        new._starts, new._ends = self._starts.copy(), self._ends.copy()
        return new

    @property
    def total(self) -> int:
        return sum(self._ends) - sum(self._starts)

    def end_of_run(self, start: int) -> int:
        """Where the unbroken run that begins at or before `start` ends; `start` when there is
        none."""
        index = bisect_right(self._starts, start) - 1
        return max(start, self._ends[index]) if index >= 0 else start

    def next_start(self, position: int) -> int | None:
        """The first range that begins at or after `position`."""
        index = bisect_left(self._starts, position)
        return self._starts[index] if index < len(self._starts) else None

    def missing(self, size: int) -> list[Range]:
        """What of [0, size) is not here."""
        gaps, position = [], 0
        for start, end in self:
            if start >= size:
                break
            if position < start:
                gaps.append((position, start))
            position = end
        if position < size:
            gaps.append((position, size))
        return gaps

    def covers(self, start: int, end: int) -> bool:
        return start >= end or self.end_of_run(start) >= end

    def __contains__(self, position: int) -> bool:
        return self.end_of_run(position) > position

    def __iter__(self) -> Iterator[Range]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"RangeSet({list(self)})"
