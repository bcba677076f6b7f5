"""Opening files: plan, let the person choose, load. No Qt: closures come back on the GUI thread."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from app.chat.loading import PlannedLoad, Wanted
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import Task, TaskRunner
from app.engine.protocol import LoadProgress
from app.ui.chat.model_state import (
    Choosing,
    LoadedModel,
    LoadFailed,
    Loading,
    ModelState,
    NoModel,
    Planning,
    Ready,
    model_file_name,
    open_model,
)

_LOOK_SECONDS = 0.1
_log = logging.getLogger(__name__)


class LoadBackend(Protocol):
    """Every method but `is_demo` blocks, on worker threads, and raises KnownError."""

    def is_demo(self, path: str) -> bool: ...

    def plan(self, path: str) -> PlannedLoad: ...

    def adjust(self, planned: PlannedLoad, wanted: Wanted) -> PlannedLoad: ...

    def load_planned(
        self,
        planned: PlannedLoad,
        on_progress: Callable[[LoadProgress], None],
        cancel: CancelToken,
    ) -> LoadedModel: ...

    def unload(self) -> None: ...


class ModelLoads:
    """All methods belong on the GUI thread and return at once."""

    def __init__(
        self,
        backend: LoadBackend,
        tasks: TaskRunner,
        changed: Callable[[], None],
        stop_turn: Callable[[], None],
    ) -> None:
        self._backend = backend
        self._tasks = tasks
        self._changed = changed
        self._stop_turn = stop_turn
        self.state: ModelState = NoModel()
        self._task: Task | None = None
        self._engine_work: Task | None = None

    @property
    def ready(self) -> LoadedModel | None:
        return open_model(self.state)

    @property
    def path(self) -> str:
        match self.state:
            case Ready(model):
                return model.info.path
            case Planning(path=path) | Choosing(path=path):
                return path
            case Loading(path=path) | LoadFailed(path=path):
                return path
            case _:
                return ""

    def open(self, path: str, wanted: Wanted | None = None, *, ask: bool = True) -> None:
        """Plan the load of a file, then let the person choose; without a plan there is nothing to
        choose, and it is loaded. wanted: to start from. ask: False loads as planned when it fits.
        """
        kept = self._kept()
        self._drop_task()
        name = tr("Demo model") if self._backend.is_demo(path) else model_file_name(path)
        earlier = self._engine_work

        def work(cancel: CancelToken) -> tuple[PlannedLoad, PlannedLoad]:
            _after(earlier, cancel)
            recommended = self._backend.plan(path)
            if recommended.plan is None or wanted is None:
                return recommended, recommended
            cancel.raise_if_cancelled()
            return recommended, self._backend.adjust(recommended, wanted)

        def done(found: tuple[PlannedLoad, PlannedLoad]) -> None:
            if self._task is not task:
                return
            recommended, planned = found
            plan = planned.plan
            if plan is None or not (ask or plan.verdict in ("disk", "does not fit")):
                self._start(planned, name, self._kept())
            else:
                self._set(Choosing(path, name, planned, recommended, self._kept(), _wish(planned)))

        def failed(error: Exception) -> None:
            if self._task is task:
                self._set(LoadFailed(path, known(error), self._kept()))

        self._set(Planning(path, name, kept))
        task = self._task = self._tasks.run(work, done, failed)

    def adjust(self, wanted: Wanted) -> None:
        """Plan the choice anew; the latest one wins."""
        state = self.state
        if not isinstance(state, Choosing):
            return
        self._drop_task()
        recommended = state.recommended

        def done(planned: PlannedLoad) -> None:
            if self._task is task and isinstance(self.state, Choosing):
                self._set(replace(self.state, planned=planned, working=False))

        def failed(error: Exception) -> None:
            if self._task is task and isinstance(self.state, Choosing):
                self._set(replace(self.state, working=False, problem=known(error)))

        task = self._task = self._tasks.run(
            lambda _: self._backend.adjust(recommended, wanted), done, failed
        )
        self._set(replace(state, wanted=wanted, working=True, problem=None))

    def recommend(self) -> None:
        """Back to the plan's own choice."""
        state = self.state
        if isinstance(state, Choosing):
            self._drop_task()
            best = state.recommended
            self._set(replace(state, planned=best, wanted=_wish(best), working=False, problem=None))

    def start(self) -> None:
        """Load what is shown."""
        state = self.state
        if isinstance(state, Choosing) and state.can_load:
            self._start(state.planned, state.name, state.kept)

    def cancel(self) -> None:
        """Whatever of it goes on."""
        match self.state:
            case Planning() | Choosing():
                kept = self._kept()
                self._drop_task()
                self._set(Ready(kept) if kept is not None else NoModel())
            case Loading() as state if self._task is not None:
                self._task.cancel()
                self._set(replace(state, cancelling=True))

    def reload(self) -> None:
        """The open model as it was chosen, or the file that could not be opened."""
        if self.ready is not None:
            self.open(self.ready.info.path, self.ready.wanted)
        elif self.path:
            self.open(self.path)

    def retry(self) -> None:
        """The file that could not be opened, once more."""
        if isinstance(self.state, LoadFailed):
            self.open(self.state.path)

    def keep(self) -> None:
        """Forget the file that could not be opened and go on with the model before."""
        if self.ready is not None:
            self._set(Ready(self.ready))

    def unload(self) -> None:
        if self.ready is None:
            return
        self._stop_turn()
        self._drop_task()
        path = self.path
        self._set(NoModel())
        earlier = self._engine_work

        def work(cancel: CancelToken) -> None:
            _after(earlier, cancel)
            self._backend.unload()

        def failed(error: Exception) -> None:
            if isinstance(self.state, NoModel):
                self._set(LoadFailed(path, known(error)))

        self._engine_work = self._tasks.run(work, on_error=failed)

    def close(self) -> None:
        """Cancel what runs; waiting for it is the task runner's business."""
        if self._task is not None:
            self._task.cancel()

    def _start(self, planned: PlannedLoad, name: str, kept: LoadedModel | None) -> None:
        """Replaces the model; a running turn is stopped."""
        self._stop_turn()
        self._drop_task()
        path = str(planned.path)
        self._set(Loading(path, name, before=kept))
        earlier = self._engine_work

        def work(cancel: CancelToken) -> LoadedModel:
            _after(earlier, cancel)

            def report(event: LoadProgress) -> None:
                self._tasks.post(lambda: self._progress(task, event))

            return self._backend.load_planned(planned, report, cancel)

        def done(model: LoadedModel) -> None:
            if self._task is task:
                _log.info("Ready: %s", model.info.path)
                self._set(Ready(model))

        def failed(error: Exception) -> None:
            if self._task is task:
                self._set(LoadFailed(path, known(error), self._kept()))

        def ended() -> None:
            if self._task is not task:
                return
            self._task = None
            if isinstance(self.state, Loading):
                kept = self.state.kept
                self._set(Ready(kept) if kept is not None else NoModel())

        task = self._task = self._engine_work = self._tasks.run(work, done, failed, ended)

    def _kept(self) -> LoadedModel | None:
        return self.state.kept if isinstance(self.state, Loading) else self.ready

    def _drop_task(self) -> None:
        """What it still gives is for nobody."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _progress(self, task: Task, event: LoadProgress) -> None:
        if self._task is task and isinstance(self.state, Loading):
            self._set(replace(self.state, stage=event.stage, fraction=event.fraction))

    def _set(self, state: ModelState) -> None:
        self.state = state
        self._changed()


def _wish(planned: PlannedLoad) -> Wanted | None:
    """What the controls say of it; a plan from disk turns repacking off by itself."""
    if planned.wanted is not None or planned.plan is None:
        return planned.wanted
    return Wanted(replace(planned.plan.choice, repack=True))


def _after(earlier: Task | None, cancel: CancelToken) -> None:
    """Loads and unloads reach the engine in the order in which they were asked for."""
    while earlier is not None and not earlier.wait(_LOOK_SECONDS):
        cancel.raise_if_cancelled()


def known(error: Exception) -> KnownError:
    """A bug, in words; the traceback is in the log."""
    if isinstance(error, KnownError):
        return error
    return KnownError(
        tr("Something in the program went wrong."),
        tr("This is a fault of the program, not of yours."),
        tr("Try again. The log has the details."),
        f"{type(error).__name__}: {error}",
    )
