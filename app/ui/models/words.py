"""A quantization's figures and sentences, without a word about how they are drawn."""

from dataclasses import dataclass

from app.core.language import tr
from app.core.placement import KvType
from app.core.units import count, gigabytes
from app.planning.quality import Quality
from app.planning.quality_nominal import NOMINAL_LABEL, nominal_figure
from app.planning.recommend import Candidate, Row
from app.planning.report import rate_text, verdict_sentence
from app.planning.types import Plan
from app.ui.chat.load.words import MemoryRow, memory_rows, remarks

KV_NAMES: dict[KvType, str] = {"f16": "f16", "q8_0": "q8_0", "q4_0": "q4_0"}


# -- a quantization ------------------------------------------------------------------------------


def approx(candidate: Candidate) -> str:
    return "" if candidate.exact else "~"


def size(candidate: Candidate) -> str:
    return approx(candidate) + gigabytes(candidate.size_bytes)


def size_tip(candidate: Candidate, files: int) -> str:
    where = tr(" in {files} files", files=files) if files > 1 else ""
    how = tr("exact") if candidate.exact else tr("as listed when this program was made, not exact")
    lines = [
        tr("{size} bytes{where}, {how}", size=count(candidate.size_bytes), where=where, how=how)
    ]
    figure = nominal_figure(candidate.model, candidate.quant)
    if figure is not None:
        lines.append(
            tr(
                "{size_gb} GB at {bits_per_weight:g} bits: {nominal_label}, which "
                "multiplies parameters by a nominal number of bits.",
                size_gb=figure.size_gb,
                bits_per_weight=figure.bits_per_weight,
                nominal_label=tr(NOMINAL_LABEL),
            )
        )
    return "\n".join(lines)


def quality_cell(rated: Quality) -> tuple[str, str, str]:
    """How often the next token is the same, whether that is an estimate, and the grade."""
    bound = "≥" if rated.at_most else ""
    figure = f"{bound}{rated.top1_agreement_pct:.0f}%"
    return figure, tr("measured") if rated.measured_kld else tr("est."), rated.grade_word


def quality_tip(candidate: Candidate, rated: Quality) -> str:
    how = tr("Measured") if rated.measured_kld else tr("Estimated")
    bound = tr("at most ") if rated.at_most else ""
    told = tr(
        "{how}: the most likely next token is the unquantized model's in "
        "{top1_agreement_pct:.1f}% of cases; divergence {bound}{mean_kld:.3f} "
        "nats per token.",
        how=how,
        top1_agreement_pct=rated.top1_agreement_pct,
        bound=bound,
        mean_kld=rated.mean_kld,
    )
    lines = [told]
    if rated.ppl_change_pct is not None:
        measured = tr("measured") if rated.measured_perplexity else tr("estimated")
        lines.append(
            tr(
                "Perplexity {ppl_change_pct:+.1f}%, {measured}.",
                ppl_change_pct=rated.ppl_change_pct,
                measured=measured,
            )
        )
    figure = nominal_figure(candidate.model, candidate.quant)
    if figure is not None:
        lines.append(
            tr(
                "{quality_pct}%: {nominal_label}, by no stated measurement.",
                quality_pct=figure.quality_pct,
                nominal_label=tr(NOMINAL_LABEL),
            )
        )
    return "\n".join([*lines, *rated.notes, tr("Source: {source}.", source=rated.source)])


@dataclass(frozen=True)
class Chip:
    text: str
    kind: str


