"""A machine put together from parts: kept as a few choices, planned with as a `Machine`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.hardware.codec import machine_to_json, read_machine
from app.hardware.nominal import Nominal, table
from app.hardware.nominal_machine import (
    GIB,
    Cards,
    Ram,
    card_machine,
    channel_bytes_per_second,
    devices_per_card,
    unified_machine,
)
from app.hardware.types import Machine
from app.planning.fleet import MOST_DEVICES, RAM_SIZES_GIB, table_row

_KEY = "build"
_LIMITS = {
    "ram_gib": (1, 16_384),
    "channels": (1, 48),
    "megatransfers": (400, 20_000),
    "cores": (1, 1024),
    "pcie_generation": (1, 6),
}
_FEW_CHANNELS = 120_000_000_000


@dataclass(frozen=True)
class RamPreset:
    memory: str
    channels: int
    megatransfers: int

    @property
    def label(self) -> str:
        if self.channels == 2:
            return tr("Dual-channel {memory}", memory=self.memory)
        return tr("{channels}-channel {memory}", channels=self.channels, memory=self.memory)

    @property
    def bytes_per_second(self) -> int:
        return channel_bytes_per_second(self.channels, self.megatransfers)


RAM_PRESETS = (
    RamPreset("DDR4-3200", 2, 3200),
    RamPreset("DDR5-5600", 2, 5600),
    RamPreset("DDR5-6400", 2, 6400),
    RamPreset("DDR5-5600", 4, 5600),
    RamPreset("DDR4-3200", 8, 3200),
    RamPreset("DDR5-4800", 8, 4800),
    RamPreset("DDR5-6400", 8, 6400),
    RamPreset("DDR5-4800", 12, 4800),
    RamPreset("DDR5-6400", 12, 6400),
)


@dataclass(frozen=True)
class Build:
    """whole: a computer with unified memory, sold as it is; cards and RAM then say nothing."""

    cards: tuple[Cards, ...] = ()
    whole: Nominal | None = None
    ram_gib: int = 128
    channels: int = 2
    megatransfers: int = 5600
    cores: int = 16
    pcie_generation: int = 4

    @property
    def devices(self) -> int:
        """How many GPUs the engine sees."""
        return sum(part.count * devices_per_card(part.gpu) for part in self.cards)

    @property
    def ram_bytes_per_second(self) -> int:
        return channel_bytes_per_second(self.channels, self.megatransfers)

    @property
    def name(self) -> str:
        """`2 × GeForce RTX 4090, 256 GB of RAM`."""
        if self.whole is not None:
            return self.whole.name
        parts = [f"{c.count} × {c.gpu.name}" if c.count > 1 else c.gpu.name for c in self.cards]
        return tr(", ").join([*parts, tr("{ram_gib} GB of RAM", ram_gib=self.ram_gib)])

    def machine(self) -> Machine:
        if self.whole is not None:
            return unified_machine(self.whole, name=self.name)
        ram = Ram(self.ram_gib, self.ram_bytes_per_second)
        return card_machine(
            self.cards, ram, cores=self.cores, pcie_generation=self.pcie_generation, name=self.name
        )

    def with_count(self, gpu: Nominal, count: int) -> "Build":
        """So many of this card; 0 takes it out. Raises KnownError beyond the engine's limit."""
        if gpu.kind == "unified":
            return replace(self, whole=gpu if count else None)
        kept = [Cards(c.gpu, count if c.gpu == gpu else c.count) for c in self.cards]
        if gpu not in (part.gpu for part in kept):
            kept.append(Cards(gpu, count))
        changed = replace(self, cards=tuple(c for c in kept if c.count > 0), whole=None)
        if changed.devices > MOST_DEVICES:
            raise KnownError(
                tr("One computer can use {most_devices} GPUs at most.", most_devices=MOST_DEVICES),
                tr("That is the engine's limit."),
                tr("Take another one out first, or choose cards with more memory."),
            )
        return changed


def build_to_json(build: Build) -> JsonObject:
    return {
        "cards": [
            {"vendor": part.gpu.vendor, "name": part.gpu.name, "count": part.count}
            for part in build.cards
        ],
        "whole": _gpu_json(build.whole),
        **{name: getattr(build, name) for name in _LIMITS},
    }


