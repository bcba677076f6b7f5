"""The blocking work of one file (write, sync, hash), run on threads beside the asyncio loop."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.downloads.hashing import Digest
from app.downloads.part_file import PartFile
from app.downloads.recent import Block
from app.downloads.types import MIB

T = TypeVar("T")
_HASH_STEP = 8 * MIB
_READ_BYTES = 256 * 1024


class DiskThreads:
    """Writing, syncing and hashing do not wait for each other."""

    def __init__(self) -> None:
        self._writing = ThreadPoolExecutor(2, "downloads-write")
        self._syncing = ThreadPoolExecutor(1, "downloads-sync")
        self._hashing = ThreadPoolExecutor(1, "downloads-hash")

    async def write(self, work: Callable[[], T]) -> T:
        return await _finish(self._writing, work)

    async def sync(self, work: Callable[[], T]) -> T:
        return await _finish(self._syncing, work)

    async def hash(self, work: Callable[[], T]) -> T:
        return await _finish(self._hashing, work)

    def close(self) -> None:
        for pool in (self._writing, self._syncing, self._hashing):
            pool.shutdown(wait=True)


async def _finish(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Waits for the thread even when cancelled: buffers and files must not change under it."""
    future = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        if not future.cancelled():
            future.exception()
        raise


def hash_some(part: PartFile, digest: Digest, end: int, blocks: Sequence[Block]) -> None:
    """Feed the digest with the blocks, which begin where it stands, or without any with what is in
    the file up to `end`, some MiB at most.

    Reads what was just written, from the page cache. Raises OSError when the file is shorter.
    """
    for block in blocks:
        digest.update(memoryview(block.buffer)[: block.count])
    stop = min(end, digest.length + _HASH_STEP)
    view = memoryview(bytearray(_READ_BYTES))
    while not blocks and digest.length < stop:
        count = part.read_at(digest.length, view[: min(len(view), stop - digest.length)])
        if count == 0:
            raise OSError(5, "the partial file is shorter than its journal says", str(part.path))
        digest.update(view[:count])
