"""Files of personas and presets, read and written. Blocks: for worker threads."""

import os
import stat
import tempfile
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.settings.exchange import MOST_BYTES, Exchange, read_exchange, write_exchange


def read_file(path: Path) -> Exchange:
    """Never more of it than such a file may have. Raises KnownError."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
            raise KnownError(
                tr("This file was not imported."),
                tr("It is not an ordinary file."),
                tr("Choose another one."),
            )
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise KnownError(
            tr("This file was not imported."),
            tr(
                "It could not be read: {strerror}.", strerror=error.strerror or type(error).__name__
            ),
            tr("Check that it is there and that you may read it."),
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
            tr("The file was not written."),
            f"{error.strerror or type(error).__name__}.",
            tr("Choose another place than {parent}, or make room there.", parent=path.parent),
            repr(error),
        ) from error