def build_from_json(value: JsonValue) -> Build:
    """Raises KnownError for what is no build, or names a GPU that the table lacks."""
    if not isinstance(value, dict):
        raise _unusable(tr("It is not a description of parts."))
    numbers: dict[str, Any] = {name: _number(value, name) for name in _LIMITS}
    listed = value.get("cards")
    if not isinstance(listed, list) or len(listed) > MOST_DEVICES:
        raise _unusable(tr("Its list of cards is missing or too long."))
    build = replace(
        Build(), **{name: value for name, value in numbers.items() if value is not None}
    )
    for item in listed:
        entry = item if isinstance(item, dict) else {}
        count = entry.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_DEVICES:
            raise _unusable(tr("A number of cards makes no sense."))
        gpu = _gpu(entry)
        if gpu.kind == "unified":
            raise _unusable(tr("{name} is no card.", name=gpu.name))
        build = build.with_count(gpu, count)
    whole = value.get("whole")
    if whole is None:
        return build
    chosen = _gpu(whole)
    if chosen.kind != "unified":
        raise _unusable(tr("{name} is no whole computer.", name=chosen.name))
    return replace(build, whole=chosen)


def dump_build(build: Build) -> str:
    """A machine as `--machine` takes it, with the choices it was made from beside it."""
    document = {**machine_to_json(build.machine()), _KEY: build_to_json(build)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_build(path: Path) -> Build:
    """What `dump_build` wrote, or any recorded machine as far as the table has its parts.

    Raises KnownError."""
    machine = read_machine(path)
    document = json.loads(path.read_text(encoding="utf-8-sig"))
    choices = document.get(_KEY)
    return build_from_json(choices) if choices is not None else build_of(machine)


def build_of(machine: Machine) -> Build:
    """The nearest build: to start from a real machine. Raises KnownError for an unknown GPU."""
    gpus = [gpu for gpu in machine.gpus if gpu.state == "ok"]
    if any(not gpu.unified for gpu in gpus):
        gpus = [gpu for gpu in gpus if not gpu.unified]
    total = machine.memory.effective_total_bytes or 0
    build = Build(ram_gib=_modules(total), cores=machine.cpu.physical_cores or Build.cores)
    bandwidth = machine.ram_bandwidth
    known = bandwidth.nominal_bytes_per_second or bandwidth.measured_bytes_per_second
    if known:
        channels = 2 if known < _FEW_CHANNELS else 8
        transfers = max(400, min(20_000, round(known / (channels * 8 * 10**6))))
        build = replace(build, channels=channels, megatransfers=transfers)
    for gpu in gpus:
        row = table_row(machine, gpu)
        if row is None:
            raise KnownError(
                tr("{name} is not in the table of GPUs.", name=gpu.name or "A GPU of this machine"),
                tr("Only machines of known parts can be changed here."),
                tr("Choose the nearest card from the list."),
            )
        count = next((part.count for part in build.cards if part.gpu == row), 0)
        build = build.with_count(row, count + 1)
    return build


def _modules(total_bytes: int, sizes: Sequence[int] = RAM_SIZES_GIB) -> int:
    """What the modules hold: the system shows a little less."""
    shown = total_bytes / GIB
    return next((gib for gib in sizes if gib >= shown), max(1, round(shown)))


def _gpu_json(gpu: Nominal | None) -> JsonValue:
    return None if gpu is None else {"vendor": gpu.vendor, "name": gpu.name}


def _gpu(value: JsonValue) -> Nominal:
    entry = value if isinstance(value, dict) else {}
    for row in table():
        if row.name == entry.get("name") and row.vendor == entry.get("vendor"):
            return row
    raise _unusable(tr("The table of GPUs has no {name!r}.", name=str(entry.get("name"))[:60]))


def _number(value: JsonObject, name: str) -> int | None:
    low, high = _LIMITS[name]
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
        raise _unusable(
            tr(
                "Its {field} is not a number from {low} to {high}.",
                field=name.replace("_", " "),
                low=low,
                high=high,
            )
        )
    return number


def _unusable(why: str) -> KnownError:
    return KnownError(tr("The machine that was built cannot be used."), why, tr("Build it again."))
