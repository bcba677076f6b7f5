"""Is there room for the whole set, and for what is left of it?"""

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from app.downloads.storage import Place
from app.downloads.types import MIB

RESERVE_BYTES = 64 * MIB
FreeBytes = Callable[[Path], int]


def is_full(error: OSError) -> bool:
    """The disk, or what the person may use of it."""
    full = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
    return error.errno in full or getattr(error, "winerror", None) in (39, 112)


def allocated_bytes(path: Path) -> int:
    """What a file really takes from the disk: a sparse one takes less than its length."""
    try:
        status = path.stat()
    except OSError:
        return 0
    blocks = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else min(status.st_size, blocks * 512)


def bytes_to_come(files: Iterable[tuple[Place, int]]) -> int:
    """Room that these files, of these full sizes, still need on their disk."""
    total = 0
    for place, size in files:
        if not os.path.lexists(place.location):
            total += max(0, size - allocated_bytes(place.part))
    return total


def shortfall(folder: Path, needed: int, free: FreeBytes) -> int:
    """How much more room it takes; 0 when there is enough."""
    if needed == 0:
        return 0
    return max(0, needed + min(RESERVE_BYTES, needed // 16) - free(folder))
