"""A plan in words and figures, without a word about how they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.chat.loading import PlannedLoad
from app.core.units import count, gigabytes
from app.planning.report import rate_text, verdict_sentence
from app.planning.types import DeviceUse, Plan

EXACT_SOURCES = ("exact", "dry run")
LEGEND = "~ estimated. Weights and context are exact, read from the file."


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
            return f"needs {needs} more than the {free} that are free"
        return f"~{gigabytes(self.total_bytes)} of {free} free"


def memory_rows(plan: Plan) -> tuple[MemoryRow, ...]:
    unified = [use for use in plan.devices if use.target.kind == "unified"]
    if not unified:
        return tuple(
            _row(use.target.label, [use], use.target.capacity_bytes, use.missing_bytes)
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
    label = f"Unified memory of {unified[0].target.label}"
    return (*rows, _row(label, shared, capacity, missing))


def verdict_chip(plan: Plan) -> tuple[str, str]:
    """The text and the kind of chip."""
    if plan.verdict == "does not fit":
        of = f"of {plan.missing_in}" if not plan.missing_in.startswith("memory") else "on the GPU"
        return f"does not fit: {gigabytes(plan.missing_bytes)} {of} missing", "bad"
    unified = any(use.target.kind == "unified" for use in plan.devices)
    return {
        "gpu": ("fits in unified memory" if unified else "fits in GPU memory", "ok"),
        "experts in RAM": ("experts in RAM", "ok"),
        "layers in RAM": ("layers in RAM", "ok"),
        "cpu": ("runs on the processor", "plain"),
        "disk": ("from disk, slow", "warn"),
    }[plan.verdict]


def verdict_text(plan: Plan) -> str:
    return verdict_sentence(plan)


def subtitle(planned: PlannedLoad) -> str:
    """`216 GB · experts of 160 … · 357B`: the file in a line."""
    size = gigabytes(planned.shape.file_bytes) if planned.shape else ""
    trained = planned.shape.trained_context if planned.shape else 0
    context = f"trained for {count(trained)} tokens of context" if trained else ""
    return " · ".join(filter(None, (planned.path.name, size, context)))


def speed_lines(plan: Plan) -> tuple[str, ...]:
    """Predictions with their ranges."""
    speed = plan.speed
    if speed is None:
        return ("No speed can be predicted while it does not fit.",)
    empty = rate_text(speed.generation_empty)
    full = rate_text(speed.generation_full)
    return (
        f"Answers at {empty}; with a full context {full}.",
        f"Reads a prompt at {rate_text(speed.prefill_empty)}.",
    )


def remarks(plan: Plan) -> tuple[str, ...]:
    assumed = plan.speed.assumptions if plan.speed else ()
    return tuple(dict.fromkeys(filter(None, (*plan.notes, *assumed))))


def difference(before: Plan, after: Plan) -> str:
    """What a change of the choice brings, "" for nothing that can be seen."""
    old = {row.label: gigabytes(row.total_bytes) for row in memory_rows(before)}
    new = {row.label: gigabytes(row.total_bytes) for row in memory_rows(after)}
    parts = [
        f"{label} {old.get(label, 'unused')} → {new.get(label, 'unused')}"
        for label in dict.fromkeys((*old, *new))
        if old.get(label) != new.get(label)
    ]
    rates = [_rate(before), _rate(after)]
    if rates[0] != rates[1]:
        parts.append(f"{rates[0]} → {rates[1]}")
    return " · ".join(parts)


def _rate(plan: Plan) -> str:
    if plan.speed is None:
        return "no speed"
    return rate_text(plan.speed.generation_empty).partition(" (")[0]


def _row(label: str, uses: Sequence[DeviceUse], capacity: int, missing: int) -> MemoryRow:
    segments: list[Segment] = []
    for use in uses:
        gpu = use.target.kind != "cpu"
        both = len(uses) > 1
        where = (" on the GPU" if gpu else " on the processor") if both else ""
        known = use.compute_source in EXACT_SOURCES
        segments += [
            Segment("gpu" if gpu else "ram", f"weights{where}", use.weights_bytes, True),
            Segment("kv", f"context{where}", use.kv_bytes, True),
            Segment("work", f"work buffers{where}", use.compute_bytes, known),
            Segment("muted", f"overhead{where}", use.overhead_bytes, False),
        ]
    shown = tuple(segment for segment in segments if segment.size_bytes)
    return MemoryRow(label, shown, capacity, missing, _tooltip(shown, uses, capacity))


def _tooltip(segments: Sequence[Segment], uses: Sequence[DeviceUse], capacity: int) -> str:
    lines = [
        f"{segment.label.capitalize()}: {count(segment.size_bytes)} bytes, "
        f"{'exact' if segment.exact else 'estimated'}"
        for segment in segments
    ]
    mapped = sum(use.mapped_bytes for use in uses)
    if mapped:
        lines.append(f"Of the weights, pages of the file: {count(mapped)} bytes")
    lines.append(f"Free for it now: {count(capacity)} bytes")
    reserve = sum(use.target.reserve_bytes for use in uses)
    if reserve:
        lines.append(f"Kept free beside it: {count(reserve)} bytes")
    return "\n".join(lines)
