"""Machines nobody has yet: GPUs of the table, bought by the piece, in a computer with so much RAM.

Vendors' "GB" are GiB (2**30 bytes). What a driver and a system keep for themselves is taken off as
real machines show it, rather a little too much than too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from app.core.language import mark, sentences, tr
from app.hardware.apple import default_wired_limit
from app.hardware.nominal import Nominal
from app.hardware.types import (
    Cpu,
    Gpu,
    Machine,
    Memory,
    PcieLink,
    Platform,
    RamBandwidth,
    Vendor,
)

GIB = 2**30
MIB = 2**20
# NVML's `reserved`, and what AMD's and Intel's drivers show less than the nominal size: 1 to 1.3%.
_DRIVER_SHARE = 0.013
_DRIVER_BYTES = 320 * MIB
# MemTotal against what the modules hold: the kernel, firmware, and a GPU's carve-out.
_KERNEL_SHARE = {"Apple": 0.0, "NVIDIA": 0.065, "other": 0.03}
_RAM_KERNEL_SHARE = 0.02
# What a system with a desktop has in use: a fifteenth, within bounds.
_LEAST_IN_USE, _MOST_IN_USE = 4 * GIB, 8 * GIB
# The part of system memory that a GPU without memory of its own may take.
_SHARED_SHARE = {"AMD": 0.93, "Intel": 0.5, "Qualcomm": 0.5}
# One thing to buy that computes as two GPUs: memory (and bandwidth, unless given per GPU) is shared
# out between them.
_TWO_GPUS = {"Arc Pro B60 Dual (48GB, per-GPU bandwidth)": 1, "Instinct MI250X": 2}
# Boxes that say more than the driver can use, in GiB: 288 x 10**9 bytes on the HBM of this one.
_SHOWN_GIB = {"B300": 268.0}
_DRIVER_NAMES = {
    "(Strix Halo)": "Radeon 8060S (Strix Halo)",
    "(Radeon 890M)": "Radeon 890M",
    "(Radeon 780M)": "Radeon 780M",
    "(Arc 140V)": "Arc 140V",
}
_WITH_A_SCREEN = frozenset({"consumer", "consumer-laptop", "workstation"})


@dataclass(frozen=True)
class Ram:
    """gib: of the modules. bytes_per_second: nominal, of all channels."""

    gib: int
    bytes_per_second: int


@dataclass(frozen=True)
class Cards:
    gpu: Nominal
    count: int


def channel_bytes_per_second(channels: int, megatransfers: int) -> int:
    """Eight bytes a transfer and channel."""
    return channels * megatransfers * 8 * 10**6


def devices_per_card(gpu: Nominal) -> int:
    """How many GPUs the engine sees of one card."""
    return 2 if gpu.name in _TWO_GPUS else 1


def card_bytes(gpu: Nominal) -> int:
    """What one card has altogether."""
    return round(_SHOWN_GIB.get(gpu.name, gpu.memory_gb) * GIB)


def driver_name(gpu: Nominal) -> str:
    """As a driver would write it, near enough to be recognized."""
    for known, name in _DRIVER_NAMES.items():
        if known in gpu.name:
            return name
    if gpu.vendor == "Apple":
        return f"Apple {gpu.name.rsplit(' ', 1)[0]}"
    return gpu.name


def card_machine(
    cards: Sequence[Cards],
    ram: Ram,
    *,
    cores: int | None = None,
    pcie_generation: int = 4,
    name: str | None = None,
) -> Machine:
    """A computer with these cards. A screen hangs on the first one, unless it is for servers."""
    gpus: list[Gpu] = []
    for part in cards:
        screen = part.gpu.kind in _WITH_A_SCREEN
        for _ in range(part.count * devices_per_card(part.gpu)):
            first = screen and not gpus
            gpus.append(_card(part.gpu, len(gpus), pcie_generation, screen=first))
    total = round(ram.gib * GIB * (1 - _RAM_KERNEL_SHARE))
    return Machine(
        Platform("Linux"),
        Memory(total_bytes=total, available_bytes=total - _in_use(total)),
        Cpu(physical_cores=cores, usable_cores=cores, instruction_sets=("AVX2", "FMA", "F16C")),
        gpus=tuple(gpus),
        ram_bandwidth=RamBandwidth(
            nominal_bytes_per_second=ram.bytes_per_second, nominal_source=mark("as built")
        ),
        name=name,
    )


def unified_machine(gpu: Nominal, *, name: str | None = None) -> Machine:
    """A computer whose GPU works in the system's memory: the row names all of it."""
    share = _KERNEL_SHARE.get(gpu.vendor, _KERNEL_SHARE["other"])
    total = round(gpu.memory_gb * GIB * (1 - share))
    limit = default_wired_limit(total) if gpu.vendor == "Apple" else None
    if gpu.vendor in _SHARED_SHARE:
        limit = round(total * _SHARED_SHARE[gpu.vendor])
    return Machine(
        Platform("Darwin" if gpu.vendor == "Apple" else "Linux"),
        Memory(total_bytes=total, available_bytes=total - _in_use(total)),
        Cpu(),
        gpus=(
            Gpu(
                _vendor(gpu),
                driver_name(gpu),
                index=0,
                unified=True,
                shared_limit_bytes=limit,
                bandwidth_bytes_per_second=gpu.bytes_per_second,
                bandwidth_source="nominal",
            ),
        ),
        ram_bandwidth=RamBandwidth(
            nominal_bytes_per_second=gpu.bytes_per_second, nominal_source=gpu.name
        ),
        name=name,
    )


