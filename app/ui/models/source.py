"""What the model page asks of the world. Blocking; for worker threads."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.catalog.cards import Card
from app.core.cancel import CancelToken
from app.hardware.recorded import load_machine
from app.hardware.types import Machine
from app.planning.corrections import Corrections
from app.planning.offers import Offers

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FoundRepo:
    """A repository with GGUF files, as a search gives it."""

    repo: str
    downloads: int | None = None
    gated: bool = False


@dataclass(frozen=True)
class Findings:
    """note: where they come from, when that is not the Hub."""

    repos: tuple[FoundRepo, ...]
    note: str = ""


class ModelSource(Protocol):
    """Every method raises KnownError."""

    def machine(self) -> Machine:
        """This machine, as free as it is for the next load."""
        ...

    def corrections(self, machine: Machine, model: str) -> Corrections:
        """What earlier loads of the model on this machine have taught."""
        ...

    def shipped(self, repo: str) -> Offers | None:
        """What ships with the program about a repository; None for nothing."""
        ...

    def usual(self, model: str) -> Offers | None:
        """What its quantizations usually take, for when no repository of it is known."""
        ...

    def offers(self, repo: str, cancel: CancelToken, on_progress: Progress) -> Offers:
        """on_progress: headers read and how many there are, on any thread. Raises Cancelled too."""
        ...

    def search(self, text: str, cancel: CancelToken) -> Findings: ...

    def publishers(self, card: Card, cancel: CancelToken) -> tuple[str, ...]:
        """Repositories with GGUF files of this model, the most popular first."""
        ...

    def downloads(self, repo: str, cancel: CancelToken) -> int | None:
        """In the last thirty days."""
        ...

    def installed(self, offers: Offers, cancel: CancelToken, *, fresh: bool) -> dict[str, str]:
        """By quantization, the file to load of what is on the disk already. fresh: look anew,
        because something may have come. Raises Cancelled too."""
        ...


def recorded_machine(path: Path) -> Machine:
    """Raises KnownError."""
    return load_machine(path)
