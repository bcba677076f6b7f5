"""What is known of the GPUs for the model that is looked at, and the work behind it."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.cancel import CancelToken
from app.core.tasks import Task, TaskRunner
from app.hardware.types import Machine
from app.planning.fleet import (
    USUAL_RAM_BYTES_PER_SECOND,
    Fit,
    FleetRow,
    Subject,
    fleet,
    own_gpus,
    steps,
)
from app.planning.recommend import Candidate
from app.planning.types import Choice
from app.ui.chat.model_loads import known
from app.ui.widgets import single_shot

if TYPE_CHECKING:
    from app.core.errors import KnownError
    from app.hardware.nominal import Nominal

Plans = Callable[[Subject, CancelToken, Callable[[int, int], None]], Sequence[FleetRow]]
_SETTLE_MS = 120
_REPORT_EVERY = 12
_KEPT = 24


def plan_all(
    subject: Subject, cancel: CancelToken, on_progress: Callable[[int, int], None]
) -> Sequence[FleetRow]:
    return fleet(subject, cancel=cancel, on_progress=on_progress)


class FleetBoard(QObject):
    """`changed` tells that rows, progress or the problem are different; `steps_changed` that those
    of `step_row` are there. For the GUI thread; the planning runs on a worker.

    The newest subject wins. rows: of `shown`, which may be an older subject while it computes.
    """

    changed = Signal()
    steps_changed = Signal()

    def __init__(
        self, tasks: TaskRunner, plans: Plans = plan_all, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks, self._plans = tasks, plans
        self.ram_bytes_per_second = USUAL_RAM_BYTES_PER_SECOND
        self.subject: Subject | None = None
        self.shown: Subject | None = None
        self.rows: tuple[FleetRow, ...] = ()
        self.problem: KnownError | None = None
        self.stopped = False
        self.done, self.total = 0, 0
        self.own: frozenset[Nominal] = frozenset()
        self.steps: tuple[Fit, ...] = ()
        self.step_row: FleetRow | None = None
        self._task: Task | None = None
        self._steps_task: Task | None = None
        self._cache: OrderedDict[tuple[object, ...], tuple[Subject, tuple[FleetRow, ...]]] = (
            OrderedDict()
        )
        self._settle = single_shot(self, _SETTLE_MS, self._start)
        self._watchers: set[QObject] = set()

    @property
    def computing(self) -> bool:
        return self._task is not None or self._settle.isActive()

    @property
    def current(self) -> bool:
        """The rows are those of the subject."""
        return self.shown is self.subject and self.subject is not None

    def watch(self, who: QObject, watching: bool) -> None:
        """Nothing is planned while nobody looks. Qt tells some views twice that they are hidden."""
        (self._watchers.add if watching else self._watchers.discard)(who)
        if not self._watchers:
            self._settle.stop()
        if self._watchers and not self.current and not self.stopped and not self.computing:
            self._start()

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None and self.subject is not None and _key(subject) == _key(self.subject):
            return
        self.subject, self.problem, self.stopped = subject, None, False
        self._drop_task()
        self._settle.stop()
        if subject is None:
            self.shown, self.rows = None, ()
        elif self._watchers and not self._from_cache(subject):
            self._settle.start()
        self.changed.emit()

    def set_ram(self, bytes_per_second: int) -> None:
        """Of the RAM beside cards that cannot hold all of it."""
        self.ram_bytes_per_second = bytes_per_second
        if self.subject is not None:
            self.set_subject(replace(self.subject, ram_bytes_per_second=bytes_per_second))

    def set_model(self, candidate: Candidate, choice: Choice) -> None:
        self.set_subject(Subject(candidate, choice, self.ram_bytes_per_second))

    def set_machine(self, machine: Machine) -> None:
        """Marks what this machine has."""
        own = frozenset(own_gpus(machine))
        if own != self.own:
            self.own = own
            self.changed.emit()

    def stop(self) -> None:
        """What was found before stays."""
        self._settle.stop()
        self._drop_task()
        self.stopped = True
        self.changed.emit()

    def again(self) -> None:
        self.stopped, self.problem = False, None
        self._start()

    def look_into(self, row: FleetRow | None) -> None:
        """Plans what each further card of it brings."""
        if self._steps_task is not None:
            self._steps_task.cancel()
        self.step_row, self.steps, self._steps_task = row, (), None
        subject = self.shown
        self.steps_changed.emit()
        if row is None or subject is None:
            return

        def done(found: tuple[Fit, ...]) -> None:
            if self._steps_task is task:
                self.steps = found
                self._steps_task = None
                self.steps_changed.emit()

        def work(cancel: CancelToken) -> tuple[Fit, ...]:
            found = []
            for fit in steps(subject, row):
                cancel.raise_if_cancelled()
                found.append(fit)
            return tuple(found)

        task = self._steps_task = self._tasks.run(work, done, lambda _: None)

    @property
    def looking(self) -> bool:
        return self._steps_task is not None

    # -- the work --------------------------------------------------------------------------------

    def _start(self) -> None:
        subject = self.subject
        if subject is None or self._from_cache(subject):
            self.changed.emit()
            return
        self._drop_task()
        self.done, self.total = 0, 0

        def report(progress: tuple[int, int]) -> None:
            if self._task is task:
                self.done, self.total = progress
                self.changed.emit()

        post = self._tasks.events(report)

        def on_progress(done: int, total: int) -> None:
            if done % _REPORT_EVERY == 0:
                post((done, total))

        def finished(rows: Sequence[FleetRow]) -> None:
            if self._task is task:
                self._task = None
                self._keep(subject, tuple(rows))
                self.changed.emit()

        def failed(error: Exception) -> None:
            if self._task is task:
                self._task = None
                self.problem, self.shown, self.rows = known(error), None, ()
                self.changed.emit()

        task = self._task = self._tasks.run(
            lambda cancel: self._plans(subject, cancel, on_progress), finished, failed
        )
        self.changed.emit()

    def _drop_task(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _keep(self, subject: Subject, rows: tuple[FleetRow, ...]) -> None:
        self.shown, self.rows, self.problem = subject, rows, None
        self._cache[_key(subject)] = subject, rows
        while len(self._cache) > _KEPT:
            self._cache.popitem(last=False)

    def _from_cache(self, subject: Subject) -> bool:
        found = self._cache.get(_key(subject))
        if found is None:
            return False
        self.shown, self.rows, self.problem = subject, found[1], None
        return True


def _key(subject: Subject) -> tuple[object, ...]:
    """The candidate itself rather than its hundreds of layers; the cache keeps it alive."""
    return id(subject.candidate), subject.choice, subject.ram_bytes_per_second