def verdict(plan: Plan) -> Chip:
    """Short enough for a column."""
    missing = gigabytes(plan.missing_bytes)
    what = {"RAM": tr("RAM"), "unified memory": tr("memory")}.get(plan.missing_in, tr("VRAM"))
    if plan.verdict == "does not fit":
        return Chip(tr("{missing} {what} missing", missing=missing, what=what), "bad")
    if plan.verdict == "disk":
        # So little of it stays in memory that it is no way to work.
        slow = plan.speed is None or plan.speed.generation_empty.expected < 0.5
        if slow:
            return Chip(tr("{missing} {what} missing", missing=missing, what=what), "bad")
        return Chip(tr("from disk, slow"), "warn")
    unified = any(use.target.kind == "unified" for use in plan.devices)
    return {
        "gpu": Chip(tr("fits in memory") if unified else tr("fits in GPU"), "ok"),
        "experts in RAM": Chip(tr("experts in RAM"), "ok"),
        "layers in RAM": Chip(tr("layers in RAM"), "ok"),
        "cpu": Chip(tr("processor only"), "plain"),
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
        return tr("No speed can be predicted while it does not fit.")
    rates = (
        (tr("Answering"), plan.speed.generation_empty),
        (tr("With a full context"), plan.speed.generation_full),
        (tr("Reading a prompt"), plan.speed.prefill_empty),
    )
    told = [tr("{what}: {rate}", what=what, rate=rate_text(rate)) for what, rate in rates]
    return "\n".join([*told, *remarks(plan)])


def bars(plan: Plan) -> tuple[MemoryRow, ...]:
    return memory_rows(plan)


def bars_text(rows: tuple[MemoryRow, ...]) -> str:
    return tr("; ").join(_told(row) for row in grouped(rows))


def bars_tip(rows: tuple[MemoryRow, ...]) -> str:
    told = [f"{_told(row)}\n{row.tooltip}" for row in rows[:3]]
    if len(rows) > 3:
        told.append(tr("and {rows} more", rows=len(rows) - 3))
    return "\n\n".join(told)


def _told(row: MemoryRow) -> str:
    return tr("{label}: {figure}", label=row.label, figure=row.figure)


def grouped(rows: tuple[MemoryRow, ...]) -> list[MemoryRow]:
    """Cards of one name once, with the fullest one's figures."""
    by_name: dict[str, list[MemoryRow]] = {}
    for row in rows:
        by_name.setdefault(row.label, []).append(row)
    fullest = []
    for label, same in by_name.items():
        most = max(same, key=lambda row: row.total_bytes / max(1, row.capacity_bytes))
        named = (
            tr("each of {same} × {label}", same=len(same), label=label) if len(same) > 1 else label
        )
        fullest.append(
            MemoryRow(named, most.segments, most.capacity_bytes, most.missing_bytes, most.tooltip)
        )
    return fullest


def context_cell(tokens: int | None, trained: int) -> tuple[str, str]:
    if tokens is None:
        return "", ""
    if not tokens:
        return tr("none"), ""
    return count(tokens), tr("all there is") if trained and tokens >= trained else ""


def context_tip(tokens: int | None, trained: int, kv: str) -> str:
    if tokens is None:
        return tr("Being looked for.")
    if not tokens:
        return tr("It does not fit in memory with any context, kept as {kv}.", kv=kv)
    if trained and tokens >= trained:
        return tr(
            "All {trained} tokens that it was trained for fit, kept as {kv}.",
            trained=count(trained),
            kv=kv,
        )
    return tr(
        "With more than {tokens} tokens, kept as {kv}, it would no longer fit in memory.",
        tokens=count(tokens),
        kv=kv,
    )


def placement_text(plan: Plan) -> str:
    return verdict_sentence(plan)


def row_text(row: Row) -> str:
    """The whole row in a sentence, for whoever listens."""
    candidate, plan = row.candidate, row.plan
    quality = " ".join(filter(None, quality_cell(row.quality)))
    return tr(
        "{quant}, {candidate}, {bits_per_weight:.2f} bits per weight, quality "
        "{quality}, {text}, {plan}",
        quant=candidate.quant,
        candidate=size(candidate),
        bits_per_weight=candidate.bits_per_weight,
        quality=quality,
        text=verdict(plan).text,
        plan=speed_words(plan),
    )


def speed_words(plan: Plan) -> str:
    if plan.speed is None:
        return tr("no speed predicted")
    return rate_text(plan.speed.generation_empty)


def files_line(
    candidate: Candidate, rated: Quality | None, files: tuple[str, ...], hashed: bool | None
) -> str:
    parts = [size(candidate)]
    if candidate.exact:
        parts.append(tr("{size} bytes", size=count(candidate.size_bytes)))
    if len(files) == 1:
        parts.append(files[0].rpartition("/")[2])
    elif files:
        parts.append(tr("{files} files", files=len(files)))
    if hashed is not None:
        parts.append(
            tr("checked by its hash") if hashed else tr("no hash known, checked by its size")
        )
    if rated is not None:
        figure, how, grade = quality_cell(rated)
        parts.append(tr("quality {figure} {how}, {grade}", figure=figure, how=how, grade=grade))
    return " · ".join(parts)


def detail_notes(row: Row, warning: str) -> tuple[str, ...]:
    """What speaks against it, and what else there is to know."""
    # A plan that does not fit says so itself.
    told = [warning, row.shortfall if row.fits else "", *row.plan.notes]
    if row.quality.beyond_data or not row.quality.recommended:
        told.append(
            tr(
                "Quality: {grade}. A smaller model in more bits is usually better.",
                grade=row.quality.grade_word,
            )
        )
    return tuple(dict.fromkeys(filter(None, told)))
