"""What the model page shows, and the background work behind it. No Qt: results come back on the GUI
thread, where all methods belong."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from app.catalog.cards import Card, Cards
from app.catalog.refusals import UnreachableError
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.placement import KvType
from app.core.tasks import Task, TaskRunner
from app.hardware.types import Machine
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.offers import Offers
from app.ui.chat.model_loads import known
from app.ui.models.planned import Asked, CorrectionsOf, Table, longest_contexts, plan_table
from app.ui.models.source import Findings, FoundRepo, ModelSource, recorded_machine

T = TypeVar("T")
Change = Literal[
    "model", "publishers", "files", "machine", "table", "search", "downloads", "progress"
]
DEFAULT_CONTEXT = 32_768


@dataclass(frozen=True)
class Elsewhere:
    """Another machine to plan for: a recorded file, or one that was put together."""

    label: str
    path: Path | None = None
    machine: Machine | None = None


@dataclass(frozen=True)
class Found:
    """Of a search. repos: None while it runs. note: where they come from, if not from the Hub."""

    text: str
    repos: tuple[FoundRepo, ...] | None = None
    problem: KnownError | None = None
    note: str = ""


class Board:
    """changed: is told what is different; everything is read from the attributes.

    card: None for a repository that belongs to none. publishers: repositories that offer its files,
    those of the card first. exact: the files' headers were read.
    downloads: of the makers' repository, live; None when it was not to be had. progress: headers
    read, and how many there are.
    """

    def __init__(
        self,
        source: ModelSource,
        tasks: TaskRunner,
        cards: Cards,
        changed: Callable[[Change], None],
        context_tokens: int = 0,
    ) -> None:
        self._source, self._tasks, self._changed = source, tasks, changed
        self.cards = cards
        self.card: Card | None = None
        self.repo = ""
        self.publishers: tuple[str, ...] = ()
        self.offers: Offers | None = None
        self.exact = False
        self.reading = False
        self.progress = (0, 0)
        self.problem: KnownError | None = None
        self.machine: Machine | None = None
        self.machine_problem: KnownError | None = None
        self.elsewhere: Elsewhere | None = None
        self.asked = Asked(context_tokens or DEFAULT_CONTEXT, None)
        self.table: Table | None = None
        self.contexts: dict[str, int] = {}
        self.installed: dict[str, str] = {}
        self.downloads: int | None = None
        self.found: Found | None = None
        self._reading: Task | None = None
        self._planning: Task | None = None
        self._again = False
        self._limits: Task | None = None
        self._limits_key: tuple[object, ...] = ()
        self._machine_task: Task | None = None
        self._looking: Task | None = None
        self._searching: Task | None = None
        self._counting: Task | None = None
        self._asking: Task | None = None

    # -- the model -------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        return self.card.name if self.card is not None else self.repo.rpartition("/")[2]

    def show_card(self, card: Card) -> None:
        if card is self.card:
            return
        self._take_card(card)
        self._read(card.repositories[0] if card.repositories else "")

    def show_repository(self, repo: str) -> None:
        """Any repository of the Hub; on its card when it belongs to one."""
        card = self.cards.of_repository(repo)
        if card is not self.card:
            self._take_card(card)
        self._read(repo)

    def _take_card(self, card: Card | None) -> None:
        self.card, self.downloads = card, None
        self.publishers = card.repositories if card is not None else ()
        self.asked = Asked(self.asked.context_tokens, None)
        if card is not None:
            self._count(card)
            self._ask_for_publishers(card)

    def retry(self) -> None:
        self._read(self.repo, keep=True)

    # -- the choice ------------------------------------------------------------------------------

    def ask(self, context_tokens: int, kv: KvType) -> None:
        asked = Asked(context_tokens, kv)
        if asked != self.asked:
            self.asked = asked
            self._plan()

    def go_to(self, elsewhere: Elsewhere | None) -> None:
        """Plan for another machine; None for this one."""
        self.elsewhere = elsewhere
        self.machine, self.machine_problem = None, None
        self.table, self.contexts, self._limits_key = None, {}, ()
        self.asked = Asked(self.asked.context_tokens, None)
        self._changed("machine")
        self.look_at_machine()

    def look_at_machine(self) -> None:
        """Anew: what is free changes."""
        elsewhere = self.elsewhere

        def work(_: CancelToken) -> Machine:
            if elsewhere is None:
                return self._source.machine()
            if elsewhere.machine is not None:
                return elsewhere.machine
            assert elsewhere.path is not None  # noqa: S101 - one of the two is given
            return recorded_machine(elsewhere.path)

        def done(machine: Machine) -> None:
            if self._machine_task is task and machine != self.machine:
                self.machine, self.machine_problem = machine, None
                self._changed("machine")
                self._plan()

        def failed(error: Exception) -> None:
            if self._machine_task is task:
                self.machine_problem = known(error)
                self._changed("machine")

        task = self._machine_task = self._tasks.run(work, done, failed)

    # -- the Hub ---------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """ "" forgets the search."""
        if self._searching is not None:
            self._searching.cancel()
            self._searching = None
        self.found = Found(text) if text else None
        self._changed("search")
        if not text:
            return

        def done(findings: Findings) -> None:
            if self._searching is task:
                self.found = Found(text, findings.repos, note=findings.note)
                self._changed("search")

        def failed(error: Exception) -> None:
            if self._searching is task:
                self.found = Found(text, (), known(error))
                self._changed("search")

        task = self._searching = self._tasks.run(
            lambda cancel: self._source.search(text, cancel), done, failed
        )

    def _ask_for_publishers(self, card: Card) -> None:
        if self._asking is not None:
            self._asking.cancel()

        def done(found: tuple[str, ...]) -> None:
            if self._asking is not task or self.card is not card:
                return
            known_ones = {repo.lower() for repo in card.repositories}
            more = tuple(repo for repo in found if repo.lower() not in known_ones)
            self.publishers = (*card.repositories, *more)
            if more:
                self._changed("publishers")
            if more and not self.repo:
                self._read(more[0])

        task = self._asking = self._tasks.run(
            lambda cancel: self._source.publishers(card, cancel), done, lambda _: None
        )

    def _count(self, card: Card) -> None:
        if self._counting is not None:
            self._counting.cancel()

        def done(downloads: int | None) -> None:
            if self._counting is task:
                self.downloads = downloads
                self._changed("downloads")

        task = self._counting = self._tasks.run(
            lambda cancel: self._source.downloads(card.repository, cancel), done, lambda _: None
        )

    # -- the files -------------------------------------------------------------------------------

    def _read(self, repo: str, *, keep: bool = False) -> None:
        """What ships is shown until the headers are there. keep: what is shown, until then."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self.repo, self.problem = repo, None
        if not keep:
            self.offers, self.exact, self.table = None, False, None
            self.contexts, self.installed = {}, {}
        self.reading, self.progress = bool(repo), (0, 0)
        self._changed("model")
        if not repo:
            self._read_usual()
            return

        def told(done: int, total: int) -> None:
            self._tasks.post(lambda: self._read_so_far(task, done, total))

        def work(cancel: CancelToken) -> Offers:
            listed = self._source.shipped(repo)
            if listed is not None and not keep:
                self._tasks.post(lambda: self._listed(task, listed))
            return self._source.offers(repo, cancel, told)

        def done(offers: Offers) -> None:
            if self._reading is task:
                self.reading = False
                self.exact = any(offer.candidate.exact for offer in offers.offers)
                self._show(offers)

        def failed(error: Exception) -> None:
            if self._reading is task:
                self.reading = False
                self.problem = known(error)
                if not isinstance(error, UnreachableError):
                    # There is no such thing: what ships about it would be a promise.
                    self.offers, self.table = None, None
                self._changed("files")

        task = self._reading = self._tasks.run(work, done, failed)

    def _read_usual(self) -> None:
        card = self.card
        if card is None:
            return

        def done(offers: Offers | None) -> None:
            if offers is not None and card is self.card and not self.repo:
                self._show(offers)

        self._tasks.run(lambda _: self._source.usual(card.name), done, lambda _: None)

    def _read_so_far(self, task: Task, done: int, total: int) -> None:
        if self._reading is task and self.reading:
            self.progress = (done, total)
            self._changed("progress")

    def _listed(self, task: Task, offers: Offers) -> None:
        if self._reading is task and self.reading:
            self.exact = False
            self._show(offers)

    def _show(self, offers: Offers) -> None:
        self.offers = offers
        self._changed("files")
        self._plan()
        self.look_at_disk()

    def look_at_disk(self, *, fresh: bool = False) -> None:
        """fresh: look anew, because downloads end."""
        offers = self.offers
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if offers is None:
            return

        def done(installed: dict[str, str]) -> None:
            if offers is self.offers and installed != self.installed:
                self.installed = installed
                self._changed("table")

        self._looking = self._tasks.run(
            lambda cancel: self._source.installed(offers, cancel, fresh=fresh), done, lambda _: None
        )

    # -- the table -------------------------------------------------------------------------------

    def _plan(self) -> None:
        """The latest choice wins; one that is being planned is shown first, so that a bar that is
        dragged follows."""
        offers, machine, asked = self.offers, self.machine, self.asked
        if offers is None or machine is None or not offers.offers:
            return
        if self._planning is not None:
            self._again = True
            return
        corrections = self._corrections(machine)

        def done(table: Table) -> None:
            if offers is self.offers and machine is self.machine:
                self.table = table
                if self.asked.kv is None and asked is self.asked:
                    self.asked = Asked(asked.context_tokens, table.kv)
                self._changed("table")

        def ended() -> None:
            self._planning = None
            if self._again:
                self._again = False
                self._plan()
            else:
                self._find_limits()

        def failed(error: Exception) -> None:
            if offers is self.offers:
                self.problem = known(error)
                self._changed("files")

        self._planning = self._tasks.run(
            lambda cancel: plan_table(offers, machine, asked, cancel, corrections),
            done,
            failed,
            ended,
        )

    def _find_limits(self) -> None:
        offers, machine, kv = self.offers, self.machine, self.asked.kv
        if offers is None or machine is None or kv is None:
            return
        key = (offers, machine, kv)
        if all(one is other for one, other in zip(key, self._limits_key, strict=False)) and (
            self._limits_key
        ):
            return
        if self._limits is not None:
            self._limits.cancel()
        self._limits_key = key
        corrections = self._corrections(machine)

        def done(contexts: dict[str, int]) -> None:
            if self._limits is task:
                self.contexts = contexts
                self._changed("table")

        task = self._limits = self._tasks.run(
            lambda cancel: longest_contexts(offers, machine, kv, cancel, corrections),
            done,
            lambda _: None,
        )

    def _corrections(self, machine: Machine) -> CorrectionsOf:
        if self.elsewhere is not None:
            return lambda _: NO_CORRECTIONS
        found: dict[str, Corrections] = {}

        def of(model: str) -> Corrections:
            if model not in found:
                found[model] = self._source.corrections(machine, model)
            return found[model]

        return of
