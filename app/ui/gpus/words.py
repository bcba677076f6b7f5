"""GPUs and what they do with a model, in words and figures."""

from collections.abc import Iterable, Sequence

from app.core.language import mark, sentences, tr
from app.core.units import count, gigabytes
from app.hardware.nominal import Nominal
from app.hardware.nominal_machine import devices_per_card, memory_sentence
from app.planning.fleet import MOST_DEVICES, Fit, FleetRow, Subject, needs_more_channels
from app.planning.fleet_search import kind_word
from app.planning.report import rate_text, verdict_sentence
from app.planning.types import DeviceUse, Plan
from app.ui.gpus.cells import Bar, Cell, Column, Line

FLEET_COLUMNS = (
    Column("GPU", 216, stretch=5),
    Column(mark("Vendor"), 84, fold=5),
    Column(mark("Kind"), 104, fold=4),
    Column(
        mark("Memory"),
        92,
        fold=1,
        align="right",
        tip=mark("As on the box; these GB are GiB."),
        descending=True,
    ),
    Column(mark("Bandwidth"), 108, fold=7, align="right", descending=True),
    Column(mark("Year"), 60, fold=6, align="right", descending=True),
    Column(mark("Needed"), 118, tip=mark("How many hold all of it in GPU memory.")),
    Column(
        mark("Memory it takes"),
        120,
        fold=3,
        stretch=1,
        tip=mark("Of all these cards together, or of one card and RAM where they are not enough."),
    ),
    Column(
        mark("Tokens/s"),
        88,
        align="right",
        tip=mark("Predicted, with all of it in GPU memory."),
        descending=True,
    ),
    Column(
        mark("One card and RAM"),
        152,
        fold=2,
        descending=True,
        tip=mark("The least RAM that holds the rest, and the speed with it."),
    ),
)
MEMORY_COLUMN = 3


def title(subject: Subject) -> str:
    return tr("{model} in {quant}", model=subject.candidate.model, quant=subject.candidate.quant)


def circumstances(subject: Subject) -> str:
    """`32,768 tokens of context kept as f16, 216 GB`."""
    choice, candidate = subject.choice, subject.candidate
    tokens = choice.context_tokens or candidate.shape.trained_context
    rough = "" if candidate.exact else "~"
    return tr(
        "{tokens} tokens of context kept as {kv_type_k} · {rough}{size} of weights",
        tokens=count(tokens),
        kv_type_k=choice.kv_type_k,
        rough=rough,
        size=gigabytes(candidate.size_bytes),
    )


def summary(rows: Sequence[FleetRow]) -> str:
    alone = sum(row.alone is not None for row in rows)
    beside = sum(row.alone is None and row.with_ram is not None for row in rows)
    told = tr("{alone} of {rows} can hold all of it", alone=alone, rows=len(rows))
    return (
        tr("{told}, {beside} more run it with RAM beside them.", told=told, beside=beside)
        if beside
        else f"{told}."
    )


def fleet_lines(rows: Iterable[FleetRow], own: frozenset[Nominal], ram: int) -> list[Line]:
    """ram: bytes per second of what is beside the cards."""
    return [fleet_line(row, own, ram) for row in rows]


def fleet_line(row: FleetRow, own: frozenset[Nominal], ram: int) -> Line:
    gpu = row.gpu
    mine = gpu in own
    alone = row.alone
    cells = (
        Cell(gpu.name, note=tr("yours") if mine else "", strong=True, chip="busy" if mine else "",
             sort=gpu.name.lower()),
        Cell(gpu.vendor, tone="muted", sort=gpu.vendor),
        Cell(kind_word(gpu.kind).removesuffix(" memory"), tone="muted", sort=gpu.kind),
        Cell(f"{gpu.memory_gb:g} GB", sort=gpu.memory_gb),
        Cell(f"{gpu.bytes_per_second / 1e9:,.0f} GB/s", tone="muted", sort=gpu.bytes_per_second),
        Cell(str(gpu.released), tone="muted", sort=gpu.released),
        needed_cell(row),
        bar_cell(row.best),
        speed_cell(alone),
        _beside_cell(row.with_ram),
    )  # fmt: skip
    tip = row_tip(row, ram, mine=mine)
    return Line(_key(gpu), cells, tip, spoken(tip), mine)


def spoken(tip: str) -> str:
    """Lines as sentences."""
    return sentences(
        *(line if line.endswith((".", "。")) else f"{line}." for line in tip.split("\n"))
    )


def _key(gpu: Nominal) -> str:
    return f"{gpu.vendor} {gpu.name}"


def needed_cell(row: FleetRow) -> Cell:
    gpu, alone = row.gpu, row.alone
    if alone is not None:
        text = tr("fits") if gpu.kind == "unified" else cards_word(alone.cards)
        return Cell(text, tone="ok", strong=True, sort=float(alone.cards))
    if row.with_ram is not None and gpu.kind == "unified":
        return Cell(tr("fits in part"), tone="warn", sort=50.0)
    text = tr("too small") if gpu.kind in ("unified", "consumer-laptop") else _beyond(gpu)
    return Cell(text, tone="muted", sort=100.0 - gpu.memory_gb / 1000)


