"""Every GPU of the table against one quantization: how many of it are needed, and how fast it is.

All verdicts and figures are the planner's. Arithmetic only says where it is worth asking: a number
of cards whose memory is smaller than the weights need not be planned.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.core.cancel import CancelToken
from app.hardware.nominal import Nominal, nominal, table
from app.hardware.nominal_machine import (
    GIB,
    Cards,
    Ram,
    card_machine,
    channel_bytes_per_second,
    devices_per_card,
    driver_name,
    unified_machine,
)
from app.hardware.types import Gpu, Machine
from app.planning.assignment import cells_for, kv_bytes
from app.planning.plan import check_choice, make_plan
from app.planning.recommend import Candidate
from app.planning.targets import room
from app.planning.types import Choice, Plan

# llama.cpp's LLAMA_MAX_DEVICES and ggml's limit for CUDA.
MOST_DEVICES = 16
RAM_SIZES_GIB = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
USUAL_RAM_BYTES_PER_SECOND = channel_bytes_per_second(2, 5600)
# The most that laptops, and boards with two memory channels, take today.
MOST_LAPTOP_RAM_GIB = 128
MOST_DUAL_CHANNEL_GIB = 256
# With everything on GPUs the RAM holds little more than the embedding.
_ENOUGH_RAM_GIB = 64
_SPILLED = ("experts in RAM", "layers in RAM")


@dataclass(frozen=True)
class Subject:
    """What is to run. ram_bytes_per_second: of the RAM beside cards that cannot hold all of it."""

    candidate: Candidate
    choice: Choice
    ram_bytes_per_second: int = USUAL_RAM_BYTES_PER_SECOND


@dataclass(frozen=True)
class Fit:
    """A machine on which it runs from memory. ram_gib: 0 for unified memory, which is the RAM."""

    cards: int
    ram_gib: int
    plan: Plan

    @property
    def tokens_per_second(self) -> float:
        return self.plan.speed.generation_empty.expected if self.plan.speed else 0.0


@dataclass(frozen=True)
class FleetRow:
    """alone: the fewest cards that hold all of it. with_ram: one card, and the least RAM that holds
    the rest; for unified memory, a part of it that the processor computes."""

    gpu: Nominal
    alone: Fit | None
    with_ram: Fit | None

    @property
    def best(self) -> Fit | None:
        """All of it in GPU memory where that can be."""
        return self.alone or self.with_ram


def most_cards(gpu: Nominal) -> int:
    """How many of it one computer can have, as far as the engine can use them."""
    if gpu.kind in ("unified", "consumer-laptop"):
        return 1
    return MOST_DEVICES // devices_per_card(gpu)


def most_ram_gib(gpu: Nominal) -> int:
    return MOST_LAPTOP_RAM_GIB if gpu.kind == "consumer-laptop" else RAM_SIZES_GIB[-1]


def needs_more_channels(fit: Fit, ram_bytes_per_second: int) -> bool:
    """More RAM than a board takes whose memory is as slow as that."""
    dual = ram_bytes_per_second <= channel_bytes_per_second(2, 8000)
    return dual and fit.ram_gib > MOST_DUAL_CHANNEL_GIB


def machine_with(gpu: Nominal, cards: int, ram: Ram) -> Machine:
    if gpu.kind == "unified":
        return unified_machine(gpu)
    return card_machine((Cards(gpu, cards),), ram)


def fewest_possible(subject: Subject, gpu: Nominal) -> int:
    """Below this many cards not even weights and context fit: a bound, not an answer."""
    shape, choice = subject.candidate.shape, subject.choice
    spacious = room(machine_with(gpu, 2 if most_cards(gpu) > 1 else 1, _ram(subject, 64))).gpus
    each = max((t.capacity_bytes - t.overhead_bytes for t in spacious), default=0)
    needed = shape.weights_bytes - shape.input_bytes
    needed += sum(kv_bytes(shape, choice, cells_for(shape, choice)))
    pieces = devices_per_card(gpu)
    return -(-needed // (each * pieces)) if each > 0 else most_cards(gpu) + 1


def fleet_row(subject: Subject, gpu: Nominal) -> FleetRow:
    """Raises KnownError for a choice that no machine could serve."""
    if gpu.kind == "unified":
        plan = _plan(subject, unified_machine(gpu))
        fit = Fit(1, 0, plan)
        spilled = plan.verdict in (*_SPILLED, "cpu")
        return FleetRow(gpu, fit if plan.verdict == "gpu" else None, fit if spilled else None)
    return FleetRow(gpu, _all_on_cards(subject, gpu), cards_and_ram(subject, gpu, 1))


def fleet(
    subject: Subject,
    gpus: Sequence[Nominal] | None = None,
    *,
    cancel: CancelToken | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[FleetRow, ...]:
    """The whole table by default, in its order. Raises KnownError or Cancelled."""
    gpus = table() if gpus is None else gpus
    check_choice(subject.candidate.shape, subject.choice)
    rows: list[FleetRow] = []
    for gpu in gpus:
        if cancel is not None:
            cancel.raise_if_cancelled()
        rows.append(fleet_row(subject, gpu))
        if on_progress is not None:
            on_progress(len(rows), len(gpus))
    return tuple(rows)


def cards_and_ram(subject: Subject, gpu: Nominal, cards: int) -> Fit | None:
    """So many cards and the least RAM that holds what they do not; None when the cards hold all of
    it, or no size of RAM helps."""
    sizes = [gib for gib in RAM_SIZES_GIB if gib <= most_ram_gib(gpu)]
    largest = _plan(subject, card_machine((Cards(gpu, cards),), _ram(subject, sizes[-1])))
    if largest.verdict not in _SPILLED:
        return None
    for gib in sizes:
        machine = card_machine((Cards(gpu, cards),), _ram(subject, gib))
        if room(machine).cpu.capacity_bytes < largest.ram_bytes:
            continue
        plan = _plan(subject, machine)
        if plan.verdict in _SPILLED:
            return Fit(cards, gib, plan)
    return None


def steps(subject: Subject, row: FleetRow) -> Iterator[Fit]:
    """What each further card brings, from one to as many as hold all of it (or as there can be)."""
    if row.gpu.kind == "unified":
        if row.best is not None:
            yield row.best
        return
    last = row.alone.cards if row.alone is not None else most_cards(row.gpu) + 1
    for cards in range(1, last):
        fit = cards_and_ram(subject, row.gpu, cards)
        if fit is not None:
            yield fit
    if row.alone is not None:
        yield row.alone


def own_gpus(machine: Machine) -> tuple[Nominal, ...]:
    """The rows of the table that this machine's GPUs are."""
    found = [table_row(machine, gpu) for gpu in machine.gpus]
    return tuple(dict.fromkeys(row for row in found if row is not None))


