"""The machine for a person: a table for the terminal. Unknown is said, never shown as 0."""

import textwrap
from collections.abc import Iterable, Iterator

from app.core.units import gigabytes
from app.hardware.types import (
    Cpu,
    Disk,
    Finding,
    Gpu,
    Machine,
    PcieLink,
    RamBandwidth,
    visible_slice,
)

UNKNOWN = "unknown"
_WIDTH = 100
_MARKS = {"error": "!!", "warning": "! ", "info": "- "}


def size(value: int | None) -> str:
    return UNKNOWN if value is None else gigabytes(value)


def rate(value: int | None) -> str:
    return UNKNOWN if value is None else f"{gigabytes(value)}/s"


def table(machine: Machine) -> str:
    """Lines of at most 100 columns, where names allow."""
    lines: list[str] = []
    for title, rows in sections(machine):
        lines.append(title)
        lines.extend(_aligned(rows))
        lines.append("")
    if machine.findings:
        lines.append("What to know")
        for finding in machine.findings:
            lines.extend(_finding(finding))
    return "\n".join(lines).rstrip() + "\n"


def sections(machine: Machine) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A title and its rows of name and value; an empty name goes on with the row above."""
    yield machine.name or "This computer", list(_system(machine))
    for gpu in machine.gpus:
        yield f"GPU: {gpu.name or UNKNOWN}", list(_gpu(machine, gpu))
    if not machine.gpus:
        yield "GPU: none found", []
    yield "Engine", list(_engine(machine))


def _system(machine: Machine) -> Iterator[tuple[str, str]]:
    platform, memory = machine.platform, machine.memory
    system = " ".join(filter(None, (platform.distribution or platform.system, platform.release)))
    inside = [name for name, true in (("WSL", platform.wsl),) if true]
    inside += [platform.container] if platform.container else []
    yield "System", system + (f" ({', '.join(inside)})" if inside else "")
    if platform.model:
        yield "Model", platform.model
    yield "Processor", _cpu(machine.cpu)
    if machine.cpu.instruction_sets:
        yield "Instructions", ", ".join(machine.cpu.instruction_sets)
    yield (
        "Memory",
        f"{size(memory.effective_total_bytes)}, {_free(memory.effective_available_bytes)}",
    )
    if memory.limit is not None:
        yield "", f"limited by {memory.limit.source}; the host has {size(memory.total_bytes)}"
    yield "Memory speed", _ram(machine.ram_bandwidth)
    yield "Swap", _swap(memory.swap_total_bytes, memory.swap_free_bytes)
    for disk in machine.disks:
        yield "Disk", _disk(disk)
    driver = machine.nvidia
    if driver.driver_version:
        yield (
            "NVIDIA driver",
            f"{driver.driver_version}, CUDA up to {driver.cuda_version or UNKNOWN}",
        )
    for name, value in machine.environment:
        yield "Environment", f'{name}="{value}"'


def _cpu(cpu: Cpu) -> str:
    cores = [
        f"{count} {kind}"
        for count, kind in ((cpu.physical_cores, "cores"), (cpu.logical_cores, "threads"))
        if count is not None
    ]
    if cpu.usable_cores is not None and cpu.usable_cores != cpu.logical_cores:
        cores.append(f"{cpu.usable_cores} usable")
    return f"{cpu.name or UNKNOWN} ({', '.join(cores) or UNKNOWN})"


def _ram(ram: RamBandwidth) -> str:
    parts = [f"{rate(ram.measured_bytes_per_second)} measured"]
    if ram.nominal_bytes_per_second is not None:
        parts.append(f"{rate(ram.nominal_bytes_per_second)} nominal ({ram.nominal_source})")
    return ", ".join(parts)


def _swap(total: int | None, free: int | None) -> str:
    return "none" if total == 0 else f"{size(total)}, {_free(free)}"


def _disk(disk: Disk) -> str:
    kind = {True: "hard disk", False: "flash", None: ""}[disk.rotational]
    notes = ", ".join(filter(None, (disk.filesystem, kind)))
    total = size(disk.total_bytes)
    return f"{disk.path}: {size(disk.free_bytes)} free of {total}" + (
        f" ({notes})" if notes else ""
    )


def _gpu(machine: Machine, gpu: Gpu) -> Iterator[tuple[str, str]]:
    yield "Memory", _gpu_memory(machine, gpu)
    if gpu.reserved_bytes:
        yield "", f"{size(gpu.reserved_bytes)} reserved by the driver"
    yield "Bandwidth", _bandwidth(gpu)
    yield "Used by engine", _used(machine, gpu)
    if gpu.architecture:
        kind = "Compute level" if gpu.vendor == "NVIDIA" else "Architecture"
        yield kind, gpu.architecture
    if gpu.state != "ok":
        yield "State", gpu.state
    if gpu.visible is False:
        yield "Visible", "no: hidden by the environment"
    if gpu.pcie != PcieLink():
        yield "PCIe", _pcie(gpu.pcie)
    if gpu.pci_bus_id:
        yield "PCI bus", gpu.pci_bus_id
    if gpu.uuid:
        yield "UUID", gpu.uuid
    yield "Display", {True: "attached", False: "none", None: UNKNOWN}[gpu.display_attached]
    yield from _slices(gpu)
    yield from _processes(gpu)
    for note in gpu.notes:
        yield "Note", note


def _gpu_memory(machine: Machine, gpu: Gpu) -> str:
    total, free = machine.gpu_total_bytes(gpu), machine.gpu_free_bytes(gpu)
    text = f"{size(total)}, {_free(free)}"
    if gpu.mig_enabled:
        return f"{text} ({'a MIG slice' if visible_slice(gpu) else 'no MIG slice visible'})"
    return f"{text} (shared with the system)" if gpu.unified else text


def _bandwidth(gpu: Gpu) -> str:
    text = rate(gpu.bandwidth_bytes_per_second)
    if gpu.bandwidth_bytes_per_second is None:
        return text
    if gpu.bandwidth_source == "computed":
        return f"{text} ({gpu.memory_bus_bits} bits at {gpu.memory_clock_mhz} MHz)"
    return f"{text} ({gpu.bandwidth_source})"


def _used(machine: Machine, gpu: Gpu) -> str:
    if machine.engine.status != "ok":
        return UNKNOWN
    return ", ".join(gpu.engine_devices) or "no"


def _pcie(link: PcieLink) -> str:
    now = f"generation {_known(link.generation)} x{_known(link.width)}"
    return f"{now} of generation {_known(link.max_generation)} x{_known(link.max_width)}"


def _slices(gpu: Gpu) -> Iterator[tuple[str, str]]:
    for part in gpu.mig_slices:
        mark = " (used)" if part.visible else ""
        yield "MIG slice", f"{part.name or part.uuid or UNKNOWN}: {size(part.total_bytes)}{mark}"


def _processes(gpu: Gpu) -> Iterator[tuple[str, str]]:
    for process in gpu.processes or ():
        name = process.name or UNKNOWN
        yield "Process", f"{process.pid} {name}: {size(process.memory_bytes)}"


def _engine(machine: Machine) -> Iterator[tuple[str, str]]:
    engine = machine.engine
    if engine.status != "ok":
        yield "State", f"{engine.status}. {engine.reason}".strip()
    for device in engine.devices:
        memory = f"{size(device.total_bytes)}, {_free(device.free_bytes)}"
        yield device.name, f"{device.description or UNKNOWN} ({device.kind}; {memory})"


def _finding(finding: Finding) -> Iterator[str]:
    text = " ".join(filter(None, (finding.what, finding.why, finding.remedy)))
    mark = _MARKS[finding.severity]
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {mark} ", subsequent_indent="     ", break_long_words=False
    )


def _aligned(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in rows:
        yield f"  {name:<16}{value}".rstrip()


def _free(value: int | None) -> str:
    return f"{size(value)} free" if value is not None else "free: unknown"


def _known(value: int | None) -> str:
    return "?" if value is None else str(value)
