"""Blocks that have just come, kept in memory until they are hashed.

What is not kept, for want of room, is read back from the file.
"""

from dataclasses import dataclass

from app.downloads.types import MIB

BLOCK_BYTES = MIB
_MOST_KEPT = 48
_MOST_IDLE = 16


@dataclass(frozen=True)
class Block:
    """The first `count` bytes of the buffer belong at `offset` of the file."""

    offset: int
    count: int
    buffer: bytearray


class Recent:
    """For the asyncio thread, but for `lend` and `put_back`; at most _MOST_KEPT blocks, besides
    those that are lent."""

    def __init__(self) -> None:
        self._kept: dict[int, Block] = {}
        self._idle: list[bytearray] = []

    def lend(self) -> bytearray:
        """BLOCK_BYTES of memory, to be given back by `keep` or `put_back`."""
        try:
            return self._idle.pop()
        except IndexError:
            return bytearray(BLOCK_BYTES)

    def put_back(self, buffer: bytearray) -> None:
        if len(self._idle) < _MOST_IDLE:
            self._idle.append(buffer)

    def keep(self, offset: int, count: int, buffer: bytearray) -> None:
        """Until `take` comes to it. When there is no room, the block farthest from being hashed
        goes."""
        if len(self._kept) >= _MOST_KEPT:
            last = max(self._kept)
            if last < offset:
                self.put_back(buffer)
                return
            self.put_back(self._kept.pop(last).buffer)
        self._kept[offset] = Block(offset, count, buffer)

    def take(self, start: int, end: int) -> list[Block]:
        """The blocks that follow one another from `start` on and end by `end`, perhaps none. They
        are to be given back by `put_back`. Blocks before `start` are dropped."""
        for offset in [offset for offset in self._kept if offset < start]:
            self.put_back(self._kept.pop(offset).buffer)
        found: list[Block] = []
        while (block := self._kept.get(start)) is not None and start + block.count <= end:
            found.append(self._kept.pop(start))
            start += block.count
        return found
