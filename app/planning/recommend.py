"""Which quantization to take: one search over files, context memory and placement."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.core.language import tr
from app.core.placement import KvType
from app.core.units import count, gigabytes
from app.hardware.types import Machine
from app.planning.corrections import Corrections
from app.planning.plan import make_plan
from app.planning.quality import Quality, quality
from app.planning.shape import ModelShape
from app.planning.types import Choice, Plan

# Smaller contexts to fall back on when the wished one does not fit, and context memory in order of
# preference: q8_0 costs next to nothing in quality, q4_0 is for when nothing else fits.
_SMALLER_CONTEXTS = (16_384, 8_192, 4_096)
_KV_TYPES: tuple[KvType, ...] = ("f16", "q8_0", "q4_0")
# A file whose quality score is this close to another's is no step up.
_SAME_SCORE = 0.5
# Nobody tells files apart whose divergence is below this; between them, speed decides.
_INDISTINGUISHABLE_KLD = 0.02


@dataclass(frozen=True)
class Candidate:
    """A quantization that can be had. exact: its header was read, so its sizes are exact.

    size_bytes: of the files to download.
    """

    model: str
    quant: str
    shape: ModelShape
    bits_per_weight: float
    size_bytes: int
    exact: bool = True
    repository: str = ""


@dataclass(frozen=True)
class Wish:
    """What the person wants of an answer."""

    context_tokens: int = 32_768
    tokens_per_second: float = 5.0


@dataclass(frozen=True)
class Row:
    """A candidate's best plan. shortfall: why it is not what was wished, "" when it is."""

    candidate: Candidate
    plan: Plan
    quality: Quality
    shortfall: str = ""

    @property
    def fits(self) -> bool:
        return self.plan.verdict not in ("disk", "does not fit")

    @property
    def rank(self) -> tuple[float, float]:
        """Quality as far as it can be noticed, then speed."""
        unnoticed = 100.0 * math.exp(-math.sqrt(_INDISTINGUISHABLE_KLD))
        return min(self.quality.score, unnoticed), self.tokens_per_second

    @property
    def tokens_per_second(self) -> float:
        return self.plan.speed.generation_empty.expected if self.plan.speed else 0.0


@dataclass(frozen=True)
class Recommendation:
    """rows: every candidate of the wanted model, best quality first. best: the one to take, None
    when no file of that model can be recommended. sibling: the best file of another model, looked
    for only then. statement and next_step: sentences for a person."""

    wish: Wish
    rows: tuple[Row, ...]
    best: Row | None
    sibling: Row | None
    statement: str
    next_step: str


def recommend(
    wanted: Sequence[Candidate],
    siblings: Iterable[Candidate],
    machine: Machine,
    wish: Wish | None = None,
) -> Recommendation:
    """Ranked by quality under the wish. siblings: the strongest model first; the first of which a
    file is all that was wished for is offered."""
    wish = wish or Wish()
    rows = [best_row(candidate, machine, wish) for candidate in wanted]
    return choose(rows, siblings, machine, wish)


def choose(
    planned: Iterable[Row], siblings: Iterable[Candidate], machine: Machine, wish: Wish
) -> Recommendation:
    """Among plans that are made already, all of one model; siblings as for `recommend`."""
    rows = sorted(planned, key=lambda row: (-row.quality.score, row.candidate.size_bytes))
    best = _pick(rows)
    sibling = None
    if best is None or best.shortfall:
        sibling = _best_sibling(siblings, machine, wish)
    model = rows[0].candidate.model if rows else tr("this model")
    statement = _statement(model, best, sibling, wish)
    return Recommendation(wish, tuple(rows), best, sibling, statement, _step_up(rows, best, wish))


def _best_sibling(siblings: Iterable[Candidate], machine: Machine, wish: Wish) -> Row | None:
    for _, candidates in itertools.groupby(siblings, key=lambda candidate: candidate.model):
        found = _pick([best_row(candidate, machine, wish) for candidate in candidates])
        if found is not None and not found.shortfall and found.quality.recommended:
            return found
    return None


def best_row(candidate: Candidate, machine: Machine, wish: Wish) -> Row:
    """The candidate's best plan for the wish, and what is missing of the wish."""
    return planned_row(candidate, best_plan(candidate.shape, machine, wish), wish)


def planned_row(candidate: Candidate, plan: Plan, wish: Wish) -> Row:
    """A plan beside the wish."""
    rated = quality(candidate.model, candidate.quant, candidate.bits_per_weight)
    row = Row(candidate, plan, rated)
    return replace(row, shortfall=_shortfall(row, wish))


