"""A machine that was built, and what each quantization does on it, in words and figures."""

from app.core.language import mark, sentences, tr
from app.core.units import count, gigabytes
from app.hardware.nominal_machine import memory_sentence
from app.planning.build import Build
from app.planning.recommend import Recommendation, Row
from app.planning.report import quality_text, rate_text, verdict_sentence
from app.ui.chat.load.words import verdict_chip
from app.ui.gpus.cells import Cell, Column, Line
from app.ui.gpus.words import figure, memory_figure, plan_bar, spoken

HERE_COLUMN = 6
BUILD_COLUMNS = (
    Column(mark("Quantization"), 160, stretch=1),
    Column(mark("Size"), 82, align="right"),
    Column(mark("Quality"), 150, fold=3),
    Column(
        mark("Memory"), 104, fold=2, stretch=3, tip=mark("What it takes of all this machine has.")
    ),
    Column(
        mark("Tokens/s"),
        76,
        align="right",
        tip=mark("Predicted; the range is in each row's tooltip."),
    ),
    Column(mark("Verdict"), 166, fold=1),
    Column(mark("This machine"), 120, tip=mark("The same on the machine the program runs on.")),
)


def build_lines(found: Recommendation, here: Recommendation | None) -> list[Line]:
    by_quant = {row.candidate.quant: row for row in here.rows} if here is not None else {}
    return [
        _line(row, by_quant.get(row.candidate.quant), best=row is found.best) for row in found.rows
    ]


def _line(row: Row, here: Row | None, *, best: bool) -> Line:
    candidate, plan = row.candidate, row.plan
    rough = "" if candidate.exact else "~"
    text, kind = verdict_chip(plan)
    if plan.verdict == "does not fit":
        text = tr("needs {missing} more", missing=gigabytes(plan.missing_bytes))
    estimate = "" if row.quality.measured else tr("est.")
    cells = (
        Cell(candidate.quant, note=tr("best") if best else "", chip="ok" if best else "",
             strong=True, sort=candidate.quant),
        Cell(f"{rough}{gigabytes(candidate.size_bytes)}", sort=candidate.size_bytes),
        Cell(row.quality.grade_word, note=estimate, tone="muted", sort=-row.quality.score),
        Cell(memory_figure(plan), bar=plan_bar(plan), sort=candidate.size_bytes),
        Cell(figure(row.tokens_per_second) if plan.speed else "–",
             tone="text" if row.fits else "muted", sort=row.tokens_per_second),
        Cell(note=text, chip=kind, sort=text),
        here_cell(here),
    )  # fmt: skip
    tip = _tip(row)
    return Line(candidate.quant, cells, tip, spoken(tip), best)


def here_cell(here: Row | None) -> Cell:
    if here is None:
        return Cell("–", tone="muted", sort=0.0)
    if not here.fits:
        word = tr("from disk") if here.plan.verdict == "disk" else tr("does not fit")
        return Cell(word, tone="warn" if here.plan.verdict == "disk" else "bad", sort=0.0)
    return Cell(f"{figure(here.tokens_per_second)} t/s", note=verdict_chip(here.plan)[0],
                sort=here.tokens_per_second)  # fmt: skip


def _tip(row: Row) -> str:
    plan, speed = row.plan, row.plan.speed
    lines = [
        f"{row.candidate.model} {row.candidate.quant}",
        verdict_sentence(plan),
        (
            tr(
                "{plan}, with a context of {context} tokens kept as {kv_type_k}",
                plan=memory_figure(plan),
                context=count(plan.context_tokens),
                kv_type_k=plan.choice.kv_type_k,
            )
        ),
        tr("Quality: {quality}", quality=quality_text(row.quality)),
    ]
    if speed is not None:
        lines.append(
            tr("Answers at {generation_empty}", generation_empty=rate_text(speed.generation_empty))
        )
        lines.append(
            tr("Reads a prompt at {prefill_empty}", prefill_empty=rate_text(speed.prefill_empty))
        )
        lines += speed.assumptions
    if not row.candidate.exact:
        lines.append(tr("Its size is that of the list that ships with the program."))
    return "\n".join(lines)


def about_machine(build: Build) -> str:
    """What is counted with, in a few sentences."""
    if build.whole is not None:
        return memory_sentence(build.whole)
    speed = f"{build.ram_bytes_per_second / 1e9:.0f} GB/s"
    ram = tr(
        "RAM of {ram_gib} GB at {speed}; the system and other programs keep a part of it.",
        ram_gib=build.ram_gib,
        speed=speed,
    )
    return sentences(*(memory_sentence(part.gpu) for part in build.cards[:1]), ram)
