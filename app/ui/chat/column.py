"""Where the entries of a long column stand: sizes, known or guessed, and the tops they give."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate


class Column:
    """Pixels. Sizes may change anywhere; tops are summed up again from the first change on."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._tops: list[int] = [0]

    def __len__(self) -> int:
        return len(self._sizes)

    def size(self, index: int) -> int:
        return self._sizes[index]

    def set_size(self, index: int, size: int) -> None:
        if self._sizes[index] != size:
            self._sizes[index] = size
            del self._tops[index + 1 :]

    def replace(self, start: int, stop: int, sizes: Sequence[int]) -> None:
        """Put these in the place of those from `start` up to `stop`."""
        self._sizes[start:stop] = sizes
        del self._tops[start + 1 :]

    @property
    def total(self) -> int:
        return self._sum_up()[-1]

    def top(self, index: int) -> int:
        return self._sum_up()[index]

    def at(self, y: int) -> int:
        """The index of what stands at `y`; the first or last beyond the ends. Not for an empty
        column."""
        return max(0, min(bisect_right(self._sum_up(), y), len(self._sizes)) - 1)

    def _sum_up(self) -> list[int]:
        known = len(self._tops) - 1
        if known < len(self._sizes):
            self._tops[known:] = accumulate(self._sizes[known:], initial=self._tops[known])
        return self._tops


def differing(old: list[object], new: list[object]) -> tuple[range, range]:
    """Where the two lists differ, in the old one and in the new one: both start the same way before
    it and end the same way after it."""
    start = first_difference(old, new)
    end = first_difference(old[start:][::-1], new[start:][::-1])
    return range(start, len(old) - end), range(start, len(new) - end)


def first_difference(old: list[object], new: list[object]) -> int:
    """How long a start the two lists share, by identity or equality of their items."""
    low, high = 0, min(len(old), len(new))
    if old[:high] == new[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle
    return low
