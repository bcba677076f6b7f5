"""A machine that was built, in words to hand on, beside another one where that helps."""

from app.core.language import tr
from app.core.units import count
from app.planning.recommend import Recommendation, Row
from app.planning.report import rate_text, verdict_sentence


def build_text(name: str, found: Recommendation, *, other: str = "", here: str = "") -> str:
    """Plain lines. other: the statement for the machine it is compared with, whose name is here."""
    lines = [name, "", found.statement]
    if found.next_step:
        lines.append(found.next_step)
    if other:
        lines += ["", f"{here}: {other}"]
    lines += [
        "",
        tr("With a context of {context} tokens:", context=count(found.wish.context_tokens)),
    ]
    lines += [f"- {row_text(row)}" for row in found.rows]
    lines += ["", tr("Speeds are predictions; sizes with a tilde (~) are estimates.")]
    return "\n".join(lines) + "\n"


def row_text(row: Row) -> str:
    speed = row.plan.speed
    about = f" {rate_text(speed.generation_empty).capitalize()}." if speed else ""
    return f"{row.candidate.quant}: {verdict_sentence(row.plan)}{about}"
