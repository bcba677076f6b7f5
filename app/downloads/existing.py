"""Is the file here already, under its final name?"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.disk import DiskThreads
from app.downloads.storage import Place
from app.downloads.types import MIB, FileRequest

_STEP_BYTES = 32 * MIB


async def complete_already(
    disk: DiskThreads, file: FileRequest, place: Place, on_hashed: Callable[[int], None]
) -> bool:
    """A blob of a Hugging Face cache carries its hash as name; a file in a plain folder is hashed.

    Raises KnownError when a different file has that name, which is never overwritten. OSError.
    """
    content = place.content if place.content.exists() else place.location
    if not content.is_file():
        return False
    if content.stat().st_size != file.size_bytes:
        if place.content != place.location and content == place.content:
            return False  # a cache's blob that other software has cut short
        raise _in_the_way(content)
    if file.sha256 is None or content.name == file.sha256:
        return True
    if await _sha256(disk, content, on_hashed) != file.sha256:
        raise _in_the_way(content)
    return True


async def _sha256(disk: DiskThreads, path: Path, on_hashed: Callable[[int], None]) -> str:
    digest, buffer = hashlib.sha256(), bytearray(MIB)
    with path.open("rb", buffering=0) as file:

        def step() -> bool:
            for _ in range(_STEP_BYTES // MIB):
                count = file.readinto(buffer)
                if not count:
                    return False
                digest.update(memoryview(buffer)[:count])
            return True

        while await disk.hash(step):
            on_hashed(file.tell())
    return digest.hexdigest()


def _in_the_way(path: Path) -> KnownError:
    return KnownError(
        tr("There is another file called {name} already.", name=path.name),
        tr("Its content is not that of the file to be downloaded, and it is not overwritten."),
        tr("Move or rename that file, or choose another folder."),
        str(path),
    )
