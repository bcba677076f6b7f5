"""What changes from second to second. None is unknown; stale figures are the last good ones."""

from dataclasses import dataclass

from app.hardware.types import GpuState


@dataclass(frozen=True)
class LiveGpu:
    index: int
    uuid: str | None = None
    name: str | None = None
    state: GpuState = "ok"
    total_bytes: int | None = None
    used_bytes: int | None = None
    free_bytes: int | None = None
    load_percent: int | None = None
    memory_load_percent: int | None = None
    temperature_celsius: int | None = None
    power_watts: float | None = None
    fan_percent: int | None = None
    stale: bool = False
    error: str = ""


@dataclass(frozen=True)
class LiveGpus:
    """error: why nothing could be asked at all."""

    gpus: tuple[LiveGpu, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class LiveSample:
    """One look at the machine. next_seconds: when to look again."""

    memory_total_bytes: int | None
    memory_available_bytes: int | None
    cpu_percent: float | None
    gpus: tuple[LiveGpu, ...]
    error: str
    next_seconds: float
