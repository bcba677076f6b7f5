"""The wish "open it when it is there", kept over restarts beside the queue."""

import logging
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.paths import data_dir
from app.core.tasks import Task, TaskRunner
from app.downloads.queue_file import NewerQueueError, SavedJob, load_queue, save_queue
from app.downloads.storage import place_of
from app.downloads.types import DownloadRequest, Target
from app.library.library import Library

WISH_NAME = "open-when-there.json"
_LONGEST_SECONDS = 10.0
_log = logging.getLogger(__name__)


def wish_path() -> Path:
    return data_dir() / WISH_NAME


def keep_wish(path: Path, wish: SavedJob | None) -> None:
    """None for none. A disk that refuses costs the wish, not the download."""
    try:
        if wish is None:
            path.unlink(missing_ok=True)
        else:
            save_queue(path, [wish])
    except OSError:
        _log.warning("What to open after the download could not be noted", exc_info=True)


def kept_wish(path: Path) -> SavedJob | None:
    try:
        kept = load_queue(path)
    except (OSError, NewerQueueError):
        _log.warning("What was to be opened after a download cannot be read", exc_info=True)
        return None
    return kept[0] if kept else None


class WishKeeper:
    """For the GUI thread: one write after the other, in the order of the wishes. kept: the last."""

    def __init__(self, path: Path, tasks: TaskRunner) -> None:
        self._path, self._tasks = path, tasks
        self.kept: SavedJob | None = None
        self._writing: Task | None = None

    def read(self) -> SavedJob | None:
        """Blocks; for worker threads."""
        return kept_wish(self._path)

    def keep(self, wish: SavedJob | None) -> None:
        if wish == self.kept:
            return
        self.kept, before = wish, self._writing

        def work(_: CancelToken) -> None:
            if before is not None:
                before.wait(_LONGEST_SECONDS)
            keep_wish(self._path, wish)

        self._writing = self._tasks.run(work)


def in_library(library: Library, request: DownloadRequest, cancel: CancelToken) -> Path | None:
    """The same files, by name and size, wherever another program has put them."""
    wanted = {(file.path.rpartition("/")[2], file.size_bytes) for file in request.files}
    snapshot = library.snapshot
    if not snapshot.finished:
        snapshot = library.scan(cancel=cancel)
    for model in snapshot.models:
        have = {(file.path.name, file.size_bytes) for file in model.files}
        if model.state == "complete" and have == wanted:
            return model.path
    return None


def on_disk(request: DownloadRequest, target: Target) -> Path | None:
    """The file to load when the whole set is where the download would put it, under the names that
    files get only when they are verified. Reads the disk; raises nothing."""
    try:
        places = [place_of(request, file, target) for file in request.files]
        sizes = [place.location.stat().st_size for place in places]
    except (OSError, KnownError):
        return None
    right = sizes == [file.size_bytes for file in request.files]
    return places[0].location if right and places else None
