"""What a person should know about this machine, derived from its data alone."""

from collections.abc import Sequence
from dataclasses import replace

from app.core.units import gigabytes
from app.hardware.cuda_visibility import ROCM_VARIABLES, VARIABLE
from app.hardware.driver_findings import driver_findings
from app.hardware.engine_remedy import engine_finding
from app.hardware.types import Finding, Gpu, Machine, Severity, Vendor, visible_slice

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
_BANNERS = ("nvidia-", "engine-", "env-all-hidden", "gpu-lost", "gpu-reset", "gpu-unreadable")


def with_findings(machine: Machine) -> Machine:
    """The machine with its findings derived anew, worst first."""
    found = [
        *driver_findings(machine),
        *_hidden(machine),
        *(finding for gpu in machine.gpus for finding in _gpu_findings(machine, gpu)),
        *_engine(machine),
        *_memory(machine),
        *_probes(machine),
        *_no_gpu(machine),
    ]
    return replace(machine, findings=tuple(sorted(found, key=lambda f: _ORDER[f.severity])))


def gpu_banner(machine: Machine) -> Finding | None:
    """The one finding that deserves a banner: why a GPU is not used, and what to do about it."""
    serious = (finding for finding in machine.findings if finding.severity != "info")
    return next((f for f in serious if f.code.startswith(_BANNERS)), None)


def _engine(machine: Machine) -> tuple[Finding, ...]:
    finding = engine_finding(machine)
    return (finding,) if finding else ()


def _hidden(machine: Machine) -> tuple[Finding, ...]:
    return (
        *_hidden_of(machine, "NVIDIA", (VARIABLE,)),
        *_hidden_of(machine, "AMD", ROCM_VARIABLES),
    )


def _hidden_of(machine: Machine, vendor: Vendor, variables: Sequence[str]) -> tuple[Finding, ...]:
    set_here = [(name, value) for name, value in machine.environment if name in variables]
    cards = [gpu for gpu in machine.gpus if gpu.vendor == vendor and gpu.state == "ok"]
    hidden = [gpu for gpu in cards if gpu.visible is False]
    if not set_here or not hidden:
        return ()
    setting = " ".join(f'{name} is set to "{value}".' for name, value in set_here)
    names = " and ".join(name for name, _ in set_here)
    remedy = f"Start the program without {names} to use them."
    if len(hidden) == len(cards):
        what = f"An environment variable hides every {vendor} GPU from the engine."
        return (Finding("env-all-hidden", "warning", what, setting, remedy),)
    what = f"An environment variable hides {len(hidden)} of {len(cards)} {vendor} GPUs."
    return (Finding("env-some-hidden", "info", what, setting, remedy),)


def _gpu_findings(machine: Machine, gpu: Gpu) -> tuple[Finding, ...]:
    name = gpu.name or f"{gpu.vendor} GPU {gpu.index if gpu.index is not None else ''}".strip()
    why = " ".join(gpu.notes)
    if gpu.state == "lost":
        remedy = "Restart the computer; check the card's power and seat, or plug it in again."
        return (Finding("gpu-lost", "error", f"{name} is lost.", why, remedy),)
    if gpu.state == "reset required":
        remedy = "Restart the computer."
        return (Finding("gpu-reset-required", "error", f"{name} needs a reset.", why, remedy),)
    if gpu.state == "unreadable" and machine.nvidia.status == "ok":
        remedy = "The other GPUs are used without it."
        return (Finding("gpu-unreadable", "warning", f"{name} cannot be used.", why, remedy),)
    if gpu.state == "no driver" and gpu.vendor != "NVIDIA" and not gpu.unified:
        remedy = "Install the driver for it."
        return (Finding("gpu-no-driver", "warning", f"{name} has no driver.", why, remedy),)
    return _memory_of_gpu(machine, gpu, name)


def _memory_of_gpu(machine: Machine, gpu: Gpu, name: str) -> tuple[Finding, ...]:
    if gpu.state != "ok":
        return ()
    if gpu.mig_enabled:
        return (_mig(gpu, name),)
    if gpu.unified and not gpu.engine_devices and gpu.bandwidth_bytes_per_second is None:
        return ()
    if gpu.unified:
        total = machine.gpu_total_bytes(gpu)
        size = f"up to {gigabytes(total)}" if total else "an unknown part"
        what = f"{name} shares the system's memory: {size} of it."
        return (Finding("gpu-unified", "info", what, "It is counted once, not twice."),)
    if gpu.total_bytes is None:
        what = f"The memory of {name} is unknown."
        why = next((u.reason for u in gpu.unread if u.field == "total_bytes"), " ".join(gpu.notes))
        return (Finding("gpu-memory-unknown", "warning", what, why),)
    return ()


def _mig(gpu: Gpu, name: str) -> Finding:
    chosen = visible_slice(gpu)
    if chosen is None:
        what = f"{name} is cut into MIG slices, and none of them is available here."
        remedy = f"Name one in {VARIABLE}, or turn MIG off."
        return Finding("mig-no-slice", "warning", what, "", remedy)
    size = gigabytes(chosen.total_bytes) if chosen.total_bytes else "unknown size"
    what = f"{name} is cut into slices; this program works on one of {size}."
    return Finding("mig-slice", "info", what, "CUDA gives a process one MIG slice.")


def _memory(machine: Machine) -> tuple[Finding, ...]:
    limit, total = machine.memory.limit, machine.memory.total_bytes
    if limit is None or total is None:
        return ()
    what = f"This container may use {gigabytes(limit.limit_bytes)} of {gigabytes(total)} of memory."
    return (Finding("memory-limit", "info", what, f"The limit comes from {limit.source}."),)


def _probes(machine: Machine) -> tuple[Finding, ...]:
    late = [probe.name for probe in machine.probes if probe.status == "timed out"]
    told = {"nvidia": machine.nvidia.status == "timed out", "engine": True}
    rest = [name for name in late if not told.get(name)]
    if not rest:
        return ()
    what = f"Some questions about this computer were given up: {', '.join(rest)}."
    return (Finding("probe-timed-out", "warning", what, "They took longer than 5 seconds."),)


def _no_gpu(machine: Machine) -> tuple[Finding, ...]:
    if machine.gpus:
        return ()
    what = "No GPU was found: models run on the processor."
    return (Finding("no-gpu", "info", what),)
