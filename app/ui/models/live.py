"""The model page's source on the real services."""

from app.catalog.refusals import UnreachableError
from app.catalog.shipped import shipped_catalogue
from app.chat.services import Services
from app.core.cancel import CancelToken
from app.hardware.types import Machine
from app.planning.corrections import Corrections
from app.planning.measured import corrections_for, driver_of, measurements_path
from app.planning.offers import Offers, remote_offers, shipped_offers
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
        del offers, cancel, fresh
        return {}
