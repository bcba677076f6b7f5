"""A quantization's figures and sentences, without a word about how they are drawn."""

from dataclasses import dataclass

from app.core.placement import KvType
from app.core.units import count, gigabytes
from app.planning.quality import Quality
from app.planning.quality_nominal import NOMINAL_LABEL, nominal_figure
from app.planning.recommend import Candidate, Row
from app.planning.report import rate_text, verdict_sentence
from app.planning.types import Plan
from app.ui.chat.load.words import MemoryRow, memory_rows, remarks
from app.ui.chat.load.words import speeds as load_speeds

KV_NAMES: dict[KvType, str] = {"f16": "f16", "q8_0": "q8_0", "q4_0": "q4_0"}
NARROW = "\N{NO-BREAK SPACE}"


# -- a quantization ------------------------------------------------------------------------------


def approx(candidate: Candidate) -> str:
    return "" if candidate.exact else "~"


def size(candidate: Candidate) -> str:
    return approx(candidate) + gigabytes(candidate.size_bytes)


def size_tip(candidate: Candidate, files: int) -> str:
    where = f" in {files} files" if files > 1 else ""
    how = "exact" if candidate.exact else "as listed when this program was made, not exact"
    lines = [f"{count(candidate.size_bytes)} bytes{where}, {how}"]
    figure = nominal_figure(candidate.model, candidate.quant)
    if figure is not None:
        lines.append(
            f"{figure.size_gb} GB at {figure.bits_per_weight:g} bits: {NOMINAL_LABEL}, which "
            "multiplies parameters by a nominal number of bits."
        )
    return "\n".join(lines)


def quality_cell(rated: Quality) -> tuple[str, str, str]:
    """How often the next token is the same, whether that is an estimate, and the grade."""
    bound = "≥" if rated.at_most else ""
    figure = f"{bound}{rated.top1_agreement_pct:.0f}%"
    return figure, "measured" if rated.measured_kld else "est.", rated.grade


def quality_tip(candidate: Candidate, rated: Quality) -> str:
    how = "Measured" if rated.measured_kld else "Estimated"
    bound = "at most " if rated.at_most else ""
    told = (
        f"{how}: the most likely next token is the unquantized model's in "
        f"{rated.top1_agreement_pct:.1f}% of cases; divergence {bound}{rated.mean_kld:.3f} nats "
        "per token."
    )
    lines = [told]
    if rated.ppl_change_pct is not None:
        measured = "measured" if rated.measured_perplexity else "estimated"
        lines.append(f"Perplexity {rated.ppl_change_pct:+.1f}%, {measured}.")
    figure = nominal_figure(candidate.model, candidate.quant)
    if figure is not None:
        lines.append(f"{figure.quality_pct}%: {NOMINAL_LABEL}, by no stated measurement.")
    return "\n".join([*lines, *rated.notes, f"Source: {rated.source}."])


@dataclass(frozen=True)
class Chip:
    text: str
    kind: str


def verdict(plan: Plan) -> Chip:
    """Short enough for a column."""
    missing = gigabytes(plan.missing_bytes)
    what = {"RAM": "RAM", "unified memory": "memory"}.get(plan.missing_in, "VRAM")
    if plan.verdict == "does not fit":
        return Chip(f"{missing} {what} missing", "bad")
    if plan.verdict == "disk":
        # So little of it stays in memory that it is no way to work.
        slow = plan.speed is None or plan.speed.generation_empty.expected < 0.5
        if slow:
            return Chip(f"{missing} {what} missing", "bad")
        return Chip("from disk, slow", "warn")
    unified = any(use.target.kind == "unified" for use in plan.devices)
    return {
        "gpu": Chip("fits in memory" if unified else "fits in GPU", "ok"),
        "experts in RAM": Chip("experts in RAM", "ok"),
        "layers in RAM": Chip("layers in RAM", "ok"),
        "cpu": Chip("processor only", "plain"),
    }[plan.verdict]


def in_memory(plan: Plan) -> bool:
    return plan.verdict not in ("disk", "does not fit")


def speed(plan: Plan) -> str:
    """`~5.8 t/s`; a dash where nothing can be said."""
    if plan.speed is None:
        return "–"
    return f"~{rate_figure(plan.speed.generation_empty.expected)} t/s"


