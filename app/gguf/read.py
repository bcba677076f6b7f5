"""Headers of model files on this machine's disks."""

import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.parse import Entry, HeaderParser
from app.gguf.shards import ReadShard, join_shards, missing_shards, sibling_names
from app.gguf.types import ModelHeader
from app.gguf.window import Window

# Small enough for the allocator to use the same memory again and again.
_CHUNK = 128 * 1024


@dataclass(frozen=True)
class FileEntries:
    """Metadata entries of a file on disk, read again when they are wanted."""

    path: Path
    entries: tuple[Entry, ...]

    def read(self, keys: Collection[str] | None = None) -> dict[str, bytes]:
        """Raises KnownError."""
        found: dict[str, bytes] = {}
        with _opened(self.path) as (file, _):
            for entry in self.entries:
                if keys is None or entry.key in keys:
                    file.seek(entry.start)
                    found[entry.key] = file.read(entry.end - entry.start)
                    if len(found[entry.key]) < entry.end - entry.start:
                        raise self._changed()
        return found

    def _changed(self) -> KnownError:
        return KnownError(
            tr("{name} has changed since it was read.", name=self.path.name),
            tr("It is shorter than before."),
            tr("Choose the file again."),
        )


def read_header(path: Path) -> ModelHeader:
    """The header of the model that `path`, a whole file or any shard, belongs to.

    Touches only the headers. Raises KnownError, in words for a person, when a file is not a usable
    GGUF file, a shard is missing or does not belong, or tensor data is cut off.
    """
    given = _read_shard(path, 0)
    names = sibling_names(path.name, given.header)
    if names == (path.name,):
        return join_shards([given], FileEntries(path, given.header.entries))
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        raise missing_shards(missing, len(names))
    first = given if path.name == names[0] else _read_shard(path.parent / names[0], 0)
    others = [_read_shard(path.parent / name, index) for index, name in enumerate(names[1:], 1)]
    shards = [first, *others]
    return join_shards(shards, FileEntries(path.parent / names[0], first.header.entries))


def _read_shard(path: Path, index: int) -> ReadShard:
    with _opened(path) as (file, size):

        def read_at(start: int, length: int) -> bytes:
            file.seek(start)
            return file.read(min(length, _CHUNK))

        header = HeaderParser(Window(path.name, size, read_at), index).parse()
    return ReadShard(path.name, str(path), size, header)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The file and its size; what the file system answers becomes a KnownError."""
    try:
        status = path.stat()
        # Before opening: a named pipe would wait for a writer for ever.
        if not stat.S_ISREG(status.st_mode):
            raise KnownError(
                tr("{name} is not a file.", name=path.name),
                tr("It is a folder or a device.") if path.name else "",
                tr("Choose a model file; its name ends in .gguf."),
            )
        with path.open("rb", buffering=0) as file:
            yield file, status.st_size
    except FileNotFoundError as error:
        raise KnownError(
            tr("{name} does not exist.", name=path.name),
            tr("There is no such file in {parent}.", parent=path.parent),
            tr("Choose the file again; it may have been moved or deleted."),
        ) from error
    except PermissionError as error:
        raise KnownError(
            tr("{name} cannot be opened.", name=path.name),
            tr("This user has no permission to read it."),
            tr("Change its permissions, or copy it to a folder of your own."),
            str(error),
        ) from error
    except OSError as error:
        raise KnownError(
            tr("{name} cannot be read.", name=path.name),
            tr("The system says: {strerror}.", strerror=error.strerror or error),
            tr("Check the disk or the network folder it lies on."),
            repr(error),
        ) from error
