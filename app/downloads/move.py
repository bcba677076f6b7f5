"""Moving complete files to another folder or disk, without a moment in which one is lost."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.storage import free_bytes, sync_folder, sync_handle
from app.downloads.types import MIB

_MOVING_SUFFIX = ".glm-moving"


@dataclass(frozen=True)
class MoveProgress:
    done_bytes: int
    size_bytes: int
    path: Path


def move_files(
    moves: Sequence[tuple[Path, Path]],
    on_progress: Callable[[MoveProgress], None],
    cancel: CancelToken,
) -> None:
    """Each source to its destination, renamed on the same disk, else copied, read back, and only
    then removed. Blocking; links at the source are followed and must be mended by the caller.

    Cancelling keeps what has been moved and leaves the rest where it is. Raises Cancelled,
    KnownError when there is no room or a different file is in the way, OSError.
    """
    total = sum(source.stat().st_size for source, _ in moves)
    done = 0
    for source, destination in moves:
        cancel.raise_if_cancelled()
        size = source.stat().st_size
        before = done

        def tell(count: int, base: int = before, path: Path = source) -> None:
            on_progress(MoveProgress(base + count, total, path))

        move_file(source, destination, tell, cancel)
        done += size
        tell(size)


def move_file(
    source: Path, destination: Path, tell: Callable[[int], None], cancel: CancelToken
) -> None:
    """One of them; `tell` gets how many of its bytes are done. Raises as `move_files`."""
    if os.path.lexists(destination):
        raise in_the_way(destination)
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(source, destination)  # noqa: PTH104 - replace() would overwrite on Windows
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM) and error.errno is not None:
            raise
    else:
        sync_folder(destination.parent)
        sync_folder(source.parent)
        return
    check_room(source.stat().st_size, destination.parent)
    copy_file(source, destination, tell, cancel)
    source.unlink()


def copy_file(
    source: Path, destination: Path, tell: Callable[[int], None], cancel: CancelToken
) -> None:
    """Read back before it appears under its name; what an interrupted try has left is written anew.

    Raises Cancelled, KnownError, OSError, and leaves nothing then.
    """
    size = source.stat().st_size
    beside = destination.with_name(destination.name + _MOVING_SUFFIX)
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        found = _copy(source, beside, lambda done: tell(done // 2), cancel)
        if _hash(beside, lambda done: tell((size + done) // 2), cancel) != found:
            raise KnownError(
                tr("{name} did not arrive whole at the new place.", name=source.name),
                tr("What was read back is not what was written."),
                tr("Check the disk. The file is still where it was."),
            )
        shutil.copystat(source, beside)
        beside.replace(destination)
        sync_folder(destination.parent)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def discard_copy(destination: Path) -> None:
    """What a killed `copy_file` to there has left. Raises OSError."""
    destination.with_name(destination.name + _MOVING_SUFFIX).unlink(missing_ok=True)


def in_the_way(path: Path) -> KnownError:
    return KnownError(
        tr("There is a file called {name} at the new place already.", name=path.name),
        tr("It is not overwritten."),
        tr("Move it away or choose another folder."),
        str(path),
    )


def check_room(needed: int, folder: Path) -> None:
    """Raises KnownError when there is not so much."""
    free = free_bytes(folder)
    if free < needed:
        raise KnownError(
            tr("There is no room at the new place."),
            tr(
                "It needs {needed}, and {free} are free.",
                needed=gigabytes(needed),
                free=gigabytes(free),
            ),
            tr("Make room or choose another folder."),
            str(folder),
        )


def _copy(source: Path, beside: Path, tell: Callable[[int], None], cancel: CancelToken) -> str:
    digest, done = hashlib.sha256(), 0
    buffer = memoryview(bytearray(4 * MIB))
    with source.open("rb", buffering=0) as reading, beside.open("wb", buffering=0) as writing:
        while count := reading.readinto(buffer):
            cancel.raise_if_cancelled()
            piece = buffer[:count]
            while piece:
                piece = piece[writing.write(piece) :]
            digest.update(buffer[:count])
            done += count
            tell(done)
        sync_handle(writing.fileno())
    return digest.hexdigest()


def _hash(path: Path, tell: Callable[[int], None], cancel: CancelToken) -> str:
    digest, done, buffer = hashlib.sha256(), 0, memoryview(bytearray(4 * MIB))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            cancel.raise_if_cancelled()
            digest.update(buffer[:count])
            done += count
            tell(done)
    return digest.hexdigest()
