"""The machine for a person: a table for the terminal. Unknown is said, never shown as 0."""

import textwrap
from collections.abc import Iterable, Iterator

from app.core.language import mark, tr
from app.core.units import gigabytes
from app.hardware.types import (
    Cpu,
    Disk,
    EngineKind,
    EngineStatus,
    Finding,
    Gpu,
    GpuState,
    Machine,
    PcieLink,
    RamBandwidth,
    visible_slice,
)

UNKNOWN = mark("unknown")
_CORES = " GPU cores."
_WIDTH = 100
_SOURCES = {"nominal": mark("nominal"), "driver": mark("as the driver says")}
GPU_STATES: dict[GpuState, str] = {
    "ok": mark("ok"),
    "unreadable": mark("unreadable"),
    "lost": mark("lost"),
    "reset required": mark("reset required"),
    "no driver": mark("no driver"),
}
_ENGINE_STATES: dict[EngineStatus, str] = {
    "ok": mark("ok"),
    "missing": mark("missing"),
    "failed": mark("failed"),
    "timed out": mark("timed out"),
    "crashed": mark("crashed"),
    "not asked": mark("not asked"),
}
_KINDS: dict[EngineKind, str] = {
    "cpu": mark("cpu"),
    "gpu": mark("gpu"),
    "igpu": mark("igpu"),
    "accel": mark("accel"),
    "other": mark("other"),
}
_MARKS = {"error": "!!", "warning": "! ", "info": "- "}


def size(value: int | None) -> str:
    return tr(UNKNOWN) if value is None else gigabytes(value)


def rate(value: int | None) -> str:
    return tr(UNKNOWN) if value is None else f"{gigabytes(value)}/s"


def table(machine: Machine) -> str:
    """Lines of at most 100 columns, where names allow."""
    lines: list[str] = []
    for title, rows in sections(machine):
        lines.append(title)
        lines.extend(_aligned(rows))
        lines.append("")
    if machine.findings:
        lines.append(tr("What to know"))
        for finding in machine.findings:
            lines.extend(_finding(finding))
    return "\n".join(lines).rstrip() + "\n"