def memory_sentence(gpu: Nominal) -> str:
    """How the number on the box becomes memory that can be planned with."""
    whole = card_bytes(gpu)
    gib, size = f"{gpu.memory_gb:g}", f"{whole / 10**9:.1f}"
    told = tr("{gib} GB on the box are GiB: {size} GB.", gib=gib, size=size)
    if gpu.name in _SHOWN_GIB:
        size = f"{whole / 10**9:.0f}"
        told = tr("{gib} GB on the box; its driver shows about {size} GB.", gib=gib, size=size)
    return sentences(told, _kept(gpu, whole))


def _kept(gpu: Nominal, whole: int) -> str:
    """What of it is not the engine's."""
    if gpu.kind != "unified":
        kept = f"{_driver_bytes(whole) / 10**9:.1f}"
        return tr("{kept} GB of them are left to the driver.", kept=kept)
    if gpu.vendor == "Apple":
        return tr("macOS lets the GPU have two thirds, or three quarters of more than 36 GB.")
    if gpu.vendor == "AMD":
        return tr("The GPU is taken to have nearly all of it; Linux gives it half at first.")
    if gpu.vendor in _SHARED_SHARE:
        return tr("The system lets the GPU have half of it.")
    return tr("The system keeps about a twelfth.")


def _card(gpu: Nominal, index: int, pcie_generation: int, *, screen: bool) -> Gpu:
    pieces = devices_per_card(gpu)
    total = card_bytes(gpu) // pieces
    return Gpu(
        _vendor(gpu),
        driver_name(gpu),
        index=index,
        total_bytes=total,
        free_bytes=total - _driver_bytes(total),
        pcie=PcieLink(max_generation=pcie_generation, max_width=16),
        bandwidth_bytes_per_second=gpu.bytes_per_second // _TWO_GPUS.get(gpu.name, 1),
        bandwidth_source="nominal",
        display_attached=screen,
    )


def _driver_bytes(total: int) -> int:
    return max(_DRIVER_BYTES, round(total * _DRIVER_SHARE))


def _in_use(total: int) -> int:
    return min(max(_LEAST_IN_USE, total // 15), _MOST_IN_USE, total // 2)


def _vendor(gpu: Nominal) -> Vendor:
    known = gpu.vendor in ("NVIDIA", "AMD", "Intel", "Apple")
    return cast(Vendor, gpu.vendor) if known else "other"
