"""What to recommend on this machine, and how to say it. No Qt; plain data."""

from dataclasses import dataclass
from typing import Literal

from app.catalog.shipped import shipped_catalogue
from app.core.language import sentences, tr
from app.core.units import gigabytes
from app.hardware.report import GPU_STATES
from app.hardware.types import Disk, Finding, Gpu, Machine
from app.planning.offers import Offers, by_model, sibling_candidates
from app.planning.quality import Quality
from app.planning.recommend import Recommendation, Row, Wish, best_row, recommend
from app.planning.report import rate_text, verdict_sentence
from app.planning.types import DeviceUse, Plan

Kind = Literal["best", "sibling", "slow", "demo"]
_MOST_FINDINGS = 2
_NO_GPU_CODES = ("no-gpu",)


@dataclass(frozen=True)
class Fact:
    """One line about the machine."""

    name: str
    text: str


@dataclass(frozen=True)
class Sight:
    """What was found. findings: the ones that cost something, worst first; more: how many other
    ones there are. free_bytes: where models go."""

    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...] = ()
    more: int = 0
    free_bytes: int | None = None


@dataclass(frozen=True)
class Advice:
    """kind: best is all that was wished for; sibling another model that is; slow the nearest that
    runs at all; demo when nothing does. repo and quant: what the button fetches, "" for nothing.
    figures: exact or predicted, in one line. remarks: sentences. room_missing: of the disk."""

    kind: Kind
    title: str
    figures: str = ""
    why: str = ""
    remarks: tuple[str, ...] = ()
    repo: str = ""
    quant: str = ""
    size_bytes: int = 0
    room_missing: int = 0

    @property
    def can_get(self) -> bool:
        return bool(self.repo and self.quant)


def sight_of(machine: Machine, folder: str, free_bytes: int | None) -> Sight:
    """folder: where models go, for people."""
    memory, cpu = machine.memory, machine.cpu
    facts = [Fact("GPU", _gpu(machine, gpu)) for gpu in machine.gpus[:4]]
    if len(machine.gpus) > 4:
        facts.append(Fact("", tr("and {gpus} more GPUs", gpus=len(machine.gpus) - 4)))
    if not machine.gpus:
        facts.append(Fact("GPU", tr("none found; the processor does the work")))
    total, free = memory.effective_total_bytes, memory.effective_available_bytes
    facts.append(Fact(tr("Memory"), _of(free, total)))
    cores = (
        tr(" · {usable_cores} cores usable", usable_cores=cpu.usable_cores)
        if cpu.usable_cores
        else ""
    )
    name = cpu.name or tr("unknown")
    facts.append(Fact(tr("Processor"), f"{name}{cores}"))
    room = (
        tr("{free} free", free=gigabytes(free_bytes))
        if free_bytes is not None
        else tr("free space unknown")
    )
    facts.append(Fact(tr("Disk"), tr("{room} in {folder}", room=room, folder=folder)))
    serious = [one for one in machine.findings if one.severity != "info"]
    shown = tuple(serious[:_MOST_FINDINGS])
    return Sight(tuple(facts), shown, len(machine.findings) - len(shown), free_bytes)


def free_on(machine: Machine, disks: tuple[Disk, ...] | None = None) -> int | None:
    """Of a recorded machine: its roomiest disk."""
    known = [disk.free_bytes for disk in disks or machine.disks if disk.free_bytes is not None]
    return max(known, default=None)


def advise(offers: Offers, machine: Machine, free_bytes: int | None) -> Advice:
    """Takes a second or so for a large repository."""
    wanted, _ = by_model([offer.candidate for offer in offers.offers])
    found = recommend(wanted, sibling_candidates(), machine, Wish())
    row, kind = _chosen(found)
    if row is None:
        row = _quickest_sibling(machine)
    if row is None:
        return Advice(
            "demo",
            tr("No GLM model fits this machine"),
            why=found.statement,
            remarks=tuple(filter(None, (found.next_step, tr("The demo model runs everywhere.")))),
        )
    candidate = row.candidate
    # A quarter of a gigabyte more than the files: what the file system and the journal take.
    missing = 0 if free_bytes is None else max(0, candidate.size_bytes + 2**28 - free_bytes)
    same = row.candidate.model == (wanted[0].model if wanted else "")
    remarks = [
        row.shortfall if kind == "slow" and same else "",
        found.next_step if kind == "best" else "",
    ]
    if missing:
        remarks.append(tr("The disk lacks {missing} for it.", missing=gigabytes(missing)))
    if not candidate.exact:
        remarks.append(_estimate(sibling=not same))
    return Advice(
        kind,
        f"{candidate.model} {candidate.quant}",
        figures_text(row),
        sentences(_why(kind, row, found), quality_sentence(row.quality)),
        tuple(filter(None, remarks)),
        candidate.repository,
        candidate.quant,
        candidate.size_bytes,
        missing,
    )


