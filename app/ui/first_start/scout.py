"""Looks at the machine and at the Hub for the first start, in the background, stage by stage."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.tasks import Task, TaskRunner, run_bounded
from app.downloads.types import Target
from app.hardware.types import Machine
from app.planning.offers import DEFAULT_REPOSITORY, Offers, shipped_offers
from app.ui.chat.model_loads import known
from app.ui.first_start.advice import Advice, Sight, advise, free_on, sight_of

T = TypeVar("T")
V = TypeVar("V")

_LONGEST_SECONDS = 120.0


Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LocalModel:
    """A model that is on this disk already."""

    name: str
    detail: str
    path: Path


@dataclass(frozen=True)
class Scouting:
    """None while it is not known yet. checking: better figures are on their way; read: how many of
    how many headers are. offline: why there are none. problem: the machine could not be looked at.
    local: models that are on this disk."""

    sight: Sight | None = None
    advice: Advice | None = None
    local: tuple[LocalModel, ...] = ()
    checking: bool = True
    read: tuple[int, int] = (0, 0)
    offline: str = ""
    problem: KnownError | None = None


class Scout:
    """For the GUI thread. machine, offers, local and free block and are called on worker threads.

    offers: the repository's files with headers read over the network. free: room where models go.
    """

    def __init__(
        self,
        tasks: TaskRunner,
        machine: Callable[[], Machine],
        offers: Callable[[str, CancelToken, Progress], Offers],
        local: Callable[[CancelToken], Sequence[LocalModel]],
        target: Callable[[], Target],
        free: Callable[[Path], int],
        *,
        recorded: bool = False,
    ) -> None:
        self._tasks, self._machine, self._offers = tasks, machine, offers
        self._local, self._target, self._free = local, target, free
        self._recorded = recorded
        self._running: list[Task] = []
        self._changed: Callable[[], None] = lambda: None
        self.state = Scouting()

    def start(self, changed: Callable[[], None]) -> None:
        """changed: called after each stage. Starting anew leaves the stages before behind."""
        self.stop()
        self._changed = changed
        self._set(Scouting())
        self._run(self._look, self._seen, self._failed)
        self._run(lambda cancel: tuple(self._local(cancel)), self._found, lambda _: None)

    def stop(self) -> None:
        for task in self._running:
            task.cancel()
        self._running.clear()
        self._changed = lambda: None

    def _run(
        self,
        work: Callable[[CancelToken], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        def if_current(call: Callable[[V], None]) -> Callable[[V], None]:
            return lambda value: call(value) if task in self._running else None

        task = self._tasks.run(work, if_current(done), if_current(failed))
        self._running.append(task)

    def _look(self, _: CancelToken) -> tuple[Machine, Sight]:
        machine, target = self._machine(), self._target()
        if self._recorded:
            free = free_on(machine)
        else:
            try:
                free = self._free(target.folder)
            except OSError:
                free = None
        return machine, sight_of(machine, _home(target.folder), free)

    def _seen(self, found: tuple[Machine, Sight]) -> None:
        machine, sight = found
        self._set(replace(self.state, sight=sight))
        self._run(lambda _: self._from_list(machine, sight), self._listed, self._failed)
        self._run(lambda cancel: self._from_hub(machine, sight, cancel), self._read, self._unread)

    def _found(self, local: tuple[LocalModel, ...]) -> None:
        self._set(replace(self.state, local=local))

    def _from_list(self, machine: Machine, sight: Sight) -> Advice | None:
        offers = shipped_offers(DEFAULT_REPOSITORY)
        return None if offers is None else advise(offers, machine, sight.free_bytes)

    def _listed(self, advice: Advice | None) -> None:
        if advice is not None and (self.state.checking or self.state.advice is None):
            self._set(replace(self.state, advice=advice))

    def _from_hub(self, machine: Machine, sight: Sight, cancel: CancelToken) -> tuple[Advice, str]:
        def counted(done: int, total: int) -> None:
            self._tasks.post(lambda: self._counted(done, total))

        offers = run_bounded(
            lambda token: self._offers(DEFAULT_REPOSITORY, token, counted),
            cancel,
            _LONGEST_SECONDS,
        )
        exact = any(offer.header is not None for offer in offers.offers)
        return advise(offers, machine, sight.free_bytes), "" if exact else _why_offline(offers)

    def _counted(self, done: int, total: int) -> None:
        if self.state.checking and self.state.sight is not None:
            self._set(replace(self.state, read=(done, total)))

    def _read(self, found: tuple[Advice, str]) -> None:
        advice, offline = found
        self._set(replace(self.state, advice=advice, checking=False, offline=offline))

    def _unread(self, error: Exception) -> None:
        self._set(replace(self.state, checking=False, offline=known(error).what))

    def _failed(self, error: Exception) -> None:
        self._set(replace(self.state, checking=False, problem=known(error)))

    def _set(self, state: Scouting) -> None:
        self.state = state
        self._changed()


def _why_offline(offers: Offers) -> str:
    """The note says first why the shipped list has to do, then what it is."""
    shipped = shipped_offers(DEFAULT_REPOSITORY)
    return offers.note.removesuffix(shipped.note if shipped is not None else "").strip()


def _home(folder: Path) -> str:
    """With ~ for the person's own folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
