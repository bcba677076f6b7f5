"""The recommendation in words: what to take, why, and what else there would be."""

from dataclasses import dataclass

from app.core.language import tr
from app.core.units import count, gigabytes
from app.planning.recommend import Recommendation, Row
from app.planning.report import rate_text
from app.planning.types import Plan
from app.ui.chat.load.words import MemoryRow
from app.ui.models.model_words import short_name
from app.ui.models.planned import READING_SPEED, Table
from app.ui.models.words import bars, grouped, rate_figure, size

_RUNNERS_UP = 2


@dataclass(frozen=True)
class Advice:
    """kind: of banner (ok, warn, bad). quant: what the button gets, "" for nothing. sibling: a
    smaller model to go to. why: lines, the reason first."""

    kind: str
    title: str
    line: str
    quant: str
    sibling: str
    why: tuple[str, ...]


def advice(table: Table, model: str, files: dict[str, int]) -> Advice:
    """files: how many there are of a quantization."""
    found = table.recommendation
    best, sibling = found.best, found.sibling
    other = sibling.candidate.model if sibling is not None else ""
    why = tuple(_why(table))
    if best is not None and not best.shortfall:
        title = tr("Take {quant}: {best}", quant=best.candidate.quant, best=_praise(best, found))
        return Advice("ok", title, _figures(best, files), best.candidate.quant, "", why)
    if best is not None:
        title = tr(
            "{quant} comes nearest: {shortfall}",
            quant=best.candidate.quant,
            shortfall=_lower(best.shortfall),
        )
        line = _figures(best, files)
        if sibling is not None:
            line = f"{line}\n{_does(sibling)}"
        return Advice("warn", title, line, best.candidate.quant, other, why)
    title = tr("No file of {model} fits in the memory of this machine", model=model)
    if sibling is not None:
        line = _does(sibling)
    elif table.instead is not None:
        other = table.instead.candidate.model
        line = _nearest(table.instead, table.context_tokens)
    else:
        line = tr("Lower the context, or look at what another machine would do.")
    return Advice("bad", title, line, "", other, why)


def _does(sibling: Row) -> str:
    candidate = sibling.candidate
    rate = rate_figure(sibling.tokens_per_second)
    return tr(
        "All that was asked for: {model} in {quant}, {candidate}, about {rate} tokens/s.",
        model=candidate.model,
        quant=candidate.quant,
        candidate=size(candidate),
        rate=rate,
    )


def _nearest(row: Row, context_tokens: int) -> str:
    """It fits, though not with all that was asked for."""
    candidate = row.candidate
    line = tr(
        "{model} in {quant}, {candidate}, comes nearest: ",
        model=candidate.model,
        quant=candidate.quant,
        candidate=size(candidate),
    )
    line += _lower(row.shortfall)
    trained = candidate.shape.trained_context or context_tokens
    if row.fits and row.plan.context_tokens < min(context_tokens, trained):
        line += tr(
            " It answers at about {tokens_per_second} tokens/s.",
            tokens_per_second=rate_figure(row.tokens_per_second),
        )
    return line


def _praise(best: Row, found: Recommendation) -> str:
    equals = [row for row in found.rows if row.rank[0] >= best.rank[0] and not row.shortfall]
    if len(equals) > 1:
        return tr("nothing here is noticeably better, and it is the quickest of these")
    return tr("the best quality that still answers at reading speed here")


def _figures(row: Row, files: dict[str, int]) -> str:
    plan = row.plan
    number = files.get(row.candidate.quant, 0)
    parts = [
        tr("{candidate} in {number} files", candidate=size(row.candidate), number=number)
        if number > 1
        else size(row.candidate),
        _where(plan),
        tr(
            "{context} tokens of context in {kv_type_k}",
            context=count(plan.context_tokens),
            kv_type_k=plan.choice.kv_type_k,
        ),
        rate_text(plan.speed.generation_empty) if plan.speed is not None else "",
        *(_memory(entry) for entry in grouped(bars(plan))),
    ]
    return " · ".join(filter(None, parts))


def _memory(row: MemoryRow) -> str:
    """`~21.9 of 25.2 GB of RTX 3090`."""
    used, free = gigabytes(row.total_bytes), gigabytes(row.capacity_bytes)
    if used.rpartition(" ")[2] == free.rpartition(" ")[2]:
        used = used.rpartition(" ")[0]
    return tr("~{used} of {free} of {label}", used=used, free=free, label=short_name(row.label))


def _where(plan: Plan) -> str:
    match plan.verdict:
        case "experts in RAM":
            return tr(
                "experts of {expert_layers_on_cpu} layers in RAM",
                expert_layers_on_cpu=plan.expert_layers_on_cpu,
            )
        case "layers in RAM":
            whole = (
                tr("1 layer")
                if plan.layers_on_cpu == 1
                else tr("{layers_on_cpu} layers", layers_on_cpu=plan.layers_on_cpu)
            )
            if not plan.expert_layers_on_cpu:
                return tr("{whole} in RAM", whole=whole)
            return tr(
                "{whole} and the experts of {expert_layers_on_cpu} in RAM",
                whole=whole,
                expert_layers_on_cpu=plan.expert_layers_on_cpu,
            )
        case "gpu":
            return tr("all of it on the GPU")
        case "cpu":
            return tr("on the processor alone")
        case _:
            return ""


def _why(table: Table) -> list[str]:
    found = table.recommendation
    best = found.best
    speed = tr("{reading_speed:g} tokens/s", reading_speed=READING_SPEED)
    asked = tr(
        "Asked for: {context} tokens of context in {kv}, and answers at {speed} "
        "or more, which is about as fast as people read.",
        context=count(table.context_tokens),
        kv=table.kv,
        speed=speed,
    )
    lines = [asked]
    if best is not None:
        at = found.rows.index(best)
        lines += [_beside(row, best) for row in reversed(found.rows[max(0, at - _RUNNERS_UP) : at])]
        lines += [_beside(row, best) for row in found.rows[at + 1 : at + 1 + _RUNNERS_UP]]
    elif found.rows:
        nearest = min(found.rows, key=lambda row: row.plan.missing_bytes)
        lines.append(
            tr(
                "The smallest is {quant}: {shortfall}",
                quant=nearest.candidate.quant,
                shortfall=_lower(nearest.shortfall),
            )
        )
    if found.next_step:
        lines.append(found.next_step)
    return lines


def _beside(row: Row, best: Row) -> str:
    """A runner-up and what speaks against it."""
    name = f"{row.candidate.quant} ({size(row.candidate)}, {row.quality.grade_word})"
    if row.shortfall:
        return tr("{name}: {shortfall}", name=name, shortfall=_lower(row.shortfall))
    if row.tokens_per_second > best.tokens_per_second:
        return tr(
            "{name} is quicker, at about {tokens_per_second} tokens/s, and "
            "further from the unquantized model.",
            name=name,
            tokens_per_second=rate_figure(row.tokens_per_second),
        )
    if row.rank[0] >= best.rank[0]:
        return tr(
            "{name} is no better in a way that people notice, and slower, at "
            "about {tokens_per_second} tokens/s.",
            name=name,
            tokens_per_second=rate_figure(row.tokens_per_second),
        )
    return tr("{name} is further from the unquantized model and no quicker.", name=name)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence
