"""A model's quantizations planned for one machine and one choice. No Qt; for worker threads."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.placement import KvType
from app.hardware.types import Machine
from app.planning.context_limit import largest_context
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.offers import Offer, Offers, by_model, sibling_candidates
from app.planning.plan import make_plan
from app.planning.recommend import (
    Candidate,
    Recommendation,
    Row,
    Wish,
    best_row,
    choose,
    planned_row,
)
from app.planning.recommend import recommend as search_all
from app.planning.types import Choice

CorrectionsOf = Callable[[str], Corrections]
# Below these tokens per second people wait for an answer rather than read along.
READING_SPEED = 5.0


@dataclass(frozen=True)
class Asked:
    """What the table is to show. kv: None leaves it to the recommendation."""

    context_tokens: int
    kv: KvType | None


@dataclass(frozen=True)
class TableRow:
    """row: None when this model cannot be planned so; then problem says why.

    largest_context: tokens, at this kind of context memory; None while it is not known.
    """

    offer: Offer
    row: Row | None
    problem: KnownError | None = None
    largest_context: int | None = None

    @property
    def quant(self) -> str:
        return self.offer.candidate.quant


@dataclass(frozen=True)
class Table:
    """rows: the smallest file first. context_tokens: as asked, at most what the model can have.

    clipped: it was asked for more than the model was trained for. instead: a smaller model that
    fits, though slowly, where nothing else can be recommended.
    """

    asked: Asked
    kv: KvType
    context_tokens: int
    trained_context: int
    clipped: bool
    rows: tuple[TableRow, ...]
    recommendation: Recommendation
    instead: Row | None = None

    @property
    def best(self) -> TableRow | None:
        """The row that is recommended without reservation."""
        found = self.recommendation.best
        if found is None:
            return None
        return next((row for row in self.rows if row.row is found), None)


def trained_context(offers: Offers) -> int:
    """The longest that any of the files allows, 0 when unknown."""
    return max((offer.candidate.shape.trained_context for offer in offers.offers), default=0)


def plan_table(
    offers: Offers,
    machine: Machine,
    asked: Asked,
    cancel: CancelToken,
    corrections: CorrectionsOf = lambda _: NO_CORRECTIONS,
) -> Table:
    """Raises Cancelled."""
    trained = trained_context(offers)
    tokens = asked.context_tokens
    clipped = bool(trained) and tokens > trained
    if clipped or not tokens:
        tokens = trained or tokens
    wish = Wish(max(1, tokens), READING_SPEED)
    wanted, _ = by_model([offer.candidate for offer in offers.offers])
    kv = asked.kv or _best_kv(wanted, machine, wish)
    choice = Choice(context_tokens=tokens, kv_type_k=kv, kv_type_v=kv)
    rows = []
    for offer in offers.offers:
        cancel.raise_if_cancelled()
        rows.append(_planned(offer, machine, choice, wish, corrections))
    rows.sort(key=lambda row: row.offer.candidate.size_bytes)
    ours = [row.row for row in rows if row.row is not None and row.offer.candidate in wanted]
    smaller = _smaller(wanted)
    found = choose(ours, smaller, machine, wish)
    nothing = found.best is None and found.sibling is None
    instead = _instead(smaller, machine, wish, cancel) if nothing else None
    return Table(asked, kv, tokens, trained, clipped, tuple(rows), found, instead)


def longest_contexts(
    offers: Offers,
    machine: Machine,
    kv: KvType,
    cancel: CancelToken,
    corrections: CorrectionsOf = lambda _: NO_CORRECTIONS,
) -> dict[str, int]:
    """By quantization; without those that cannot be planned so. Raises Cancelled."""
    choice = Choice(kv_type_k=kv, kv_type_v=kv)
    found: dict[str, int] = {}
    for offer in offers.offers:
        cancel.raise_if_cancelled()
        shape = offer.candidate.shape
        try:
            found[offer.candidate.quant] = largest_context(
                shape, machine, choice, corrections=corrections(shape.name)
            )
        except KnownError:
            continue
    return found


def _planned(
    offer: Offer, machine: Machine, choice: Choice, wish: Wish, corrections: CorrectionsOf
) -> TableRow:
    shape = offer.candidate.shape
    try:
        plan = make_plan(shape, machine, choice, corrections=corrections(shape.name))
        return TableRow(offer, planned_row(offer.candidate, plan, wish))
    except KnownError as error:
        return TableRow(offer, None, error)


def _best_kv(wanted: list[Candidate], machine: Machine, wish: Wish) -> KvType:
    """As the file that is recommended is best loaded."""
    try:
        found = search_all(wanted, (), machine, wish)
    except KnownError:
        return "f16"
    return found.best.plan.choice.kv_type_k if found.best is not None else "f16"


def _smaller(wanted: list[Candidate]) -> list[Candidate]:
    """Of other models of the family, those with fewer parameters."""
    if not wanted:
        return []
    own = wanted[0]
    most = _parameters(own)
    return [
        candidate
        for candidate in sibling_candidates()
        if candidate.model != own.model and _parameters(candidate) < 0.9 * most
    ]


def _instead(
    smaller: list[Candidate], machine: Machine, wish: Wish, cancel: CancelToken
) -> Row | None:
    """The quickest of what fits and is worth having."""
    rows = []
    for candidate in smaller:
        cancel.raise_if_cancelled()
        rows.append(best_row(candidate, machine, wish))
    fitting = [row for row in rows if row.fits and row.quality.recommended]
    return max(fitting, key=lambda row: row.tokens_per_second, default=None)


def _parameters(candidate: Candidate) -> float:
    return 8 * candidate.size_bytes / candidate.bits_per_weight
