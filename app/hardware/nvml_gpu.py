"""One NVIDIA GPU through NVML, field by field: what one field cannot say spoils no other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.language import mark, tr
from app.hardware import nvml_codes as codes
from app.hardware.mig import mig_enabled, read_slices
from app.hardware.nvml_calls import Answer, Device, Nvml, plain_text, positive, size
from app.hardware.pci import normalize_bus_id
from app.hardware.types import Gpu, GpuProcess, PcieLink

# GPUs that share system memory; GB100 and GB200 have memory of their own.
_INTEGRATED = re.compile(r"\b(GB10|DGX Spark|Jetson|Tegra|Orin|Xavier|Thor|N1X)\b", re.IGNORECASE)
_MEMORY_V2 = 0x02000028
_DRIVER_MODELS = {0: "WDDM", 1: "TCC", 2: "MCDM"}
_PROCESS_RETRIES = 3


@dataclass(frozen=True)
class MemoryNumbers:
    total: int | None = None
    free: int | None = None
    used: int | None = None
    reserved: int | None = None


def read_gpu(nvml: Nvml, index: int) -> Gpu:
    """Never raises: a GPU whose handle cannot be had is listed with the reason."""
    device = Device(nvml, lambda: nvml.call("nvmlDeviceGetHandleByIndex", index))
    if not device.handle.ok:
        reason = tr(
            "NVML answers: {text} ({code}).", text=device.handle.text, code=device.handle.code
        )
        notes = (*device.notes, reason)
        return Gpu("NVIDIA", None, index=index, state=device.state, notes=notes)
    name = device.text("name", "nvmlDeviceGetName")
    unified = is_integrated(name)
    mig = mig_enabled(device)
    memory = read_memory(device, unified=unified)
    bus_bits = device.number("memory_bus_bits", "nvmlDeviceGetMemoryBusWidth")
    clock_kind = nvml.constant("NVML_CLOCK_MEM", 2)
    clock = device.number("memory_clock_mhz", "nvmlDeviceGetMaxClockInfo", clock_kind)
    bandwidth = None if unified else memory_bandwidth(bus_bits, clock)
    # Keyword arguments are evaluated in order; `device` has collected everything at the end.
    return Gpu(
        vendor="NVIDIA",
        name=name,
        index=index,
        uuid=device.text("uuid", "nvmlDeviceGetUUID"),
        pci_bus_id=_bus_id(device),
        total_bytes=memory.total,
        free_bytes=memory.free,
        used_bytes=memory.used,
        reserved_bytes=memory.reserved,
        unified=unified,
        pcie=_pcie(device),
        architecture=_compute_capability(device),
        memory_bus_bits=bus_bits,
        memory_clock_mhz=clock,
        bandwidth_bytes_per_second=bandwidth,
        bandwidth_source="computed" if bandwidth else None,
        display_attached=_display(device),
        driver_model=_driver_model(device),
        mig_enabled=mig,
        mig_slices=read_slices(nvml, device) if mig else (),
        processes=_processes(nvml, device),
        state=device.state,
        notes=tuple(device.notes),
        unread=tuple(device.unread),
    )


def is_integrated(name: str | None) -> bool:
    """Whether the name is that of a GPU without memory of its own."""
    return name is not None and _INTEGRATED.search(name) is not None


def memory_bandwidth(bus_bits: int | None, clock_mhz: int | None) -> int | None:
    """Peak bytes per second: two transfers a clock times the bus width in bytes.

    The formula of NVIDIA's deviceQuery sample (2 * memoryClockRate * memoryBusWidth / 8). NVML's
    maximum memory clock is half the transfer rate for GDDR and HBM alike: an RTX 4090 (10501 MHz,
    384 bits) gives 1008 GB/s, an H100 SXM (2619 MHz, 5120 bits) 3352 GB/s.
    """
    if bus_bits is None or clock_mhz is None:
        return None
    return 2 * clock_mhz * 1_000_000 * bus_bits // 8


def read_memory(device: Device, *, unified: bool) -> MemoryNumbers:
    """Own memory. Version 2 lists what the driver reserves apart, version 1 counts it as used.

    What an integrated GPU answers is left out even when it is a number: it is zero, or system
    memory, or misleading."""
    if unified:
        return MemoryNumbers()
    answer = device.ask("nvmlDeviceGetMemoryInfo", version=_MEMORY_V2)
    if answer.code in codes.TRY_OLDER:
        answer = device.ask("nvmlDeviceGetMemoryInfo")
    if not answer.ok:
        device.note_failure("total_bytes", answer)
        return MemoryNumbers()
    total, free, used, reserved = (
        size(getattr(answer.value, name, None)) for name in ("total", "free", "used", "reserved")
    )
    if not total:
        device.notes.append(mark("The driver reports no memory size for this GPU."))
        return MemoryNumbers()
    if any(part is not None and part > total for part in (free, used, reserved)):
        device.notes.append(mark("The driver reports memory numbers that contradict each other."))
        return MemoryNumbers()
    return MemoryNumbers(total, free, used, reserved)


def _bus_id(device: Device) -> str | None:
    info = device.read("pci_bus_id", "nvmlDeviceGetPciInfo")
    return normalize_bus_id(plain_text(getattr(info, "busId", None)))


def _pcie(device: Device) -> PcieLink:
    return PcieLink(
        device.number("pcie.generation", "nvmlDeviceGetCurrPcieLinkGeneration"),
        device.number("pcie.width", "nvmlDeviceGetCurrPcieLinkWidth"),
        device.number("pcie.max_generation", "nvmlDeviceGetMaxPcieLinkGeneration"),
        device.number("pcie.max_width", "nvmlDeviceGetMaxPcieLinkWidth"),
    )


def _compute_capability(device: Device) -> str | None:
    pair = device.read("architecture", "nvmlDeviceGetCudaComputeCapability")
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        return None
    major, minor = positive(pair[0]), size(pair[1])
    return f"{major}.{minor}" if major is not None and minor is not None and minor < 10 else None


def _display(device: Device) -> bool | None:
    """A monitor is connected, or a desktop runs on the GPU without one."""
    active = device.ask("nvmlDeviceGetDisplayActive")
    mode = device.ask("nvmlDeviceGetDisplayMode")
    if not active.ok and not mode.ok:
        device.note_failure("display_attached", active)
        return None
    return active.value == 1 or mode.value == 1


def _driver_model(device: Device) -> str | None:
    """Windows only; everywhere else NOT_SUPPORTED, which is no news."""
    answer = device.ask("nvmlDeviceGetDriverModel")
    pair = answer.value
    if not answer.ok or not isinstance(pair, list | tuple) or not pair:
        return None
    return _DRIVER_MODELS.get(pair[0])


def _processes(nvml: Nvml, device: Device) -> tuple[GpuProcess, ...] | None:
    """Compute and graphics processes; a process in both lists counts once. None: not readable."""
    compute = _process_list(device, "nvmlDeviceGetComputeRunningProcesses")
    graphics = _process_list(device, "nvmlDeviceGetGraphicsRunningProcesses")
    if not compute.ok and not graphics.ok:
        device.note_failure("processes", compute)
        return None
    found: dict[int, int | None] = {}
    for pid, memory in (*_entries(compute), *_entries(graphics)):
        known = found.get(pid)
        found[pid] = memory if known is None else max(known, memory or 0)
    return tuple(GpuProcess(pid, _process_name(nvml, pid), found[pid]) for pid in sorted(found))


def _process_list(device: Device, function: str) -> Answer:
    answer = Answer(code=codes.INSUFFICIENT_SIZE)
    for _ in range(_PROCESS_RETRIES):
        answer = device.ask(function)
        if answer.code in codes.TRY_OLDER:
            answer = device.ask(f"{function}_v2")
        if answer.code != codes.INSUFFICIENT_SIZE:
            break
    return answer


def _entries(answer: Answer) -> Iterator[tuple[int, int | None]]:
    if answer.ok and isinstance(answer.value, list | tuple):
        for entry in answer.value:
            pid = positive(getattr(entry, "pid", None))
            if pid is not None:
                yield pid, size(getattr(entry, "usedGpuMemory", None))


def _process_name(nvml: Nvml, pid: int) -> str | None:
    """The program's file name only: its folder is nobody's business."""
    path = plain_text(nvml.call("nvmlSystemGetProcessName", pid).value)
    return re.split(r"[\\/]", path)[-1] or None if path else None
