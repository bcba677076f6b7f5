"""What the list does in the background: looking, watching, verifying, repairing, deleting."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.tasks import Task, TaskRunner
from app.downloads.storage import free_bytes
from app.downloads.types import DownloadRequest, JobStatus, Target
from app.library.library import Library
from app.library.remove import Removal, Removed
from app.library.types import InstalledModel, Snapshot
from app.library.verify import Verification, VerifyProgress
from app.library.watch import Watcher
from app.ui.chat.model_loads import known

Failed = Callable[[KnownError], None]


@dataclass(frozen=True)
class Job:
    """Callbacks of a verification or repair; on the GUI thread."""

    on_verify: Callable[[VerifyProgress], None]
    on_fetch: Callable[[JobStatus], None]
    on_done: Callable[[Verification], None]
    on_error: Failed
    on_end: Callable[[], None]


class LibraryWork:
    """For the GUI thread; every method returns at once. on_snapshot: the list and the free bytes
    where downloads go. on_change: files came or went, on any thread."""

    def __init__(
        self,
        library: Library,
        tasks: TaskRunner,
        target: Callable[[], Target],
        on_snapshot: Callable[[Snapshot, int | None], None],
        on_change: Callable[[], None],
        on_error: Failed,
    ) -> None:
        self._library, self._tasks, self._target = library, tasks, target
        self._on_snapshot = on_snapshot
        self._on_error = on_error
        self._watcher = Watcher(lambda: tasks.post(on_change))
        self._scan: Task | None = None
        self._again = False
        self._active = False
        self._watching = False
        self.polling = False

    def resume(self) -> None:
        """Somebody looks: scan, then watch."""
        self._active = True
        self.scan()

    def scan(self) -> None:
        """Once more afterwards when one is running already; nothing while nobody looks."""
        if not self._active:
            return
        if self._scan is not None:
            self._again = True
            return
        tell = self._tasks.events(self._found)

        def work(cancel: CancelToken) -> tuple[Snapshot, int | None]:
            found = self._library.scan(lambda s: None if s.finished else tell(s), cancel)
            return found, self._free()

        def done(found: tuple[Snapshot, int | None]) -> None:
            self._on_snapshot(*found)
            self._watch()

        self._scan = self._tasks.run(
            work, done, lambda error: self._on_error(known(error)), self._scanned
        )

    def pause(self) -> None:
        """Nobody looks: no watching, no scan."""
        self._active = self._again = self._watching = self.polling = False
        if self._scan is not None:
            self._scan.cancel()
        self._watcher.stop()

    def verify(self, model: InstalledModel, job: Job, *, repair: bool) -> Task:
        on_verify, on_fetch = self._tasks.events(job.on_verify), self._tasks.events(job.on_fetch)

        def work(cancel: CancelToken) -> Verification:
            if repair:
                return self._library.repair(model, on_verify, on_fetch, cancel)
            return self._library.verify(model, on_verify, cancel)

        return self._tasks.run(work, job.on_done, lambda e: job.on_error(known(e)), job.on_end)

    def completion(
        self,
        model: InstalledModel,
        on_done: Callable[[tuple[DownloadRequest, Target]], None],
        on_error: Failed,
    ) -> Task:
        return self._tasks.run(
            lambda _: self._library.completion(model), on_done, lambda e: on_error(known(e))
        )

    def plan_removal(
        self, model: InstalledModel, on_done: Callable[[Removal], None], on_error: Failed
    ) -> None:
        self._tasks.run(
            lambda _: self._library.plan_removal(model), on_done, lambda e: on_error(known(e))
        )

    def delete(
        self,
        removal: Removal,
        on_done: Callable[[Removed], None],
        on_error: Failed,
        *,
        confirmed_foreign: bool,
        permanently: bool,
    ) -> None:
        def work(_: CancelToken) -> Removed:
            return self._library.delete(
                removal, confirmed_foreign=confirmed_foreign, permanently=permanently
            )

        self._tasks.run(work, on_done, lambda e: on_error(known(e)))

    def _found(self, snapshot: Snapshot) -> None:
        self._on_snapshot(snapshot, None)

    def _free(self) -> int | None:
        try:
            return free_bytes(self._target().folder)
        except OSError:
            return None

    def _scanned(self) -> None:
        self._scan = None
        if self._again:
            self._again = False
            self.scan()

    def _watch(self) -> None:
        if self._watching or not self._active:
            return
        self._watching = True
        snapshot, folders = self._library.snapshot, len(self._library.folders)
        roots = [source.folder for source in snapshot.sources]

        def work(_: CancelToken) -> bool:
            works = self._watcher.start(roots, folders)
            if not self._active:  # hidden while it started
                self._watcher.stop()
            return works

        def started(works: bool) -> None:
            self.polling = self._watching and not works

        self._tasks.run(work, started)
