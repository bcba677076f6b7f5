"""The machine that is being built: what it runs, kept between starts, written to files and read."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.tasks import Task, TaskRunner
from app.hardware.types import Machine
from app.planning.build import (
    Build,
    build_from_json,
    build_of,
    build_to_json,
    dump_build,
    read_build,
)
from app.planning.offers import sibling_candidates
from app.planning.recommend import Candidate, Recommendation, Wish, recommend
from app.settings.declared import BUILT_MACHINE
from app.settings.store import SettingsStore
from app.ui.chat.model_loads import known
from app.ui.widgets import single_shot

_SETTLE_MS = 120
_UNDO = 50


class BuildBoard(QObject):
    """`changed` tells that the build, its results or a note are different. For the GUI thread.

    result: of `planned`, which may be an earlier build while it computes. here: the same on this
    machine, None while it is not known. note, problem: what came of the last file.
    """

    changed = Signal()

    def __init__(
        self,
        tasks: TaskRunner,
        settings: SettingsStore,
        settings_changed: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._settings, self._save_soon = tasks, settings, settings_changed
        self.build = Build()
        self.candidates: tuple[Candidate, ...] = ()
        self.wish = Wish()
        self.machine: Machine | None = None
        self.result: Recommendation | None = None
        self.planned: Build | None = None
        self.here: Recommendation | None = None
        self.problem: KnownError | None = None
        self.note = ""
        self._before: list[Build] = []
        self._task: Task | None = None
        self._here_task: Task | None = None
        self._watchers: set[QObject] = set()
        self._settle = single_shot(self, _SETTLE_MS, self._plan)
        self._restore()

    # -- the build -------------------------------------------------------------------------------

    def change(self, build: Build) -> None:
        if build == self.build:
            return
        self._before = [*self._before[-_UNDO:], self.build]
        self._take(build)

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    def undo(self) -> None:
        if self._before:
            self._take(self._before.pop())

    def try_change(self, change: Callable[[Build], Build]) -> None:
        """What is refused is told, and nothing is changed."""
        try:
            build = change(self.build)
        except KnownError as error:
            self.problem = error
            self.changed.emit()
            return
        self.problem = None
        self.change(build)
        self.changed.emit()

    def from_machine(self, machine: Machine) -> None:
        self.try_change(lambda _: build_of(machine))

    def _take(self, build: Build) -> None:
        self.build, self.problem, self.note = build, None, ""
        self._settings.set(BUILT_MACHINE, build_to_json(build))
        self._save_soon()
        self._plan_soon()
        self.changed.emit()

    def _restore(self) -> None:
        """What cannot be read stays in the settings until something else is built."""
        stored = self._settings.get(BUILT_MACHINE)
        if stored:
            try:
                self.build = build_from_json(stored)
            except KnownError as error:
                self.problem = error

    # -- files -----------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """As a machine file. An old one of this name is replaced whole or not at all."""
        text = dump_build(self.build)

        def work(_: CancelToken) -> None:
            beside = path.with_name(f".{path.name}.part")
            try:
                beside.write_text(text, encoding="utf-8", newline="\n")
                beside.replace(path)
            except OSError as error:
                beside.unlink(missing_ok=True)
                raise KnownError(
                    tr("{name} could not be written.", name=path.name),
                    error.strerror or "",
                    tr("Choose another folder."),
                    str(error),
                ) from error

        told = tr("Saved as {name}. Any command takes it as --machine {name}.", name=path.name)
        self._tasks.run(work, lambda _: self._say(told), self._fail)

    def open(self, path: Path) -> None:
        def done(build: Build) -> None:
            self.change(build)
            self._say(tr("Opened {name}.", name=path.name))

        self._tasks.run(lambda _: read_build(path), done, self._fail)

    def _say(self, text: str) -> None:
        self.note, self.problem = text, None
        self.changed.emit()

    def _fail(self, error: Exception) -> None:
        self.problem, self.note = known(error), ""
        self.changed.emit()

    # -- what it runs ----------------------------------------------------------------------------

    @property
    def computing(self) -> bool:
        return self._task is not None or self._settle.isActive()

    @property
    def current(self) -> bool:
        return self.result is not None and self.planned == self.build and not self.computing

    def watch(self, who: QObject, watching: bool) -> None:
        """Nothing is planned while nobody looks. Qt tells some views twice that they are hidden."""
        (self._watchers.add if watching else self._watchers.discard)(who)
        if not self._watchers:
            self._settle.stop()
        if self._watchers and not self.current:
            self._plan_soon()
            self.changed.emit()

    def set_subject(self, candidates: Sequence[Candidate], context_tokens: int) -> None:
        wish = Wish(max(1, context_tokens))
        same = len(candidates) == len(self.candidates) and all(
            one is other for one, other in zip(candidates, self.candidates, strict=False)
        )
        if same and wish == self.wish:
            return
        self.candidates, self.wish, self.result, self.here = tuple(candidates), wish, None, None
        self._plan_soon()
        self.changed.emit()

    def set_machine(self, machine: Machine) -> None:
        """This machine, to compare with."""
        if machine != self.machine:
            self.machine, self.here = machine, None
            self._plan_here()

    def _plan_soon(self) -> None:
        if self._watchers and self.candidates:
            self._settle.start()

    def _plan(self) -> None:
        if self._task is not None:
            self._task.cancel()
        build, candidates, wish = self.build, self.candidates, self.wish

        def done(found: Recommendation) -> None:
            if self._task is task:
                self._task, self.result, self.planned = None, found, build
                self.changed.emit()

        def failed(error: Exception) -> None:
            if self._task is task:
                self._task, self.result, self.problem = None, None, known(error)
                self.changed.emit()

        task = self._task = self._tasks.run(
            lambda cancel: _recommend(candidates, build.machine(), wish, cancel), done, failed
        )
        self._plan_here()
        self.changed.emit()

    def _plan_here(self) -> None:
        machine, candidates, wish = self.machine, self.candidates, self.wish
        if machine is None or not candidates or self.here is not None or not self._watchers:
            return
        if self._here_task is not None:
            self._here_task.cancel()

        def done(found: Recommendation) -> None:
            if self._here_task is task:
                self._here_task, self.here = None, found
                self.changed.emit()

        task = self._here_task = self._tasks.run(
            lambda cancel: _recommend(candidates, machine, wish, cancel), done, lambda _: None
        )


def _recommend(
    candidates: Sequence[Candidate], machine: Machine, wish: Wish, cancel: CancelToken
) -> Recommendation:
    """Smaller models are looked at only when this one has nothing to offer."""
    cancel.raise_if_cancelled()
    own = candidates[0].model
    smaller = (one for one in sibling_candidates() if one.model != own)
    found = recommend(candidates, smaller, machine, wish)
    cancel.raise_if_cancelled()
    return found
