"""Finding the best GPU among those that can run it: filters, and what better means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.language import tr
from app.hardware.nominal import Nominal
from app.planning.fleet import Fit, FleetRow
from app.planning.report import rate_text

# Predictions this close say nothing about which is faster.
_SAME_SPEED = 0.97


@dataclass(frozen=True)
class Filter:
    """Empty sets and None let everything through. text: words that all have to occur.

    most_cards: leaves out what needs more of it. with_ram: one card with the rest in RAM counts.
    """

    text: str = ""
    vendors: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    memory_gb_at_least: float = 0
    released_since: int = 0
    most_cards: int | None = None
    with_ram: bool = False
    runs_only: bool = False

    def lets(self, row: FleetRow) -> bool:
        gpu = row.gpu
        told = f"{gpu.vendor} {gpu.name} {kind_word(gpu.kind)} {gpu.kind} {gpu.released}".lower()
        return (
            all(word in told for word in self.text.lower().split())
            and (not self.vendors or gpu.vendor in self.vendors)
            and (not self.kinds or gpu.kind in self.kinds)
            and gpu.memory_gb >= self.memory_gb_at_least
            and gpu.released >= self.released_since
            and self._enough(row)
        )

    def fit(self, row: FleetRow) -> Fit | None:
        """The machine of this row that counts under the filter."""
        alone = row.alone
        if alone is not None and (self.most_cards is None or alone.cards <= self.most_cards):
            return alone
        return row.with_ram if self.with_ram else None

    def _enough(self, row: FleetRow) -> bool:
        if not self.runs_only and self.most_cards is None:
            return True
        return self.fit(row) is not None


@dataclass(frozen=True)
class Ranked:
    row: FleetRow
    fit: Fit

    @property
    def all_on_gpu(self) -> bool:
        return self.fit is self.row.alone


def ranked(rows: Iterable[FleetRow], wanted: Filter) -> tuple[Ranked, ...]:
    """Everything in GPU memory first, then the fewest cards, then the fastest; among equals the
    newest."""
    found = [
        Ranked(row, fit)
        for row in rows
        if wanted.lets(row) and (fit := wanted.fit(row)) is not None
    ]
    found.sort(
        key=lambda one: (
            not one.all_on_gpu,
            one.fit.cards,
            -one.fit.tokens_per_second,
            -one.row.gpu.released,
            one.row.gpu.name,
        )
    )
    return tuple(found)


def headline(found: Sequence[Ranked]) -> str:
    """Why the first one is the best, in a sentence; "" when there is none."""
    if not found:
        return ""
    best = found[0]
    why, speed = _why(best, found[1:]), best.fit.plan.speed
    if speed is not None:
        why = tr("{why}, {speed}", why=why, speed=rate_text(speed.generation_empty))
    return tr("{what}: {why}.", what=amount(best.row.gpu, best.fit), why=why)


def plainly(one: Ranked) -> str:
    """Without a word about the others."""
    what, speed = amount(one.row.gpu, one.fit), one.fit.plan.speed
    if speed is None:
        return f"{what}."
    return tr("{what}: {why}.", what=what, why=rate_text(speed.generation_empty))


def _why(best: Ranked, rest: Sequence[Ranked]) -> str:
    if not rest:
        return tr("the only one")
    as_few = [
        one for one in rest if one.all_on_gpu == best.all_on_gpu and one.fit.cards == best.fit.cards
    ]
    nearly = _SAME_SPEED * best.fit.tokens_per_second
    fastest = (
        tr("one of the fastest")
        if any(one.fit.tokens_per_second >= nearly for one in as_few)
        else tr("the fastest")
    )
    if not best.all_on_gpu:
        return tr("{fastest} of those that keep a part of it in RAM", fastest=fastest)
    return (
        tr("the fewest cards, and {fastest} of them", fastest=fastest)
        if as_few
        else tr("the fewest cards")
    )


def amount(gpu: Nominal, fit: Fit) -> str:
    """`2 × H200 SXM`, `RTX 4090 and 256 GB of RAM`."""
    name = gpu.name if gpu.vendor in gpu.name else f"{gpu.vendor} {gpu.name}"
    told = f"{fit.cards} × {name}" if fit.cards > 1 else name
    spilled = fit.plan.verdict != "gpu"
    return (
        tr("{told} and {ram_gib} GB of RAM", told=told, ram_gib=fit.ram_gib)
        if spilled and fit.ram_gib
        else told
    )


def kind_word(kind: str) -> str:
    return {
        "consumer": tr("consumer"),
        "consumer-laptop": tr("laptop"),
        "workstation": tr("workstation"),
        "datacenter": tr("data center"),
        "unified": tr("unified memory"),
    }.get(kind, kind)