def table_row(machine: Machine, gpu: Gpu) -> Nominal | None:
    size = machine.memory.total_bytes if gpu.unified else gpu.total_bytes
    by_driver_name = (row for row in table() if driver_name(row) == gpu.name)
    return (
        nominal(gpu.vendor, gpu.name, size) or next(by_driver_name, None) or _by_figures(gpu, size)
    )


def _by_figures(gpu: Gpu, size: int | None) -> Nominal | None:
    """Where a name fits several rows ("H100 80GB HBM3"), memory and bandwidth tell which."""
    words = set(re.findall(r"\w*\d\w*", (gpu.name or "").lower()))
    bandwidth = gpu.bandwidth_bytes_per_second
    if not size or not bandwidth or not words:
        return None
    for row in table():
        alike = words & set(re.findall(r"\w*\d\w*", row.name.lower()))
        as_large = abs(row.memory_gb * GIB / size - 1) < 0.05
        as_fast = abs(row.bytes_per_second / bandwidth - 1) < 0.02
        if row.vendor == gpu.vendor and alike and as_large and as_fast:
            return row
    return None


def _all_on_cards(subject: Subject, gpu: Nominal) -> Fit | None:
    for cards in range(max(1, fewest_possible(subject, gpu)), most_cards(gpu) + 1):
        machine = card_machine((Cards(gpu, cards),), _ram(subject, _ENOUGH_RAM_GIB))
        plan = _plan(subject, machine)
        if plan.verdict == "gpu":
            return Fit(cards, _ENOUGH_RAM_GIB, plan)
    return None


def _plan(subject: Subject, machine: Machine) -> Plan:
    return make_plan(subject.candidate.shape, machine, subject.choice)


def _ram(subject: Subject, gib: int) -> Ram:
    return Ram(gib, subject.ram_bytes_per_second)
