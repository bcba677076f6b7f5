"""A first look at a model file, without llama.cpp: what can be said for sure from its outside."""

import re
import stat
import struct
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import gigabytes

_SHARD = re.compile(r"(?P<prefix>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)
_HEADER = struct.Struct("<4sIQQ")
_NEWEST_VERSION = 3
_DOWNLOAD_AGAIN = "Download it again."
_CHOOSE_GGUF = "Choose a file in GGUF format; its name usually ends in .gguf."


def shards(path: Path) -> tuple[Path, ...]:
    """All files of the model, the first one first. Raises KnownError when some are missing or
    `path` is another part than the first."""
    match = _SHARD.fullmatch(path.name)
    if match is None:
        return (path,)
    count = int(match["count"])
    names = [f"{match['prefix']}-{number:05}-of-{count:05}.gguf" for number in range(1, count + 1)]
    if int(match["number"]) != 1:
        raise KnownError(
            tr("{name} is only a part of a model.", name=path.name),
            tr("The model is split into {count} files.", count=count),
            tr(
                "Open the first one, {names}, instead.", names=names[0] if names else "number 00001"
            ),
        )
    files = tuple(path.with_name(name) for name in names)
    missing = [file.name for file in files if not file.exists()]
    if missing:
        shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise KnownError(
            tr(
                "{missing} of the {count} files of this model are missing.",
                missing=len(missing),
                count=count,
            ),
            tr("Missing from the folder: {shown}.", shown=shown),
            tr("Download the missing files into the folder of the others."),
        )
    return files


def inspect(path: Path) -> tuple[Path, ...]:
    """Look at every file of a model from its outside; returns them, the first one first.

    Raises KnownError: not there, not a file, not readable, empty, not a GGUF, cut off within the
    header, made for big-endian machines, of a version that llama.cpp does not read.
    """
    _require_file(path)
    files = shards(path)
    for file in files:
        _require_file(file)
        _require_header(file)
    return files


def _require_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise KnownError(
            tr("There is no file {path}.", path=path),
            tr("It was moved, renamed or deleted."),
            tr("Open the model from where it is now."),
            repr(error),
        ) from error
    except PermissionError as error:
        raise _no_permission(path, error) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        raise KnownError(
            tr("{path} is a folder.", path=path),
            tr("A model is a file."),
            tr("Choose the .gguf file inside the folder."),
        )
    if not stat.S_ISREG(mode):
        raise KnownError(tr("{path} is not an ordinary file.", path=path), "", _CHOOSE_GGUF)


def _require_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(_HEADER.size)
    except PermissionError as error:
        raise _no_permission(path, error) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if not start:
        raise KnownError(
            tr("{name} is empty.", name=path.name), tr("The file has no content."), _DOWNLOAD_AGAIN
        )
    if not start.startswith(b"GGUF"[: len(start)]):
        raise not_a_gguf(path, start)
    if len(start) < _HEADER.size:
        raise incomplete(path, f"The file ends after {len(start)} bytes.")
    _magic, version, _tensors, _pairs = _HEADER.unpack(start)
    if version & 0xFFFF == 0:
        raise KnownError(
            tr("{name} was made for another kind of machine.", name=path.name),
            tr("Its numbers are stored in big-endian order."),
            tr("Get the little-endian version of the model; it is the usual one."),
        )
    if not 2 <= version <= _NEWEST_VERSION:
        raise KnownError(
            tr(
                "{name} is in version {version} of the GGUF format.",
                name=path.name,
                version=version,
            ),
            tr(
                "This program reads versions 2 to {newest_version}.", newest_version=_NEWEST_VERSION
            ),
            tr("Update the program.") if version > _NEWEST_VERSION else tr("Get a newer file."),
        )


def not_a_gguf(path: Path, start: bytes = b"") -> KnownError:
    return KnownError(
        tr("{name} is not a GGUF model.", name=path.name),
        tr("It does not begin as a GGUF file does."),
        _CHOOSE_GGUF,
        tr("first bytes: {start!r}", start=start[:16]),
    )


def incomplete(path: Path, details: str) -> KnownError:
    try:
        size = f"It has {gigabytes(path.stat().st_size)}, less than its contents need."
    except OSError:
        size = "It is shorter than its contents need."
    return KnownError(
        tr("{name} is incomplete or damaged.", name=path.name), size, _DOWNLOAD_AGAIN, details
    )


def _no_permission(path: Path, error: OSError) -> KnownError:
    return KnownError(
        tr("{name} cannot be read.", name=path.name),
        tr("You do not have the permission to read it."),
        tr("Change the permissions of the file: {path}", path=path),
        repr(error),
    )


def _unreadable(path: Path, error: Exception) -> KnownError:
    return KnownError(
        tr("{name} cannot be read.", name=path.name),
        tr("The system reported an error while opening it."),
        tr("Check the disk or the network drive that it is on."),
        repr(error),
    )
