"""Verifying and repairing, one model at a time, with what the strip says meanwhile and after."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.types import DownloadRequest, Target
from app.library.types import InstalledModel
from app.library.verify import Verification
from app.ui.library.asking import WorkStrip
from app.ui.library.words import repair_line, verify_line
from app.ui.library.work import Job, LibraryWork

if TYPE_CHECKING:
    from app.core.tasks import Task


class Checking:
    """on_ended: with the result, None when there is none (stopped, or it could not be done)."""

    def __init__(
        self,
        work: LibraryWork,
        strip: WorkStrip,
        on_ended: Callable[[Verification | None], None],
    ) -> None:
        self._work, self._strip, self._on_ended = work, strip, on_ended
        self._task: Task | None = None
        self._result: Verification | None = None
        self._told = False

    @property
    def busy(self) -> bool:
        return self._task is not None

    def begin(self, model: InstalledModel, *, repair: bool) -> None:
        """Nothing while another one goes on."""
        if self.busy:
            return
        strip = self._strip
        self._result, self._told = None, False
        job = Job(
            lambda p: strip.progress(verify_line(p), p.done_bytes, p.size_bytes),
            lambda s: strip.progress(repair_line(s), s.done_bytes, s.size_bytes),
            self._found,
            lambda error: self._failed(model, error),
            self._ended,
        )
        task = self._task = self._work.verify(model, job, repair=repair)
        strip.begin(f"{'Repairing' if repair else 'Verifying'} {model.title}", task.cancel)

    def complete(
        self, model: InstalledModel, then: Callable[[tuple[DownloadRequest, Target]], None]
    ) -> None:
        """Asks the Hub what the rest of a partial model is."""
        if self.busy:
            return

        def found(wanted: tuple[DownloadRequest, Target]) -> None:
            if not task.cancelled:
                self._strip.hide()
                then(wanted)

        def failed(error: KnownError) -> None:
            if not task.cancelled:
                self._failed(model, error)

        def stop() -> None:
            task.cancel()
            self._strip.hide()

        task = self._work.completion(model, found, failed)
        self._strip.begin(tr("Asking the Hub for the rest of {title}", title=model.title), stop)

    def _found(self, result: Verification) -> None:
        self._result, self._told = result, True
        name, good = result.model.title, result.verified is not None
        if good:
            what = tr("{name} is sound", name=name)
        elif any(one.sure for one in result.wrong):
            what = tr("{name} is damaged", name=name)
        else:
            what = tr("{name} differs from the Hub", name=name)
        self._strip.end(what, result.sentence, good=good)

    def _failed(self, model: InstalledModel, error: KnownError) -> None:
        self._told = True
        self._strip.end(model.title, str(error), good=False)

    def _ended(self) -> None:
        self._task = None
        if not self._told:  # it was stopped
            self._strip.hide()
        self._on_ended(self._result)