def figures_text(row: Row) -> str:
    """`158 GB · about 5.8 tokens/s (4.9 to 6.9) · 21.9 of 24.0 GB GPU · 149 of 192 GB RAM`."""
    rough = "" if row.candidate.exact else tr("about ")
    parts = [f"{rough}{gigabytes(row.candidate.size_bytes)}"]
    if row.plan.speed is not None:
        parts.append(rate_text(row.plan.speed.generation_empty))
    parts += _memory(row.plan)
    return " · ".join(parts)


def quality_sentence(rated: Quality) -> str:
    how = tr("measured") if rated.measured_kld else tr("estimated")
    return tr("Quality: {grade} ({how}).", grade=rated.grade_word, how=how)


def _chosen(found: Recommendation) -> tuple[Row | None, Kind]:
    if found.best is not None and not found.best.shortfall:
        return found.best, "best"
    if found.sibling is not None:
        return found.sibling, "sibling"
    return found.best, "slow"


def _quickest_sibling(machine: Machine) -> Row | None:
    """Of what fits and is worth having, however slow."""
    rows = [best_row(candidate, machine, Wish()) for candidate in sibling_candidates()]
    sound = [row for row in rows if row.fits and row.quality.recommended]
    return max(sound, key=lambda row: row.tokens_per_second, default=None)


def _why(kind: Kind, row: Row, found: Recommendation) -> str:
    if kind == "best":
        speed = found.wish.tokens_per_second
        return tr("The best quality that answers at {speed:g} tokens/s or more here.", speed=speed)
    if kind == "sibling":
        model = found.rows[0].candidate.model if found.rows else "GLM-4.6"
        near = found.best
        if near is None:
            return tr(
                "{model} itself does not fit this machine; this is its smaller sibling.",
                model=model,
            )
        return tr(
            "{model} itself would be slow here: {quant}, {generation_empty}.",
            model=model,
            quant=near.candidate.quant,
            generation_empty=rate_text(near.plan.speed.generation_empty)
            if near.plan.speed
            else "unknown",
        )
    model = found.rows[0].candidate.model if found.rows else "GLM-4.6"
    if row.candidate.model != model:
        return tr(
            "{model} does not fit this machine, and this smaller sibling is slow "
            "here: the quickest there is.",
            model=model,
        )
    return verdict_sentence(row.plan)


def _memory(plan: Plan) -> list[str]:
    gpus = [use for use in plan.devices if use.target.kind != "cpu"]
    cpus = [use for use in plan.devices if use.target.kind == "cpu"]
    unified = any(use.target.kind == "unified" for use in gpus)
    parts = []
    if gpus and sum(use.total_bytes for use in gpus):
        parts.append(_used(gpus, tr("unified memory") if unified else "GPU"))
    if cpus and not unified:
        parts.append(_used(cpus, tr("RAM")))
    return parts


def _used(uses: list[DeviceUse], kind: str) -> str:
    used = sum(use.total_bytes for use in uses)
    total = gigabytes(sum(use.target.total_bytes for use in uses))
    figure, _, unit = gigabytes(used).partition(" ")
    same = total.endswith(f" {unit}")
    return tr(
        "{figure}{value} of {total} {kind}",
        figure=figure,
        value="" if same else f" {unit}",
        total=total,
        kind=kind,
    )


def _estimate(*, sibling: bool) -> str:
    if sibling:
        return tr("Its figures are estimated from the model's published dimensions.")
    return tr(
        "Sizes are those of {generated}; how they are made up is estimated from "
        "the model's dimensions.",
        generated=shipped_catalogue().generated,
    )


def _gpu(machine: Machine, gpu: Gpu) -> str:
    total, free = machine.gpu_total_bytes(gpu), machine.gpu_free_bytes(gpu)
    parts = [gpu.name or f"{gpu.vendor} GPU"]
    shared = tr(" shared with the system") if gpu.unified else ""
    parts.append(f"{_of(free, total)}{shared}")
    if gpu.state != "ok":
        parts.append(tr(GPU_STATES[gpu.state]))
    elif machine.engine.status == "ok" and not gpu.engine_devices:
        parts.append(tr("not used by the engine"))
    return " · ".join(parts)


def _of(free: int | None, total: int | None) -> str:
    if total is None:
        return tr("size unknown")
    return (
        gigabytes(total)
        if free is None
        else tr("{total}, {free} free", total=gigabytes(total), free=gigabytes(free))
    )
