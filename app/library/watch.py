"""Tells when model files come or go. Watches few folders, and only while somebody looks."""

import logging
import os
import threading
from collections.abc import Callable, Iterable
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
    them. `start` reads folders and may take its time; `stop` may come from another thread."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__()
        self._on_change = on_change
        self._lock = threading.Lock()
        self._turn = 0
        self._observer: BaseObserver | None = None

    def start(self, roots: Iterable[Path], folder_count: int) -> bool:
        """False when these folders cannot be watched: look again from time to time instead.
        folder_count: how many there are below the roots, since each takes a watch of the system."""
        turn = self._take_turn()
        if folder_count > MAX_FOLDERS:
            return False
        observer = Observer()
        try:
            for root in [root for root in roots if os.path.isdir(root)]:  # noqa: PTH112 - never raises
                observer.schedule(self, root, recursive=True, event_filter=_KINDS)
            observer.start()
        except OSError as error:
            _log.info("Folders cannot be watched: %s", error)
            _end(observer)
            return False
        with self._lock:
            wanted = turn == self._turn
            if wanted:
                self._observer = observer
        if not wanted:
            _end(observer)
        return True

    def stop(self) -> None:
        """No call of `on_change` comes after this returns, unless a `start` is under way, which
        then ends by itself."""
        self._take_turn()

    def _take_turn(self) -> int:
        with self._lock:
            self._turn += 1
            turn, before, self._observer = self._turn, self._observer, None
        if before is not None:
            _end(before)
        return turn

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = (str(event.src_path), str(getattr(event, "dest_path", "")))
        if event.is_directory or any(name and not name.endswith(_IGNORED) for name in names):
            self._on_change()


def _end(observer: BaseObserver) -> None:
    observer.stop()
    if observer.ident is not None:
        observer.join()