def rate_figure(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"


def speed_tip(plan: Plan) -> str:
    if plan.speed is None:
        return "No speed can be predicted while it does not fit."
    told = [f"{caption.capitalize()}: {figure}" for figure, caption in _speeds(plan)]
    return "\n".join([*told, *remarks(plan)])


def _speeds(plan: Plan) -> list[tuple[str, str]]:
    """The figure with its range, and what it is of."""
    told = []
    for figure, caption in load_speeds(plan):
        what, _, between = caption.partition(" (")
        text = f"{figure} ({between}".replace("\N{WORD JOINER}", "").replace(NARROW, " ")
        told.append((text, what))
    return told


def bars(plan: Plan) -> tuple[MemoryRow, ...]:
    return memory_rows(plan)


def bars_text(rows: tuple[MemoryRow, ...]) -> str:
    return "; ".join(f"{row.label}: {row.figure}" for row in grouped(rows))


def bars_tip(rows: tuple[MemoryRow, ...]) -> str:
    told = [f"{row.label}: {row.figure}\n{row.tooltip}" for row in rows[:3]]
    if len(rows) > 3:
        told.append(f"and {len(rows) - 3} more")
    return "\n\n".join(told)


def grouped(rows: tuple[MemoryRow, ...]) -> list[MemoryRow]:
    """Cards of one name once, with the fullest one's figures."""
    by_name: dict[str, list[MemoryRow]] = {}
    for row in rows:
        by_name.setdefault(row.label, []).append(row)
    fullest = []
    for label, same in by_name.items():
        most = max(same, key=lambda row: row.total_bytes / max(1, row.capacity_bytes))
        named = f"each of {len(same)} × {label}" if len(same) > 1 else label
        fullest.append(
            MemoryRow(named, most.segments, most.capacity_bytes, most.missing_bytes, most.tooltip)
        )
    return fullest


def context_cell(tokens: int | None, trained: int) -> tuple[str, str]:
    if tokens is None:
        return "", ""
    if not tokens:
        return "none", ""
    return count(tokens), "all there is" if trained and tokens >= trained else ""


def context_tip(tokens: int | None, trained: int, kv: str) -> str:
    if tokens is None:
        return "Being looked for."
    if not tokens:
        return f"It does not fit in memory with any context, kept as {kv}."
    if trained and tokens >= trained:
        return f"All {count(trained)} tokens that it was trained for fit, kept as {kv}."
    return f"With more than {count(tokens)} tokens, kept as {kv}, it would no longer fit in memory."


def placement_text(plan: Plan) -> str:
    return verdict_sentence(plan)


def row_text(row: Row) -> str:
    """The whole row in a sentence, for whoever listens."""
    candidate, plan = row.candidate, row.plan
    quality = " ".join(filter(None, quality_cell(row.quality)))
    return (
        f"{candidate.quant}, {size(candidate)}, {candidate.bits_per_weight:.2f} bits per weight, "
        f"quality {quality}, {verdict(plan).text}, "
        f"{speed_words(plan)}"
    )


def speed_words(plan: Plan) -> str:
    if plan.speed is None:
        return "no speed predicted"
    return rate_text(plan.speed.generation_empty)


def files_line(
    candidate: Candidate, rated: Quality | None, files: tuple[str, ...], hashed: bool | None
) -> str:
    parts = [size(candidate)]
    if candidate.exact:
        parts.append(f"{count(candidate.size_bytes)} bytes")
    if len(files) == 1:
        parts.append(files[0].rpartition("/")[2])
    elif files:
        parts.append(f"{len(files)} files")
    if hashed is not None:
        parts.append("checked by its hash" if hashed else "no hash known, checked by its size")
    if rated is not None:
        figure, how, grade = quality_cell(rated)
        parts.append(f"quality {figure} {how}, {grade}")
    return " · ".join(parts)


def detail_notes(row: Row, warning: str) -> tuple[str, ...]:
    """What speaks against it, and what else there is to know."""
    # A plan that does not fit says so itself.
    told = [warning, row.shortfall if row.fits else "", *row.plan.notes]
    if row.quality.beyond_data or not row.quality.recommended:
        told.append(
            f"Quality: {row.quality.grade}. A smaller model in more bits is usually better."
        )
    return tuple(dict.fromkeys(filter(None, told)))
