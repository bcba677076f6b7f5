"""The blocking work of one file (write, sync, hash), run on threads beside the asyncio loop."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.downloads.hashing import Digest
from app.downloads.part_file import PartFile
from app.downloads.types import MIB

T = TypeVar("T")
_HASH_STEP = 8 * MIB


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


def hash_some(part: PartFile, digest: Digest, end: int, buffer: bytearray) -> int:
    """Feed the digest up to `end`, at most some MiB at once; how many bytes it took.

    Reads what was just written, from the page cache. Raises OSError when the file is shorter.
    """
    done, view = 0, memoryview(buffer)
    while digest.length < end and done < _HASH_STEP:
        piece = view[: min(len(view), end - digest.length)]
        count = part.read_at(digest.length, piece)
        if count == 0:
            raise OSError(5, "the partial file is shorter than its journal says", str(part.path))
        digest.update(piece[:count])
        done += count
    return done
