"""The model page's source on the real services."""

from collections.abc import Sequence

from app.catalog.refusals import UnreachableError
from app.catalog.shipped import shipped_catalogue
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.hardware.types import Machine
from app.library.types import InstalledModel
from app.planning.corrections import Corrections
from app.planning.measured import corrections_for, driver_of, measurements_path
from app.planning.offers import Offers, remote_offers, shipped_offers
from app.planning.quality import model_family
from app.planning.recommend import Candidate
from app.ui.models.source import FoundRepo, Progress


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

    def offers(self, repo: str, cancel: CancelToken, on_progress: Progress) -> Offers:
        return remote_offers(repo, hub=self._services.hub, cancel=cancel, on_progress=on_progress)

    def search(self, text: str, cancel: CancelToken) -> tuple[FoundRepo, ...]:
        """Without a connection: in the list that ships with the program."""
        cancel.raise_if_cancelled()
        try:
            found = self._services.hub.search(text)
        except UnreachableError:
            listed = shipped_catalogue().search(text)
            if not listed:
                raise
            return tuple(FoundRepo(entry.repo) for entry in listed)
        return tuple(FoundRepo(one.repo, one.stats.downloads, one.gated) for one in found)

    def downloads(self, repo: str, cancel: CancelToken) -> int | None:
        cancel.raise_if_cancelled()
        return self._services.hub.stats(repo).downloads

    def installed(self, offers: Offers, cancel: CancelToken, *, fresh: bool) -> dict[str, str]:
        library = self._services.library
        snapshot = library.snapshot
        if fresh or not snapshot.finished:
            snapshot = library.scan(cancel=cancel)
        return installed_paths(offers, snapshot.models)


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
