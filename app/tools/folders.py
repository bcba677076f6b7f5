"""The folders that a person has opened to tools."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """path: absolute. write: tools may change what is in it."""

    path: str
    write: bool = False


class Folders:
    """Asked and changed from any thread. changed: gets all of them after a change, on the thread
    that made it."""

    def __init__(
        self,
        opened: Iterable[Folder] = (),
        changed: Callable[[tuple[Folder, ...]], None] | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._opened = {folder.path: folder for folder in opened}
        self._changed = changed

    @property
    def opened(self) -> tuple[Folder, ...]:
        with self._lock:
            return tuple(self._opened.values())

    def open(self, path: str, *, write: bool) -> None:
        """Reading, and writing as well when `write`; what was allowed before stays allowed."""
        with self._lock:
            before = self._opened.get(path)
            self._opened[path] = Folder(path, write or (before is not None and before.write))
        if self._changed is not None:
            self._changed(self.opened)

    def replace(self, opened: Iterable[Folder]) -> None:
        """All of them, without telling."""
        with self._lock:
            self._opened = {folder.path: folder for folder in opened}

    def holding(self, path: Path) -> Folder | None:
        """The innermost of them that holds the path, which is absolute and has no `..`."""
        found = [
            folder
            for folder in self.opened
            if path == (root := Path(folder.path)) or root in path.parents
        ]
        return max(found, key=lambda folder: len(Path(folder.path).parts), default=None)
