"""The model page's source on the real services."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from app.catalog.cards import Card
from app.catalog.hub import RepoSummary
from app.catalog.refusals import UnreachableError
from app.catalog.shipped import shipped_catalogue
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.tasks import TimedOut, run_bounded
from app.hardware.types import Machine
from app.library.types import InstalledModel
from app.planning.corrections import Corrections
from app.planning.measured import corrections_for, driver_of, measurements_path
from app.planning.offers import (
    Offer,
    Offers,
    base_name,
    remote_offers,
    shipped_offers,
    sibling_candidates,
)
from app.planning.quality import model_family
from app.planning.recommend import Candidate
from app.ui.models.source import Findings, FoundRepo, Progress

T = TypeVar("T")
_MOST_FOUND = 100
_MOST_PUBLISHERS = 12
# The Hub's library asks again and again without a connection; nobody waits for that.
_ASK_SECONDS = 10.0
_READ_SECONDS = 900.0


class LiveSource:
    """Blocking; for worker threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def machine(self) -> Machine:
        return self._services.loader.machine_for_next_load()

    def corrections(self, machine: Machine, model: str) -> Corrections:
        return corrections_for(measurements_path(), model, driver_of(machine))

    def shipped(self, repo: str) -> Offers | None:
        return shipped_offers(repo)

    def usual(self, model: str) -> Offers | None:
        return usual_offers(model)

    def offers(self, repo: str, cancel: CancelToken, on_progress: Progress) -> Offers:
        def read(inner: CancelToken) -> Offers:
            return remote_offers(
                repo, hub=self._services.hub, cancel=inner, on_progress=on_progress
            )

        return _in_time(read, cancel, _READ_SECONDS)

    def search(self, text: str, cancel: CancelToken) -> Findings:
        """Without a connection: in the list that ships with the program."""
        try:
            found = _in_time(lambda _: self._services.hub.search(text), cancel, _ASK_SECONDS)
        except UnreachableError as error:
            listed = shipped_catalogue().search(text)
            if not listed:
                raise
            note = tr("{what} These are of the list that comes with the program.", what=error.what)
            return Findings(tuple(FoundRepo(entry.repo) for entry in listed), note)
        return Findings(tuple(FoundRepo(one.repo, one.stats.downloads, one.gated) for one in found))

    def publishers(self, card: Card, cancel: CancelToken) -> tuple[str, ...]:
        hub = self._services.hub
        found = _in_time(lambda _: hub.search(card.name, _MOST_FOUND), cancel, _ASK_SECONDS)
        own = [one for one in found if _is_of(card, one) and not one.private]
        own.sort(key=lambda one: -(one.stats.downloads or 0))
        return tuple(one.repo for one in own[:_MOST_PUBLISHERS])

    def downloads(self, repo: str, cancel: CancelToken) -> int | None:
        stats = _in_time(lambda _: self._services.hub.stats(repo), cancel, _ASK_SECONDS)
        return stats.downloads

    def installed(self, offers: Offers, cancel: CancelToken, *, fresh: bool) -> dict[str, str]:
        library = self._services.library
        snapshot = library.snapshot
        if fresh or not snapshot.finished:
            snapshot = library.scan(cancel=cancel)
        return installed_paths(offers, snapshot.models)


def usual_offers(model: str) -> Offers | None:
    """From the model's dimensions alone; None when they are not known."""
    found = [one for one in sibling_candidates() if one.model == model]
    if not found:
        return None
    note = tr("No repository with its files is known yet: sizes are what these usually take.")
    return Offers(model, tuple(Offer(replace(one, repository="")) for one in found), note=note)


def _in_time(work: Callable[[CancelToken], T], cancel: CancelToken, seconds: float) -> T:
    """Raises UnreachableError when it takes longer; Cancelled at once when it is cancelled."""
    try:
        return run_bounded(work, cancel, seconds)
    except TimedOut as error:
        raise UnreachableError(
            tr("The Hub cannot be reached."),
            tr("It did not answer in time."),
            tr("Check the connection and try again."),
        ) from error


def _is_of(card: Card, found: RepoSummary) -> bool:
    """The model itself, no fine-tune or merge of it."""
    return base_name(found.repo).lower() == card.name.lower()


def installed_paths(offers: Offers, models: Sequence[InstalledModel]) -> dict[str, str]:
    """Of the same repository; or from elsewhere, the same model, quantization and bytes."""
    found: dict[str, str] = {}
    for offer in offers.offers:
        wanted = offer.candidate
        for model in models:
            if model.state != "complete" or model.path is None:
                continue
            if model.quantization.lower() != wanted.quant.lower():
                continue
            same_place = model.repository.lower() == wanted.repository.lower() != ""
            if same_place or _same_bytes(wanted, model):
                found[wanted.quant] = str(model.path)
                break
    return found


def _same_bytes(wanted: Candidate, model: InstalledModel) -> bool:
    return (
        wanted.exact
        and model.size_bytes == wanted.size_bytes
        and model_family(model.model) == model_family(wanted.model)
    )
