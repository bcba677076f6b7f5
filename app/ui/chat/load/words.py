"""A plan in words and figures, without a word about how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.chat.loading import PlannedLoad
from app.core.language import mark, tr
from app.core.units import count, gigabytes
from app.planning.report import rate_figure, rate_range, verdict_sentence
from app.planning.types import DeviceUse, Plan

EXACT_SOURCES = ("exact", "dry run")
_ORDER = ("gpu", "ram", "kv", "work", "muted")
LEGEND = mark("~ estimated. Weights and context are exact, read from the file.")


@dataclass(frozen=True)
class Segment:
    """token: of the theme. exact: known, not estimated."""

    token: str
    label: str
    size_bytes: int
    exact: bool

    @property
    def figure(self) -> str:
        return f"{self.label} {'' if self.exact else '~'}{gigabytes(self.size_bytes)}"


@dataclass(frozen=True)
class MemoryRow:
    """One memory and what the load takes of it; unified memory is one row."""

    label: str
    segments: tuple[Segment, ...]
    capacity_bytes: int
    missing_bytes: int
    tooltip: str

    @property
    def total_bytes(self) -> int:
        return sum(segment.size_bytes for segment in self.segments)

    @property
    def figure(self) -> str:
        free = gigabytes(self.capacity_bytes)
        if self.missing_bytes:
            needs = gigabytes(self.missing_bytes)
            return tr("needs {needs} more than the {free} that are free", needs=needs, free=free)
        used, free = _paired(self.total_bytes, self.capacity_bytes)
        return tr("~{used} of {free} free", used=used, free=free)


def memory_rows(plan: Plan) -> tuple[MemoryRow, ...]:
    unified = [use for use in plan.devices if use.target.kind == "unified"]
    if not unified:
        return tuple(
            _row(_label(use), [use], use.target.capacity_bytes, use.missing_bytes)
            for use in plan.devices
        )
    rows = [
        _row(use.target.label, [use], use.target.capacity_bytes, use.missing_bytes)
        for use in plan.devices
        if use.target.kind == "gpu"
    ]
    shared = [use for use in plan.devices if use.target.kind != "gpu"]
    capacity = shared[-1].target.capacity_bytes
    missing = plan.missing_bytes if plan.missing_in == "unified memory" else 0
    label = tr("Unified memory of {label}", label=unified[0].target.label)
    return (*rows, _row(label, shared, capacity, missing))


def _label(use: DeviceUse) -> str:
    return tr("RAM") if use.target.kind == "cpu" else use.target.label


def verdict_chip(plan: Plan) -> tuple[str, str]:
    """The text and the kind of chip."""
    if plan.verdict == "does not fit":
        kind = tr("GPU memory") if plan.missing_in.startswith("memory") else plan.missing_words
        return tr(
            "does not fit: {missing} of {kind} missing",
            missing=gigabytes(plan.missing_bytes),
            kind=kind,
        ), "bad"
    unified = any(use.target.kind == "unified" for use in plan.devices)
    return {
        "gpu": (tr("fits in unified memory") if unified else tr("fits in GPU memory"), "ok"),
        "experts in RAM": (tr("experts in RAM"), "ok"),
        "layers in RAM": (tr("layers in RAM"), "ok"),
        "cpu": (tr("runs on the processor"), "plain"),
        "disk": (tr("from disk, slow"), "warn"),
    }[plan.verdict]


def verdict_text(plan: Plan) -> str:
    return verdict_sentence(plan)


def subtitle(planned: PlannedLoad) -> str:
    """The file in a line."""
    size = gigabytes(planned.shape.file_bytes) if planned.shape else ""
    trained = planned.shape.trained_context if planned.shape else 0
    context = (
        tr("trained for {trained} tokens of context", trained=count(trained)) if trained else ""
    )
    return " · ".join(filter(None, (planned.path.name, size, context)))


def speeds(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Predictions: the figure, and what it is with its range."""
    speed = plan.speed
    if speed is None:
        return ()
    rates = (
        (speed.generation_empty, tr("answering")),
        (speed.generation_full, tr("with a full context")),
        (speed.prefill_empty, tr("reading a prompt")),
    )
    told = []
    for rate, what in rates:
        # Lines break at spaces only, and not inside a range.
        between = rate_range(rate).replace(" ", "\N{NO-BREAK SPACE}")
        figure = rate_figure(rate).replace("/", "/\N{WORD JOINER}")
        told.append((figure, tr("{what} ({range})", what=what, range=between)))
    return tuple(told)