def _beyond(gpu: Nominal) -> str:
    return tr("more than {most_devices}", most_devices=MOST_DEVICES // devices_per_card(gpu))


def cards_word(cards: int) -> str:
    return tr("1 card") if cards == 1 else tr("{cards} cards", cards=cards)


def bar_cell(fit: Fit | None) -> Cell:
    bar = plan_bar(fit.plan) if fit is not None else None
    return Cell(memory_figure(fit.plan) if fit else "", bar=bar, sort=bar.total_bytes if bar else 0)


def speed_cell(fit: Fit | None) -> Cell:
    if fit is None or fit.plan.speed is None:
        return Cell("–", tone="muted", sort=0.0)
    return Cell(figure(fit.tokens_per_second), sort=fit.tokens_per_second)


def figure(value: float) -> str:
    if value >= 0.95:
        return f"{value:.0f}" if value >= 19.95 else f"{value:.1f}"
    return f"{value:.2f}"


def _beside_cell(fit: Fit | None) -> Cell:
    if fit is None:
        return Cell("–", tone="muted", sort=0.0)
    speed = f"{figure(fit.tokens_per_second)} t/s" if fit.plan.speed else ""
    if not fit.ram_gib:
        return Cell(speed, sort=fit.tokens_per_second)
    return Cell(f"{fit.ram_gib} GB", note=speed, sort=fit.tokens_per_second)


def row_tip(row: FleetRow, ram: int, *, mine: bool = False) -> str:
    gpu = row.gpu
    lines = [tr(", ").join((_key(gpu), kind_word(gpu.kind), str(gpu.released)))]
    if mine:
        lines.append(tr("This machine has it."))
    lines += [
        memory_sentence(gpu),
        tr(
            "{bytes_per_second:,.0f} GB/s to its memory.",
            bytes_per_second=gpu.bytes_per_second / 1e9,
        ),
    ]
    lines += [fit_sentence(gpu, fit) for fit in (row.alone, row.with_ram) if fit is not None]
    if row.with_ram is not None and row.with_ram.ram_gib:
        lines.append(ram_sentence(row.with_ram, ram))
    if row.best is None:
        lines.append(tr("Not enough, however many of it one computer can have."))
    elif row.best.plan.speed is not None:
        lines += row.best.plan.speed.assumptions
    lines.append(tr("Source: {source}", source=gpu.source))
    return "\n".join(lines)


def fit_sentence(gpu: Nominal, fit: Fit) -> str:
    """`10 cards: all of it fits in GPU memory, 226 of 253 GB, about 24 tokens/s (18 to 32).`"""
    who = gpu.name if gpu.kind == "unified" else cards_word(fit.cards)
    if fit.ram_gib and fit.plan.verdict != "gpu":
        who = tr("{who} and {ram_gib} GB of RAM", who=who, ram_gib=fit.ram_gib)
    speed = fit.plan.speed
    told = tr(
        "{who}: {verdict} {memory}.",
        who=who,
        verdict=verdict_sentence(fit.plan),
        memory=memory_figure(fit.plan),
    )
    if speed is None:
        return told
    return tr("{told} {rate}.", told=told, rate=rate_text(speed.generation_empty).capitalize())


def ram_sentence(fit: Fit, ram: int) -> str:
    told = tr("The RAM is taken to be read at {ram:.0f} GB/s.", ram=ram / 1e9)
    if needs_more_channels(fit, ram):
        return tr(
            "{told} Boards for so much of it have more channels and are faster; "
            "choose such RAM under “Find the best GPU”.",
            told=told,
        )
    return told


def memory_figure(plan: Plan) -> str:
    """`~226 of 253 GB`: what it takes of the memory that the bar shows."""
    bar = plan_bar(plan)
    used, free = gigabytes(bar.total_bytes), gigabytes(bar.capacity_bytes)
    if used.rpartition(" ")[2] == free.rpartition(" ")[2]:
        used = used.rpartition(" ")[0]
    return tr("~{used} of {free}", used=used, free=free)


def plan_bar(plan: Plan) -> Bar:
    """All memories as one. RAM counts only where the plan leans on it: what little of a model that
    lies on GPUs is kept in RAM too would blur the picture."""
    cards = [use for use in plan.devices if use.target.kind == "gpu"]
    shared = any(use.target.kind == "unified" for use in plan.devices)
    counted: Sequence[DeviceUse] = cards if plan.verdict == "gpu" and not shared else plan.devices
    sums = dict.fromkeys(("gpu", "ram", "kv", "work", "muted"), 0)
    for use in counted:
        sums["ram" if use.target.kind == "cpu" else "gpu"] += use.weights_bytes
        sums["kv"] += use.kv_bytes
        sums["work"] += use.compute_bytes
        sums["muted"] += use.overhead_bytes
    rooms = [use.target.capacity_bytes for use in counted if use.target.kind != "unified"]
    capacity = sum(rooms) if rooms else sum(use.target.capacity_bytes for use in counted)
    return Bar(tuple((token, size) for token, size in sums.items() if size), capacity)


LEGEND = (
    ("gpu", mark("weights on the GPU")),
    ("ram", mark("weights in RAM")),
    ("kv", mark("context")),
    ("work", mark("work buffers")),
    ("muted", mark("overhead")),
)
