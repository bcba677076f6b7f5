"""Files of personas and presets, read and written. Blocks: for worker threads."""

import os
import stat
import tempfile
from pathlib import Path

from app.core.errors import KnownError
from app.settings.exchange import MOST_BYTES, Exchange, read_exchange, write_exchange


def read_file(path: Path) -> Exchange:
    """Never more of it than such a file may have. Raises KnownError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            raise KnownError(
                "This file was not imported.", "It is not an ordinary file.", "Choose another one."
            )
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise KnownError(
            "This file was not imported.",
            f"It could not be read: {error.strerror or type(error).__name__}.",
            "Check that it is there and that you may read it.",
            repr(error),
        ) from error
    return read_exchange(raw)


def write_file(path: Path, exchange: Exchange) -> None:
    """Whole or not at all: what was there before stays until the new file is on disk. Raises
    KnownError."""
    raw = write_exchange(exchange)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise KnownError(
            "The file was not written.",
            f"{error.strerror or type(error).__name__}.",
            f"Choose another place than {path.parent}, or make room there.",
            repr(error),
        ) from error