def remarks(plan: Plan) -> tuple[str, ...]:
    assumed = plan.speed.assumptions if plan.speed else ()
    return tuple(dict.fromkeys(filter(None, (*plan.notes, *assumed))))


def difference(before: Plan, after: Plan) -> str:
    """What a change of the choice brings, "" for nothing that can be seen."""
    old, new = _totals(before), _totals(after)
    parts = [
        f"{label}: {' → '.join(_paired(old.get(label, 0), new.get(label, 0)))}"
        for label in dict.fromkeys((*old, *new))
        if gigabytes(old.get(label, 0)) != gigabytes(new.get(label, 0))
    ]
    rates = [_rate(before), _rate(after)]
    if rates[0] != rates[1]:
        parts.append(f"{rates[0]} → {rates[1]}")
    return " · ".join(parts)


def _totals(plan: Plan) -> dict[str, int]:
    """By label; cards of one name are told together."""
    totals: dict[str, int] = {}
    for row in memory_rows(plan):
        totals[row.label] = totals.get(row.label, 0) + row.total_bytes
    return totals


def _paired(first: int, second: int) -> tuple[str, str]:
    """`24.8`, `25.2 GB`: the unit once when it is the same."""
    left, right = gigabytes(first), gigabytes(second)
    if left.rpartition(" ")[2] == right.rpartition(" ")[2]:
        left = left.rpartition(" ")[0]
    return left, right


def _rate(plan: Plan) -> str:
    if plan.speed is None:
        return tr("no prediction")
    return rate_figure(plan.speed.generation_empty)


def _row(label: str, uses: Sequence[DeviceUse], capacity: int, missing: int) -> MemoryRow:
    sums: dict[str, Segment] = {}
    kinds = {use.target.kind == "cpu" for use in uses if use.weights_bytes}
    for use in uses:
        cpu = use.target.kind == "cpu"
        weights = tr("weights")
        if len(kinds) > 1:
            weights = tr("weights on the processor") if cpu else tr("weights on the GPU")
        known = use.compute_source in EXACT_SOURCES
        for part in (
            Segment("ram" if cpu else "gpu", weights, use.weights_bytes, True),
            Segment("kv", tr("context"), use.kv_bytes, True),
            Segment("work", tr("work buffers"), use.compute_bytes, known),
            Segment("muted", tr("overhead"), use.overhead_bytes, False),
        ):
            before = sums.get(part.token, replace(part, size_bytes=0))
            size = before.size_bytes + part.size_bytes
            exact = before.exact and part.exact
            sums[part.token] = replace(before, size_bytes=size, exact=exact)
    order = {token: at for at, token in enumerate(_ORDER)}
    segments = sorted(sums.values(), key=lambda segment: order[segment.token])
    shown = tuple(segment for segment in segments if segment.size_bytes)
    return MemoryRow(label, shown, capacity, missing, _tooltip(shown, uses, capacity))


def _tooltip(segments: Sequence[Segment], uses: Sequence[DeviceUse], capacity: int) -> str:
    lines = [
        tr(
            "{capitalize}: {size} bytes, {value}",
            capitalize=segment.label.capitalize(),
            size=count(segment.size_bytes),
            value=tr("exact") if segment.exact else tr("estimated"),
        )
        for segment in segments
    ]
    mapped = sum(use.mapped_bytes for use in uses)
    if mapped:
        lines.append(tr("Of the weights, pages of the file: {mapped} bytes", mapped=count(mapped)))
    lines.append(tr("Free for it now: {capacity} bytes", capacity=count(capacity)))
    reserve = sum(use.target.reserve_bytes for use in uses)
    if reserve:
        lines.append(tr("Kept free beside it: {reserve} bytes", reserve=count(reserve)))
    return "\n".join(lines)
