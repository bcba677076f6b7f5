"""The recommendation in words: what to take, why, and what else there would be."""

from dataclasses import dataclass

from app.core.units import count
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
        title = f"Take {best.candidate.quant}: {_praise(best, found)}"
        return Advice("ok", title, _figures(best, files), best.candidate.quant, "", why)
    if best is not None:
        title = f"{best.candidate.quant} comes nearest: {_lower(best.shortfall)}"
        line = _figures(best, files)
        if sibling is not None:
            line = f"{line}\n{_does(sibling)}"
        return Advice("warn", title, line, best.candidate.quant, other, why)
    title = f"No file of {model} fits in the memory of this machine"
    if sibling is not None:
        line = _does(sibling)
    elif table.instead is not None:
        other = table.instead.candidate.model
        line = _nearest(table.instead)
    else:
        line = "Lower the context, or look at what another machine would do."
    return Advice("bad", title, line, "", other, why)


def _does(sibling: Row) -> str:
    candidate = sibling.candidate
    rate = rate_figure(sibling.tokens_per_second)
    return (
        f"All that was asked for: {candidate.model} in {candidate.quant}, {size(candidate)}, about "
        f"{rate} tokens/s."
    )


def _nearest(row: Row) -> str:
    """It fits, though not with all that was asked for."""
    candidate = row.candidate
    line = f"{candidate.model} in {candidate.quant}, {size(candidate)}, comes nearest: "
    line += _lower(row.shortfall)
    if "answers at" not in row.shortfall:
        line += f" It answers at about {rate_figure(row.tokens_per_second)} tokens/s."
    return line


def _praise(best: Row, found: Recommendation) -> str:
    equals = [row for row in found.rows if row.rank[0] >= best.rank[0] and not row.shortfall]
    if len(equals) > 1:
        return "nothing here is noticeably better, and it is the quickest of these"
    return "the best quality that still answers at reading speed here"


def _figures(row: Row, files: dict[str, int]) -> str:
    plan = row.plan
    number = files.get(row.candidate.quant, 0)
    parts = [
        f"{size(row.candidate)} in {number} files" if number > 1 else size(row.candidate),
        _where(plan),
        f"{count(plan.context_tokens)} tokens of context in {plan.choice.kv_type_k}",
        rate_text(plan.speed.generation_empty) if plan.speed is not None else "",
        *(_memory(entry) for entry in grouped(bars(plan))),
    ]
    return " · ".join(filter(None, parts))


def _memory(row: MemoryRow) -> str:
    """`~21.9 of 25.2 GB of RTX 3090`."""
    return f"{row.figure.removesuffix(' free')} of {short_name(row.label)}"


def _where(plan: Plan) -> str:
    match plan.verdict:
        case "experts in RAM":
            return f"experts of {plan.expert_layers_on_cpu} layers in RAM"
        case "layers in RAM":
            whole = "1 layer" if plan.layers_on_cpu == 1 else f"{plan.layers_on_cpu} layers"
            if not plan.expert_layers_on_cpu:
                return f"{whole} in RAM"
            return f"{whole} and the experts of {plan.expert_layers_on_cpu} in RAM"
        case "gpu":
            return "all of it on the GPU"
        case "cpu":
            return "on the processor alone"
        case _:
            return ""


def _why(table: Table) -> list[str]:
    found = table.recommendation
    best = found.best
    speed = f"{READING_SPEED:g} tokens/s"
    asked = (
        f"Asked for: {count(table.context_tokens)} tokens of context in {table.kv}, and answers at "
        f"{speed} or more, which is about as fast as people read."
    )
    lines = [asked]
    if best is not None:
        at = found.rows.index(best)
        lines += [_beside(row, best) for row in reversed(found.rows[max(0, at - _RUNNERS_UP) : at])]
        lines += [_beside(row, best) for row in found.rows[at + 1 : at + 1 + _RUNNERS_UP]]
    elif found.rows:
        nearest = min(found.rows, key=lambda row: row.plan.missing_bytes)
        lines.append(f"The smallest is {nearest.candidate.quant}: {_lower(nearest.shortfall)}")
    if found.next_step:
        lines.append(found.next_step)
    return lines


def _beside(row: Row, best: Row) -> str:
    """A runner-up and what speaks against it."""
    name = f"{row.candidate.quant} ({size(row.candidate)}, {row.quality.grade})"
    if row.shortfall:
        return f"{name}: {_lower(row.shortfall)}"
    if row.tokens_per_second > best.tokens_per_second:
        return (
            f"{name} is quicker, at about {rate_figure(row.tokens_per_second)} tokens/s, and "
            "further from the unquantized model."
        )
    if row.rank[0] >= best.rank[0]:
        return (
            f"{name} is no better in a way that people notice, and slower, at about "
            f"{rate_figure(row.tokens_per_second)} tokens/s."
        )
    return f"{name} is further from the unquantized model and no quicker."


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
