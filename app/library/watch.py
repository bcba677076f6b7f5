"""Tells when model files come or go. Watches few folders, and only while somebody looks."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

MAX_FOLDERS = 2_000
# Content that changes is no event: a download writes all the time.
_KINDS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileDeletedEvent, FileMovedEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
]  # fmt: skip
_IGNORED = (".journal", ".journal.new", ".glm-new", ".glm-link", ".lock", ".json", ".etag")
_log = logging.getLogger(__name__)


class Watcher(FileSystemEventHandler):
    """`on_change` is called on another thread, for every event that matters; who listens gathers
    them. Not thread-safe itself."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._on_change = on_change
        self._stop: Callable[[], None] = lambda: None

    def start(self, roots: Iterable[Path], folder_count: int) -> bool:
        """False when these folders cannot be watched: look again from time to time instead.
        folder_count: how many there are below the roots, since each takes a watch of the system."""
        self.stop()
        present = [root for root in roots if root.is_dir()]
        if folder_count > MAX_FOLDERS:
            return False
        observer = Observer()
        try:
            for root in present:
                observer.schedule(self, root, recursive=True, event_filter=_KINDS)
            observer.start()
        except OSError as error:
            _log.info("Folders cannot be watched: %s", error)
            _end(observer)
            return False
        self._stop = partial(_end, observer)
        return True

    def stop(self) -> None:
        """No call of `on_change` comes after this returns."""
        self._stop()
        self._stop = lambda: None

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = (str(event.src_path), str(getattr(event, "dest_path", "")))
        if event.is_directory or any(name and not name.endswith(_IGNORED) for name in names):
            self._on_change()


def _end(observer: BaseObserver) -> None:
    observer.stop()
    if observer.ident is not None:
        observer.join()
