"""Written computers: every source of a detection, scripted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from app.core.json import JsonValue
from app.hardware.bandwidth import BandwidthCache
from app.hardware.children import ChildAnswer
from app.hardware.codec import to_json
from app.hardware.facts import Volume
from app.hardware.nvml import probe_nvml
from app.hardware.sources import Sources
from app.hardware.windows import Adapter
from tests.hardware.fake_nvml import GIB, FakeNvml, fail

GB = 10**9
NO_AMDSMI = ChildAnswer("skipped", error="The Python package amdsmi is not installed.")


@dataclass
class FakeFacts:
    os: str = "Linux"
    kernel: str = "6.8.0-60-generic"
    arch: str = "x86_64"
    cpu: str = ""
    ram: tuple[int, int] = (32 * GIB, 24 * GIB)
    swap_space: tuple[int, int] = (0, 0)
    core_counts: tuple[int | None, int | None] = (8, 16)
    allowed: int | None = None
    disk: Volume | None = None
    load: float | None = 4.0
    waiting: float | None = 0.3

    def system(self) -> str:
        return self.os

    def release(self) -> str:
        return self.kernel

    def architecture(self) -> str:
        return self.arch

    def processor(self) -> str:
        return self.cpu

    def memory(self) -> tuple[int, int]:
        return self.ram

    def swap(self) -> tuple[int, int]:
        return self.swap_space

    def cores(self) -> tuple[int | None, int | None]:
        return self.core_counts

    def affinity(self) -> int | None:
        return self.allowed

    def cpu_percent(self) -> float | None:
        return self.load

    def load_average(self) -> float | None:
        return self.waiting

    def volume(self, path: Path) -> Volume:
        if self.disk is None:
            raise OSError(5, "Input/output error", str(path))
        return self.disk


@dataclass
class World:
    """nvml None: the driver library is missing. engine: its devices, or how asking it ended."""

    facts: FakeFacts
    root: Path
    nvml: FakeNvml | ChildAnswer | None = None
    engine: Sequence[Mapping[str, JsonValue]] | ChildAnswer = ()
    amdsmi: ChildAnswer = NO_AMDSMI
    environ: Mapping[str, str] = field(default_factory=dict)
    adapters: tuple[Adapter, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    firmware: bytes | None = None
    ram_rate: int | None = None
    home: str = "/home/user"

    def sources(self) -> Sources:
        return Sources(
            facts=self.facts,
            root=self.root,
            environ=self.environ,
            nvml=self._ask_nvml,
            amdsmi=lambda: self.amdsmi,
            engine=self._ask_engine,
            tool=lambda command: self.tools.get(Path(command[0]).name),
            adapters=lambda: self.adapters,
            firmware_table=lambda: self.firmware,
            measure=lambda _cores, _cache, _available: self.ram_rate,
            bandwidth_cache=BandwidthCache(self.root / "cache"),
            now=lambda: datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
            disk_paths=(Path(self.home),),
        )

    def _ask_nvml(self) -> ChildAnswer:
        """What the child would print, through JSON as the child's answer goes."""
        if isinstance(self.nvml, ChildAnswer):
            return self.nvml
        module = self.nvml or FakeNvml(init=[fail(12)])
        return ChildAnswer("ok", json.loads(json.dumps(to_json(probe_nvml(module)))))

    def _ask_engine(self) -> ChildAnswer:
        if isinstance(self.engine, ChildAnswer):
            return self.engine
        return ChildAnswer("ok", [dict(device) for device in self.engine])


def disk(total_gb: int, free_gb: int, filesystem: str = "ext4") -> Volume:
    return Volume(total_gb * GB, free_gb * GB, "/", filesystem, "259:2")


def cpu_device(name: str, total: int) -> dict[str, JsonValue]:
    """ggml reports all memory as free for the CPU."""
    device = {"name": "CPU", "description": name, "kind": "cpu"}
    return {**device, "free_bytes": total, "total_bytes": total}


def gpu_device(
    name: str,
    description: str,
    total: int,
    free: int,
    bus: str | None = None,
    kind: str = "gpu",
) -> dict[str, JsonValue]:
    return {
        "name": name,
        "description": description,
        "kind": kind,
        "free_bytes": free,
        "total_bytes": total,
        "pci_bus_id": bus,
    }


def smbios(modules: Sequence[tuple[int, int, str, str]]) -> bytes:
    """Memory devices (type 17): megatransfers, size in MiB (0: empty slot), locator, bank."""
    table = b""
    for number, (rate, size, locator, bank) in enumerate(modules):
        body = bytearray(0x22)
        body[0], body[1] = 17, len(body)
        body[2:4] = number.to_bytes(2, "little")
        body[0x0A:0x0C] = (64).to_bytes(2, "little")
        body[0x0C:0x0E] = size.to_bytes(2, "little")
        body[0x10], body[0x11] = 1, 2
        body[0x15:0x17] = rate.to_bytes(2, "little")
        body[0x20:0x22] = rate.to_bytes(2, "little")
        strings = b"\0".join((locator.encode(), bank.encode() or b"Not Specified"))
        table += bytes(body) + strings + b"\0\0"
    return table
