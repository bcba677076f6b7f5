"""A file becomes text that can go with a question. Blocks: for worker threads."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.chat.attachments.decoding import NotTextError, decode
from app.chat.attachments.extract import extract
from app.chat.attachments.kinds import HEAD_BYTES, binary, kind_of, media_type
from app.chat.attachments.types import LARGEST_DOCUMENT, LARGEST_TEXT, MayPassError, ReadText
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import gigabytes
from app.library.types import readable

_CHUNK = 1_000_000
_LONGEST_NAME = 200


@dataclass(frozen=True)
class ReadProgress:
    """How far the reading is: of so many pages or bytes; total 0 when that is not known."""

    done: int
    total: int


OnProgress = Callable[[ReadProgress], None]


def read_file(path: Path, cancel: CancelToken, on_progress: OnProgress | None = None) -> ReadText:
    """on_progress is called on this thread. Raises Cancelled, and KnownError for everything that
    has no text to give."""
    name = display_name(path)
    tell = on_progress or _nothing
    try:
        size = _checked_size(path, name)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            kind = kind_of(head, name)
            _check_limit(size, LARGEST_TEXT if kind == "text" else LARGEST_DOCUMENT, name)
            if kind == "text":
                chunks = [head]
                while chunk := file.read(_CHUNK):
                    cancel.raise_if_cancelled()
                    chunks.append(chunk)
                    done = sum(map(len, chunks))
                    _check_limit(done, LARGEST_TEXT, name)  # it may still grow
                    tell(ReadProgress(done, size))
                return _text(b"".join(chunks), name)
    except OSError as error:
        raise _unreadable(name, error) from error
    return extract(path, name, kind, size, cancel, lambda done, of: tell(ReadProgress(done, of)))


def from_text(name: str, text: str) -> ReadText:
    """What was pasted."""
    return ReadText(name, text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))


def display_name(path: Path) -> str:
    name = readable(path.name) or "file"
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME - 20]}…{name[-19:]}"


def _text(data: bytes, name: str) -> ReadText:
    try:
        decoded = decode(data)
    except NotTextError:
        raise binary(name) from None
    if not decoded.text.strip():
        raise _empty(name)
    remarks = (decoded.remark,) if decoded.remark else ()
    return ReadText(name, decoded.text, media_type(name), len(data), remarks=remarks)


def _checked_size(path: Path, name: str) -> int:
    """Of a regular file with something in it. A pipe or a device would never end."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise KnownError(
            tr("{name} is a folder.", name=name),
            tr("Files are added one by one."),
            tr("Choose the files in it."),
        )
    if not stat.S_ISREG(found.st_mode):
        raise KnownError(
            tr("{name} is not a file that can be read.", name=name), "", tr("Choose another one.")
        )
    if not found.st_size:
        raise _empty(name)
    return found.st_size


def _check_limit(size: int, limit: int, name: str) -> None:
    if size > limit:
        raise KnownError(
            tr("{name} is too large: {size}.", name=name, size=gigabytes(size)),
            tr(
                "At most {limit} are read, which is far more than any model takes in.",
                limit=gigabytes(limit),
            ),
            tr("Save the part that matters as a file of its own, and add that."),
        )


def _empty(name: str) -> KnownError:
    return KnownError(tr("{name} is empty.", name=name), "", tr("Choose another file."))


def _unreadable(name: str, error: OSError) -> KnownError:
    if isinstance(error, FileNotFoundError):
        why = tr("It is not there any more.")
        next_step = tr("Look where it has gone, and add it again.")
    elif isinstance(error, PermissionError):
        why = tr("You may not read it, or another program keeps it locked.")
        next_step = tr("Close it there or change its permissions, and add it again.")
    else:
        why = tr("The disk or drive reported an error.")
        next_step = tr("Check the drive, and try again.")
    return MayPassError(tr("{name} cannot be read.", name=name), why, next_step, _details(error))


def _details(error: OSError) -> str:
    return f"{type(error).__name__}: {os.strerror(error.errno) if error.errno else error}"


def _nothing(_: ReadProgress) -> None:
    return None
