"""Bring a model file into the page cache ahead of llama.cpp.

llama.cpp maps a file with all its pages at once: one call that reads up to hundreds of gigabytes
and neither reports progress nor can be cancelled. Done here first, it can.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from app.core.cancel import CancelToken

_BLOCK_BYTES = 64 * 2**20


def warm(
    paths: Sequence[Path],
    at_most_bytes: int,
    cancel: CancelToken,
    on_progress: Callable[[float], None],
) -> None:
    """Read the files ahead, no more of them than fits into memory; pages already there cost
    nothing. on_progress gets fractions from 0 to 1. Does nothing where the system has no way to.
    Raises Cancelled.
    """
    advise = getattr(os, "posix_fadvise", None)
    if advise is None:
        return
    sizes = [path.stat().st_size for path in paths]
    total, done = min(sum(sizes), at_most_bytes), 0
    for path, size in zip(paths, sizes, strict=True):
        with path.open("rb") as file:
            for offset in range(0, min(size, total - done), _BLOCK_BYTES):
                cancel.raise_if_cancelled()
                advise(file.fileno(), offset, _BLOCK_BYTES, os.POSIX_FADV_WILLNEED)
                on_progress((done + offset) / total)
        done = min(done + size, total)