def best_plan(
    shape: ModelShape,
    machine: Machine,
    wish: Wish,
    *,
    engine_only: bool = False,
    corrections: Corrections = Corrections(),  # noqa: B008 - frozen
) -> Plan:
    """Full precision of the context memory where it costs nothing, then less, then (only to fit at
    all) a smaller context. engine_only: for a load here and now."""

    def plans(context: int, kinds: Sequence[KvType]) -> list[Plan]:
        choices = [Choice(context_tokens=context, kv_type_k=kv, kv_type_v=kv) for kv in kinds]
        return [
            make_plan(shape, machine, choice, engine_only=engine_only, corrections=corrections)
            for choice in choices
        ]

    asked = min(wish.context_tokens, shape.trained_context or wish.context_tokens)
    chosen = _preferred(plans(asked, _KV_TYPES), wish)
    if not _in_memory(chosen):
        for context in _SMALLER_CONTEXTS:
            if context < asked:
                smaller = _preferred(plans(context, _KV_TYPES[:2]), wish)
                if _in_memory(smaller):
                    return smaller
    return chosen


def _in_memory(plan: Plan) -> bool:
    return plan.verdict not in ("disk", "does not fit")


def _preferred(plans: Sequence[Plan], wish: Wish) -> Plan:
    """The first that fits and is fast enough; else the fastest that fits, unless it gains less
    than a tenth over one with more precise context memory; else the first."""
    fitting = [plan for plan in plans if _in_memory(plan)]
    if not fitting:
        return plans[0]
    for plan in fitting[:2]:
        if _speed(plan) >= wish.tokens_per_second:
            return plan
    chosen = fitting[0]
    for plan in fitting[1:]:
        if _speed(plan) > 1.1 * _speed(chosen):
            chosen = plan
    return chosen


def _speed(plan: Plan) -> float:
    return plan.speed.generation_empty.expected if plan.speed else 0.0


def _shortfall(row: Row, wish: Wish) -> str:
    plan = row.plan
    if plan.verdict == "does not fit":
        return tr(
            "It does not fit: {missing} of {missing_in} are missing.",
            missing=gigabytes(plan.missing_bytes),
            missing_in=plan.missing_words,
        )
    if plan.verdict == "disk":
        return tr(
            "{disk} of it would be read from the disk again and again, at about "
            "{tokens_per_second:.1f} tokens/s.",
            disk=gigabytes(plan.disk_bytes),
            tokens_per_second=row.tokens_per_second,
        )
    if plan.context_tokens < min(wish.context_tokens, row.candidate.shape.trained_context or 2**31):
        return tr(
            "It fits with a context of {context} tokens only.", context=count(plan.context_tokens)
        )
    if row.tokens_per_second < wish.tokens_per_second:
        return tr(
            "It answers at about {tokens_per_second:.1f} tokens/s.",
            tokens_per_second=row.tokens_per_second,
        )
    return ""


def _pick(rows: Sequence[Row]) -> Row | None:
    """The best quality that meets the wish; else the fastest sound one that fits at all."""
    sound = [row for row in rows if row.fits and row.quality.recommended]
    meeting = [row for row in sound if not row.shortfall]
    if meeting:
        return max(meeting, key=lambda row: row.rank)
    if sound:
        return max(sound, key=lambda row: row.tokens_per_second)
    fitting = [row for row in rows if not row.shortfall]
    if fitting:
        return max(fitting, key=lambda row: row.rank)
    return None


def _statement(model: str, best: Row | None, sibling: Row | None, wish: Wish) -> str:
    if best is not None and not best.shortfall:
        return tr(
            "Take {model} in {quant}: the best quality that answers at "
            "{tokens_per_second:g} tokens/s or more here.",
            model=best.candidate.model,
            quant=best.candidate.quant,
            tokens_per_second=wish.tokens_per_second,
        )
    other = ""
    if sibling is not None:
        other = tr(
            " {model} in {quant} does, at about {tokens_per_second:.0f} tokens/s.",
            model=sibling.candidate.model,
            quant=sibling.candidate.quant,
            tokens_per_second=sibling.tokens_per_second,
        )
    if best is not None:
        return tr(
            "No file of {model} is all you wished for here.{other} The nearest "
            "is {quant}: {shortfall}",
            model=best.candidate.model,
            other=other,
            quant=best.candidate.quant,
            shortfall=_lower(best.shortfall),
        )
    return tr("No file of {model} fits this machine.{other}", model=model, other=other)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _step_up(rows: Sequence[Row], best: Row | None, wish: Wish) -> str:
    """What the next better file would cost: RAM where that is all it lacks."""
    floor = best.quality.score if best else -1.0
    better = [row for row in rows if row.quality.score > floor + _SAME_SCORE]
    for row in sorted(better, key=lambda row: (row.quality.score, row.plan.missing_bytes)):
        if row.plan.missing_bytes:
            size, kind = gigabytes(row.plan.missing_bytes), row.plan.missing_words
            return tr(
                "{size} more {kind} buys {quant}.", size=size, kind=kind, quant=row.candidate.quant
            )
        if row.tokens_per_second < wish.tokens_per_second:
            return tr(
                "{quant} fits too and is better, at about {tokens_per_second:.1f} tokens/s.",
                quant=row.candidate.quant,
                tokens_per_second=row.tokens_per_second,
            )
    return ""
