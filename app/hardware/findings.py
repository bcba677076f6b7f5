"""What a person should know about this machine, derived from its data alone."""

from collections.abc import Sequence
from dataclasses import replace

from app.core.language import sentences, tr
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
    setting = " ".join(
        tr('{name} is set to "{value}".', name=name, value=value) for name, value in set_here
    )
    names = " and ".join(name for name, _ in set_here)
    remedy = tr("Start the program without {names} to use them.", names=names)
    if len(hidden) == len(cards):
        what = tr(
            "An environment variable hides every {vendor} GPU from the engine.", vendor=vendor
        )
        return (Finding("env-all-hidden", "warning", what, setting, remedy),)
    what = tr(
        "An environment variable hides {hidden} of {cards} {vendor} GPUs.",
        hidden=len(hidden),
        cards=len(cards),
        vendor=vendor,
    )
    return (Finding("env-some-hidden", "info", what, setting, remedy),)


def _gpu_findings(machine: Machine, gpu: Gpu) -> tuple[Finding, ...]:
    name = (
        gpu.name
        or tr(
            "{vendor} GPU {index}",
            vendor=gpu.vendor,
            index=gpu.index if gpu.index is not None else "",
        ).strip()
    )
    why = sentences(*map(tr, gpu.notes))
    if gpu.state == "lost":
        remedy = tr("Restart the computer; check the card's power and seat, or plug it in again.")
        return (Finding("gpu-lost", "error", tr("{name} is lost.", name=name), why, remedy),)
    if gpu.state == "reset required":
        remedy = tr("Restart the computer.")
        return (
            Finding(
                "gpu-reset-required", "error", tr("{name} needs a reset.", name=name), why, remedy
            ),
        )
    if gpu.state == "unreadable" and machine.nvidia.status == "ok":
        remedy = tr("The other GPUs are used without it.")
        return (
            Finding(
                "gpu-unreadable", "warning", tr("{name} cannot be used.", name=name), why, remedy
            ),
        )
    if gpu.state == "no driver" and gpu.vendor != "NVIDIA" and not gpu.unified:
        remedy = tr("Install the driver for it.")
        return (
            Finding(
                "gpu-no-driver", "warning", tr("{name} has no driver.", name=name), why, remedy
            ),
        )
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
        size = tr("up to {total}", total=gigabytes(total)) if total else tr("an unknown part")
        what = tr("{name} shares the system's memory: {size} of it.", name=name, size=size)
        return (Finding("gpu-unified", "info", what, tr("It is counted once, not twice.")),)
    if gpu.total_bytes is None:
        what = tr("The memory of {name} is unknown.", name=name)
        why = next(
            (tr(u.reason) for u in gpu.unread if u.field == "total_bytes"),
            sentences(*map(tr, gpu.notes)),
        )
        return (Finding("gpu-memory-unknown", "warning", what, why),)
    return ()


def _mig(gpu: Gpu, name: str) -> Finding:
    chosen = visible_slice(gpu)
    if chosen is None:
        what = tr("{name} is cut into MIG slices, and none of them is available here.", name=name)
        remedy = tr("Name one in {variable}, or turn MIG off.", variable=VARIABLE)
        return Finding("mig-no-slice", "warning", what, "", remedy)
    size = gigabytes(chosen.total_bytes) if chosen.total_bytes else tr("unknown size")
    what = tr(
        "{name} is cut into slices; this program works on one of {size}.", name=name, size=size
    )
    return Finding("mig-slice", "info", what, tr("CUDA gives a process one MIG slice."))


def _memory(machine: Machine) -> tuple[Finding, ...]:
    limit, total = machine.memory.limit, machine.memory.total_bytes
    if limit is None or total is None:
        return ()
    what = tr(
        "This container may use {limit} of {total} of memory.",
        limit=gigabytes(limit.limit_bytes),
        total=gigabytes(total),
    )
    return (
        Finding(
            "memory-limit", "info", what, tr("The limit comes from {source}.", source=limit.source)
        ),
    )


def _probes(machine: Machine) -> tuple[Finding, ...]:
    late = [probe.name for probe in machine.probes if probe.status == "timed out"]
    told = {"nvidia": machine.nvidia.status == "timed out", "engine": True}
    rest = [name for name in late if not told.get(name)]
    if not rest:
        return ()
    what = tr("Some questions about this computer were given up: {value}.", value=", ".join(rest))
    return (Finding("probe-timed-out", "warning", what, tr("They took longer than 5 seconds.")),)


def _no_gpu(machine: Machine) -> tuple[Finding, ...]:
    if machine.gpus:
        return ()
    what = tr("No GPU was found: models run on the processor.")
    return (Finding("no-gpu", "info", what),)
