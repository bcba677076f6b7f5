"""Plans and recommendations for a person in a terminal, and as JSON."""

import textwrap
from collections.abc import Iterator, Sequence

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.units import count, gigabytes
from app.planning.quality import Quality
from app.planning.quality_nominal import NOMINAL_LABEL, nominal_figure
from app.planning.recommend import Candidate, Recommendation, Row
from app.planning.speed import Rate
from app.planning.types import DeviceUse, Plan

_WIDTH = 100
_HEAD = ("", "weights", "context", "compute", "overhead", "total", "free")


def verdict_sentence(plan: Plan) -> str:
    """What the verdict means here."""
    absent = tr(
        "{missing} of {missing_in} are missing",
        missing=gigabytes(plan.missing_bytes),
        missing_in=plan.missing_words,
    )
    unified = any(use.target.kind == "unified" for use in plan.devices)
    return {
        "gpu": tr("It fits in unified memory.") if unified else tr("All of it fits in GPU memory."),
        "experts in RAM": (
            tr(
                "It fits: every layer is on the GPU, the experts of "
                "{expert_layers_on_cpu} layers stay in RAM.",
                expert_layers_on_cpu=plan.expert_layers_on_cpu,
            )
        ),
        "layers in RAM": (
            tr(
                "It fits: {layers_on_cpu} and the experts of {expert_layers_on_cpu} "
                "stay in RAM, the rest is on the GPU.",
                layers_on_cpu=_layers(plan.layers_on_cpu),
                expert_layers_on_cpu=plan.expert_layers_on_cpu,
            )
            if plan.expert_layers_on_cpu
            else tr(
                "It fits: {layers_on_cpu} stay in RAM, the rest is on the GPU.",
                layers_on_cpu=_layers(plan.layers_on_cpu),
            )
        ),
        "cpu": tr("It fits in RAM and runs on the processor alone."),
        "disk": tr("It runs from the disk, slowly: {absent}.", absent=absent),
        "does not fit": tr("It does not fit: {absent}.", absent=absent),
    }[plan.verdict]


def _layers(number: int) -> str:
    return tr("1 layer") if number == 1 else tr("{number} layers", number=number)


def rate_text(rate: Rate) -> str:
    """`about 6.1 tokens/s (4.5 to 8.2)`."""
    return tr("{rate} ({range})", rate=rate_figure(rate), range=rate_range(rate))


def rate_figure(rate: Rate) -> str:
    """`about 6.1 tokens/s`."""
    return tr("about {expected} tokens/s", expected=_figure(rate.expected))


def rate_range(rate: Rate) -> str:
    """`4.5 to 8.2`."""
    return tr("{low} to {high}", low=_figure(rate.low), high=_figure(rate.high))


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


# -- one plan ------------------------------------------------------------------------------------


def plan_text(candidate: Candidate, plan: Plan, rated: Quality, notes: Sequence[str] = ()) -> str:
    """Lines of at most 100 columns, where names allow."""
    size = gigabytes(candidate.size_bytes)
    source = (
        size if candidate.exact else tr("{size}, estimated from the model's dimensions", size=size)
    )
    lines = [
        f"{candidate.model} {candidate.quant} ({source})",
        tr(
            "Context: {context} tokens, kept as {plan}",
            context=count(plan.context_tokens),
            plan=_kv(plan),
        ),
        "",
        verdict_sentence(plan),
    ]
    if plan.speed is not None:
        speed = plan.speed
        empty, full = rate_text(speed.generation_empty), rate_text(speed.generation_full)
        lines.append(tr("Answers at {empty}, with a full context {full}.", empty=empty, full=full))
        lines.append(
            tr("Reads a prompt at {prefill_empty}.", prefill_empty=rate_text(speed.prefill_empty))
        )
    lines += [tr("Quality: {rated}", rated=quality_text(rated))]
    nominal = nominal_figure(candidate.model, candidate.quant)
    if nominal is not None:
        lines.append(
            tr(
                "A widely copied page has {size_gb} GB, {bits_per_weight:g} bits and "
                "{quality_pct}% for it: nominal figures.",
                size_gb=nominal.size_gb,
                bits_per_weight=nominal.bits_per_weight,
                quality_pct=nominal.quality_pct,
            )
        )
    lines.append("")
    lines += _device_table(plan.devices, exact=candidate.exact, kv_exact=candidate.shape.kv_exact)
    lines.append("")
    remarks = [*plan.notes, *(plan.speed.assumptions if plan.speed else ()), *notes]
    for remark in dict.fromkeys(filter(None, remarks)):
        lines += textwrap.wrap(remark, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines).rstrip() + "\n"


