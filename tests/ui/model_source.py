"""What the model page is shown in tests: offers, machines and answers that a test chooses."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from app.catalog.cards import Card
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.hardware.types import Machine
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.offers import Offers, shipped_offers
from app.ui.models.source import Findings, FoundRepo
from tests.planning.made import shipped


@dataclass
class FakeSource:
    """listed: what the Hub gives for a repository, an error is raised; others give what ships.

    gate: `offers` waits for it.
    """

    here: Machine | Exception = field(default_factory=lambda: shipped("workstation-256gb-3090"))
    listed: dict[str, Offers | Exception] = field(default_factory=dict)
    ships: Callable[[str], Offers | None] = shipped_offers
    usually: Callable[[str], Offers | None] = lambda _: None
    found: tuple[FoundRepo, ...] | Exception = ()
    offering: dict[str, tuple[str, ...]] | Exception = field(default_factory=dict)
    popular: int | None = None
    on_disk: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None
    asked: list[str] = field(default_factory=list)

    def machine(self) -> Machine:
        if isinstance(self.here, Exception):
            raise self.here
        return self.here

    def corrections(self, machine: Machine, model: str) -> Corrections:  # noqa: ARG002
        return NO_CORRECTIONS

    def shipped(self, repo: str) -> Offers | None:
        return self.ships(repo)

    def usual(self, model: str) -> Offers | None:
        return self.usually(model)

    def offers(
        self, repo: str, cancel: CancelToken, on_progress: Callable[[int, int], None]
    ) -> Offers:
        self.asked.append(repo)
        on_progress(3, 27)
        if self.gate is not None:
            while not self.gate.wait(0.01):
                cancel.raise_if_cancelled()
        answer = self.listed.get(repo) or self.ships(repo)
        if answer is None:
            raise KnownError(
                f"There is no repository {repo}, or it is not open to you.",
                "The Hub does not tell the one from the other.",
                "Check the name.",
            )
        if isinstance(answer, Exception):
            raise answer
        return answer

    def search(self, text: str, cancel: CancelToken) -> Findings:  # noqa: ARG002
        if isinstance(self.found, Exception):
            raise self.found
        return Findings(self.found)

    def publishers(self, card: Card, cancel: CancelToken) -> tuple[str, ...]:  # noqa: ARG002
        if isinstance(self.offering, Exception):
            raise self.offering
        return self.offering.get(card.name, ())

    def downloads(self, repo: str, cancel: CancelToken) -> int | None:  # noqa: ARG002
        return self.popular

    def installed(
        self,
        offers: Offers,  # noqa: ARG002
        cancel: CancelToken,  # noqa: ARG002
        *,
        fresh: bool,  # noqa: ARG002
    ) -> dict[str, str]:
        return self.on_disk