def sections(machine: Machine) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A title and its rows of name and value; an empty name goes on with the row above."""
    yield machine.name or tr("This computer"), list(_system(machine))
    for gpu in machine.gpus:
        yield tr("GPU: {name}", name=gpu.name or tr(UNKNOWN)), list(_gpu(machine, gpu))
    if not machine.gpus:
        yield tr("GPU: none found"), []
    yield tr("Engine"), list(_engine(machine))


def _system(machine: Machine) -> Iterator[tuple[str, str]]:
    platform, memory = machine.platform, machine.memory
    system = " ".join(filter(None, (platform.distribution or platform.system, platform.release)))
    inside = [name for name, true in (("WSL", platform.wsl),) if true]
    inside += [platform.container] if platform.container else []
    yield tr("System"), system + (f" ({', '.join(inside)})" if inside else "")
    if platform.model:
        yield tr("Model"), platform.model
    yield tr("Processor"), _cpu(machine.cpu)
    if machine.cpu.instruction_sets:
        yield tr("Instructions"), ", ".join(machine.cpu.instruction_sets)
    yield (
        tr("Memory"),
        _with_free(memory.effective_total_bytes, memory.effective_available_bytes),
    )
    if memory.limit is not None:
        yield (
            "",
            tr(
                "limited by {source}; the host has {total}",
                source=memory.limit.source,
                total=size(memory.total_bytes),
            ),
        )
    yield tr("Memory speed"), _ram(machine.ram_bandwidth)
    yield tr("Swap"), _swap(memory.swap_total_bytes, memory.swap_free_bytes)
    for disk in machine.disks:
        yield tr("Disk"), _disk(disk)
    driver = machine.nvidia
    if driver.driver_version:
        yield (
            tr("NVIDIA driver"),
            tr(
                "{driver_version}, CUDA up to {cuda_version}",
                driver_version=driver.driver_version,
                cuda_version=driver.cuda_version or tr(UNKNOWN),
            ),
        )
    for name, value in machine.environment:
        yield tr("Environment"), f'{name}="{value}"'


def _cpu(cpu: Cpu) -> str:
    cores = [
        f"{count} {kind}"
        for count, kind in ((cpu.physical_cores, tr("cores")), (cpu.logical_cores, tr("threads")))
        if count is not None
    ]
    if cpu.usable_cores is not None and cpu.usable_cores != cpu.logical_cores:
        cores.append(tr("{usable_cores} usable", usable_cores=cpu.usable_cores))
    known = tr(", ").join(cores) or tr(UNKNOWN)
    return tr("{text} ({note})", text=cpu.name or tr(UNKNOWN), note=known)


def _ram(ram: RamBandwidth) -> str:
    parts = [
        tr(
            "{measured_bytes_per_second} measured",
            measured_bytes_per_second=rate(ram.measured_bytes_per_second),
        )
    ]
    if ram.nominal_bytes_per_second is not None:
        parts.append(
            tr(
                "{nominal_bytes_per_second} nominal ({nominal_source})",
                nominal_bytes_per_second=rate(ram.nominal_bytes_per_second),
                nominal_source=tr(ram.nominal_source or ""),
            )
        )
    return tr(", ").join(parts)


def _swap(total: int | None, free: int | None) -> str:
    return tr("none") if total == 0 else _with_free(total, free)


def _disk(disk: Disk) -> str:
    kind = {True: tr("hard disk"), False: tr("flash"), None: ""}[disk.rotational]
    notes = tr(", ").join(filter(None, (disk.filesystem, kind)))
    total = size(disk.total_bytes)
    told = tr(
        "{path}: {free} free of {total}", path=disk.path, free=size(disk.free_bytes), total=total
    )
    return tr("{text} ({note})", text=told, note=notes) if notes else told


def _gpu(machine: Machine, gpu: Gpu) -> Iterator[tuple[str, str]]:
    yield tr("Memory"), _gpu_memory(machine, gpu)
    if gpu.reserved_bytes:
        yield "", tr("{reserved} reserved by the driver", reserved=size(gpu.reserved_bytes))
    yield tr("Bandwidth"), _bandwidth(gpu)
    yield tr("Used by engine"), _used(machine, gpu)
    if gpu.architecture:
        kind = tr("Compute level") if gpu.vendor == "NVIDIA" else tr("Architecture")
        yield kind, gpu.architecture
    if gpu.state != "ok":
        yield tr("State"), tr(GPU_STATES[gpu.state])
    if gpu.visible is False:
        yield tr("Visible"), tr("no: hidden by the environment")
    if gpu.pcie != PcieLink():
        yield "PCIe", _pcie(gpu.pcie)
    if gpu.pci_bus_id:
        yield tr("PCI bus"), gpu.pci_bus_id
    if gpu.uuid:
        yield "UUID", gpu.uuid
    yield (
        tr("Display"),
        {True: tr("attached"), False: tr("none"), None: tr(UNKNOWN)}[gpu.display_attached],
    )
    yield from _slices(gpu)
    yield from _processes(gpu)
    for note in gpu.notes:
        yield tr("Note"), note_text(note)


def note_text(note: str) -> str:
    cores = note.removesuffix(_CORES)
    return tr("{cores} GPU cores.", cores=cores) if cores != note else tr(note)


def _gpu_memory(machine: Machine, gpu: Gpu) -> str:
    total, free = machine.gpu_total_bytes(gpu), machine.gpu_free_bytes(gpu)
    text = _with_free(total, free)
    if gpu.mig_enabled:
        part = tr("a MIG slice") if visible_slice(gpu) else tr("no MIG slice visible")
        return tr("{text} ({note})", text=text, note=part)
    return tr("{text} (shared with the system)", text=text) if gpu.unified else text


def _bandwidth(gpu: Gpu) -> str:
    text = rate(gpu.bandwidth_bytes_per_second)
    if gpu.bandwidth_bytes_per_second is None:
        return text
    if gpu.bandwidth_source == "computed":
        return tr(
            "{text} ({memory_bus_bits} bits at {memory_clock_mhz} MHz)",
            text=text,
            memory_bus_bits=gpu.memory_bus_bits,
            memory_clock_mhz=gpu.memory_clock_mhz,
        )
    source = tr(_SOURCES[gpu.bandwidth_source or "nominal"])
    return tr("{text} ({note})", text=text, note=source)


def _used(machine: Machine, gpu: Gpu) -> str:
    if machine.engine.status != "ok":
        return tr(UNKNOWN)
    return ", ".join(gpu.engine_devices) or tr("no")


def _pcie(link: PcieLink) -> str:
    now = tr(
        "generation {generation} x{width}",
        generation=_known(link.generation),
        width=_known(link.width),
    )
    return tr(
        "{now} of generation {max_generation} x{max_width}",
        now=now,
        max_generation=_known(link.max_generation),
        max_width=_known(link.max_width),
    )


def _slices(gpu: Gpu) -> Iterator[tuple[str, str]]:
    for part in gpu.mig_slices:
        used = tr(" (used)") if part.visible else ""
        yield (
            tr("MIG slice"),
            f"{part.name or part.uuid or tr(UNKNOWN)}: {size(part.total_bytes)}{used}",
        )


def _processes(gpu: Gpu) -> Iterator[tuple[str, str]]:
    for process in gpu.processes or ():
        name = process.name or tr(UNKNOWN)
        yield tr("Process"), f"{process.pid} {name}: {size(process.memory_bytes)}"


def _engine(machine: Machine) -> Iterator[tuple[str, str]]:
    engine = machine.engine
    if engine.status != "ok":
        yield tr("State"), f"{tr(_ENGINE_STATES[engine.status])}. {tr(engine.reason)}".strip()
    for device in engine.devices:
        memory = _with_free(device.total_bytes, device.free_bytes)
        kind = tr(_KINDS[device.kind])
        name = device.description or tr(UNKNOWN)
        yield device.name, tr("{name} ({kind}; {memory})", name=name, kind=kind, memory=memory)


def _finding(finding: Finding) -> Iterator[str]:
    text = " ".join(filter(None, (finding.what, finding.why, finding.remedy)))
    sign = _MARKS[finding.severity]
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {sign} ", subsequent_indent="     ", break_long_words=False
    )


def _aligned(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in rows:
        yield f"  {name:<16}{value}".rstrip()


def _free(value: int | None) -> str:
    return tr("{size} free", size=size(value)) if value is not None else tr("free: unknown")


def _with_free(total: int | None, free: int | None) -> str:
    return tr("{total}, {free}", total=size(total), free=_free(free))


def _known(value: int | None) -> str:
    return "?" if value is None else str(value)