def quality_text(rated: Quality) -> str:
    """`very good (divergence 0.031, measured)`."""
    how = tr("measured") if rated.measured_kld else tr("estimated")
    bound = tr("at most ") if rated.at_most else ""
    return tr(
        "{grade} (divergence {bound}{mean_kld:.3f}, {how})",
        grade=rated.grade_word,
        bound=bound,
        mean_kld=rated.mean_kld,
        how=how,
    )


def _kv(plan: Plan) -> str:
    keys, values = plan.choice.kv_type_k, plan.choice.kv_type_v
    return keys if keys == values else tr("{keys} and {values}", keys=keys, values=values)


def _device_table(devices: Sequence[DeviceUse], *, exact: bool, kv_exact: bool) -> list[str]:
    """A tilde marks what is estimated."""
    rough = "" if exact else "~"
    rows: list[tuple[str, ...]] = [_HEAD]
    for use in devices:
        told = "" if use.compute_source in ("exact", "dry run") else "~"
        rows.append(
            (
                _label(use),
                rough + gigabytes(use.weights_bytes),
                ("" if exact and kv_exact else "~") + gigabytes(use.kv_bytes)
                if use.kv_bytes
                else "–",
                told + gigabytes(use.compute_bytes),
                "~" + gigabytes(use.overhead_bytes),
                "~" + gigabytes(use.total_bytes),
                gigabytes(use.target.capacity_bytes),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_aligned(row, widths) for row in rows]
    legend = tr("~ estimated; the other figures are exact.")
    if not exact:
        legend = tr("~ estimated.")
    elif any(use.compute_source == "dry run" for use in devices):
        legend = tr("~ estimated; compute as the engine simulates it; the other figures are exact.")
    return [*lines, legend]


def _label(use: DeviceUse) -> str:
    if use.target.kind == "cpu":
        return use.target.label
    return f"{use.target.name} {use.target.label}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join((first, *rest)).rstrip()


def plan_json(candidate: Candidate, plan: Plan, rated: Quality) -> JsonObject:
    speed = plan.speed
    return {
        "model": candidate.model,
        "quant": candidate.quant,
        "repository": candidate.repository,
        "size_bytes": candidate.size_bytes,
        "bits_per_weight": round(candidate.bits_per_weight, 3),
        "exact": candidate.exact,
        "verdict": plan.verdict,
        "sentence": verdict_sentence(plan),
        "tokens_per_second": round(speed.generation_empty.expected, 3) if speed else None,
        "speed": _speed_json(plan),
        "context_tokens": plan.context_tokens,
        "kv_type_k": plan.choice.kv_type_k,
        "kv_type_v": plan.choice.kv_type_v,
        "missing_bytes": plan.missing_bytes,
        "missing_in": plan.missing_in if plan.missing_bytes else None,
        "disk_bytes": plan.disk_bytes,
        "layers_on_cpu": plan.layers_on_cpu,
        "expert_layers_on_cpu": plan.expert_layers_on_cpu,
        "devices": [_device_json(candidate, use) for use in plan.devices],
        "placement": _placement_json(plan),
        "nominal": _nominal_json(candidate),
        "quality": {
            "grade": rated.grade,
            "mean_kld": round(rated.mean_kld, 4),
            "top1_agreement_pct": round(rated.top1_agreement_pct, 1),
            "measured": rated.measured,
        },
        "notes": list(plan.notes),
    }


def _nominal_json(candidate: Candidate) -> JsonValue:
    figure = nominal_figure(candidate.model, candidate.quant)
    if figure is None:
        return None
    return {
        "label": NOMINAL_LABEL,
        "bits_per_weight": figure.bits_per_weight,
        "size_gb": figure.size_gb,
        "quality_pct": figure.quality_pct,
    }


def _speed_json(plan: Plan) -> JsonValue:
    if plan.speed is None:
        return None
    rates = {
        "generation_empty": plan.speed.generation_empty,
        "generation_full": plan.speed.generation_full,
        "prompt_empty": plan.speed.prefill_empty,
        "prompt_full": plan.speed.prefill_full,
    }
    value: JsonObject = {
        name: {
            "low": round(rate.low, 3),
            "expected": round(rate.expected, 3),
            "high": round(rate.high, 3),
        }
        for name, rate in rates.items()
    }
    value["assumptions"] = list(plan.speed.assumptions)
    return value


def _device_json(candidate: Candidate, use: DeviceUse) -> JsonObject:
    """exact: weights and context are, by construction; `sources` says it for each figure."""
    kv_exact = candidate.exact and candidate.shape.kv_exact
    return {
        "name": use.target.name,
        "label": use.target.label,
        "kind": use.target.kind,
        "weights_bytes": use.weights_bytes,
        "kv_bytes": use.kv_bytes,
        "compute_bytes": use.compute_bytes,
        "overhead_bytes": use.overhead_bytes,
        "total_bytes": use.total_bytes,
        "exact": kv_exact,
        "sources": {
            "weights_bytes": "exact" if candidate.exact else "estimate",
            "kv_bytes": "exact" if kv_exact else "estimate",
            "compute_bytes": use.compute_source,
            "overhead_bytes": "estimate",
        },
        "mapped_bytes": use.mapped_bytes,
        "capacity_bytes": use.target.capacity_bytes,
        "missing_bytes": use.missing_bytes,
    }


def _placement_json(plan: Plan) -> JsonObject:
    where = plan.placement
    return {
        "devices": list(where.devices or ()),
        "gpu_layers": where.gpu_layers,
        "tensor_split": list(where.tensor_split),
        "tensor_overrides": [f"{o.pattern}={o.device}" for o in where.tensor_overrides],
        "batch_tokens": where.batch_tokens,
        "ubatch_tokens": where.ubatch_tokens,
        "flash_attention": where.flash_attention,
        "repack": where.repack,
    }


# -- a recommendation ----------------------------------------------------------------------------


def recommendation_text(found: Recommendation, notes: Sequence[str] = ()) -> str:
    lines = textwrap.wrap(found.statement, _WIDTH)
    if found.next_step:
        lines += textwrap.wrap(found.next_step, _WIDTH)
    lines.append("")
    rows: list[tuple[str, ...]] = [
        ("", "quantization", "size", "quality", "verdict", "tokens/s", "context")
    ]
    rows += [_row(row, found) for row in found.rows]
    if found.sibling is not None:
        rows.append(_row(found.sibling, found, other=True))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += [_left(row, widths) for row in rows]
    lines.append("")
    for note in filter(None, notes):
        lines += textwrap.wrap(note, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines).rstrip() + "\n"


def _row(row: Row, found: Recommendation, *, other: bool = False) -> tuple[str, ...]:
    chosen = row is found.best or (other and (found.best is None or found.best.shortfall))
    name = f"{row.candidate.model} {row.candidate.quant}" if other else row.candidate.quant
    speed = row.plan.speed
    rate = speed.generation_empty if speed else None
    return (
        "*" if chosen else "",
        name,
        ("" if row.candidate.exact else "~") + gigabytes(row.candidate.size_bytes),
        row.quality.grade,
        row.plan.verdict,
        f"{_figure(rate.expected)} ({_figure(rate.low)}-{_figure(rate.high)})" if rate else "-",
        f"{count(row.plan.context_tokens)} {_kv(row.plan)}",
    )


def _left(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def recommendation_json(found: Recommendation) -> JsonObject:
    return {
        "statement": found.statement,
        "next_step": found.next_step,
        "wish": {
            "context_tokens": found.wish.context_tokens,
            "tokens_per_second": found.wish.tokens_per_second,
        },
        "best": _row_json(found.best),
        "sibling": _row_json(found.sibling),
        "candidates": list(_rows_json(found.rows)),
    }


def _rows_json(rows: Sequence[Row]) -> Iterator[JsonValue]:
    for row in rows:
        yield _row_json(row)


def _row_json(row: Row | None) -> JsonValue:
    if row is None:
        return None
    value = plan_json(row.candidate, row.plan, row.quality)
    value["shortfall"] = row.shortfall
    return value
