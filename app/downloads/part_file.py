"""A partial file: written at offsets, read back for hashing, locked against other programs."""

import contextlib
import os
import sys
import threading
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.storage import sync_handle

_LOCK_OFFSET = 1 << 62


class PartFile:
    """May be used from several threads. Raises OSError; `lock` raises KnownError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._fd = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o644)
        self._seek_lock = threading.Lock()
        try:
            _lock(self._fd, path)
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def length(self) -> int:
        return os.fstat(self._fd).st_size

    def write_at(self, offset: int, data: memoryview) -> None:
        """All of it, or OSError."""
        while data:
            if hasattr(os, "pwrite"):
                # The system lets one writer in at a time, and its others wait on the processor.
                with self._seek_lock:
                    written = os.pwrite(self._fd, data, offset)
            else:
                with self._seek_lock:
                    os.lseek(self._fd, offset, os.SEEK_SET)
                    written = os.write(self._fd, data)
            if written == 0:
                raise OSError(28, "No space left on device", str(self.path))
            offset, data = offset + written, data[written:]

    def read_at(self, offset: int, into: memoryview) -> int:
        """Bytes read; fewer than asked for at the end of the file."""
        if hasattr(os, "preadv"):
            return os.preadv(self._fd, [into], offset)
        with self._seek_lock:
            os.lseek(self._fd, offset, os.SEEK_SET)
            data = os.read(self._fd, len(into))
        into[: len(data)] = data
        return len(data)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)

    def sync(self) -> None:
        """Returns when what was written survives a power cut."""
        sync_handle(self._fd)

    def close(self) -> None:
        """Gives the lock back as well."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _lock(fd: int, path: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(fd, _LOCK_OFFSET, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise KnownError(
            tr(
                "{partition} is being downloaded already.",
                partition=path.name.partition(".glm-part")[0],
            ),
            tr("Another window or terminal has this download open."),
            tr("Let that one finish or stop it first."),
            str(path),
        ) from error
    except OSError:
        # A file system without locks, such as some network folders: go on without one.
        with contextlib.suppress(OSError):
            os.lseek(fd, 0, os.SEEK_SET)
