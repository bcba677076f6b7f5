"""The hardware has a GPU and the engine cannot use it: which build of the engine would."""

from collections.abc import Sequence

from app.core.units import gigabytes
from app.hardware.types import Finding, Gpu, Machine, Severity

_LAUNCH = "python3 launch.py --engine"
_WORTH_IT = 4 << 30
# The oldest Linux driver of each CUDA version, from the release notes of the CUDA toolkit.
_DRIVER_FOR_CUDA = {"12.0": "525.60", "12.8": "570.26", "13.0": "580.65"}


def unused_gpus(machine: Machine) -> tuple[Gpu, ...]:
    """GPUs that work, are not hidden, and that no engine device stands for, best first.

    An integrated one counts only while nothing better is in use, and only with memory that is
    faster or larger than what a processor alone makes good use of.
    """
    some_used = bool(machine.usable_gpus)
    found = [
        gpu
        for gpu in machine.gpus
        if gpu.state == "ok"
        and gpu.visible is not False
        and not gpu.engine_devices
        and _worth_using(gpu, some_used=some_used)
    ]
    return tuple(sorted(found, key=lambda gpu: machine.gpu_total_bytes(gpu) or 0, reverse=True))


def engine_finding(machine: Machine) -> Finding | None:
    """The one banner. None when the engine uses what there is, or was not asked."""
    engine = machine.engine
    unused = unused_gpus(machine)
    if engine.status == "missing":
        command, need = _build_for(machine, unused)
        what = "The engine that runs the models is not installed."
        return Finding("engine-missing", "error", what, "", _remedy(command, need), command)
    if engine.status in ("failed", "crashed", "timed out"):
        return _not_answering(machine)
    if engine.status != "ok" or not unused:
        return None
    command, need = _build_for(machine, unused)
    names = _names(machine, unused)
    if machine.usable_gpus:
        what = f"The engine uses only some of this computer's GPUs; it does not use {names}."
    else:
        what = f"This computer has {names}, but the engine cannot use it."
        if len(unused) > 1:
            what = f"This computer has {names}, but the engine cannot use them."
    why = _why(machine)
    severity: Severity = "warning" if machine.usable_gpus else "error"
    return Finding("engine-cannot-use-gpu", severity, what, why, _remedy(command, need), command)


def _why(machine: Machine) -> str:
    backends = sorted({d.backend or d.name for d in machine.engine.devices})
    built = ", ".join(backends) or "nothing"
    return f"The installed engine computes with {built} only, so models run far slower."


def _not_answering(machine: Machine) -> Finding:
    engine = machine.engine
    how = {"timed out": "does not answer", "crashed": "crashes"}.get(engine.status, "does not work")
    what = f"The engine {how} when it is asked for its devices."
    why = "A GPU driver that does not fit is the usual cause."
    remedy = f"Restart the computer. If that does not help, run `{_LAUNCH} cpu`."
    return Finding("engine-not-answering", "error", what, why, remedy, f"{_LAUNCH} cpu")


def _worth_using(gpu: Gpu, *, some_used: bool) -> bool:
    if gpu.unified:
        return not some_used and gpu.bandwidth_bytes_per_second is not None
    return not some_used or gpu.total_bytes is None or gpu.total_bytes >= _WORTH_IT


def _names(machine: Machine, gpus: Sequence[Gpu]) -> str:
    counted: dict[str, int] = {}
    for gpu in gpus:
        total = machine.gpu_total_bytes(gpu)
        size = f" ({gigabytes(total)})" if total else ""
        label = f"{gpu.name or f'an {gpu.vendor} GPU'}{size}"
        counted[label] = counted.get(label, 0) + 1
    parts = [f"{count} × {name}" if count > 1 else name for name, count in counted.items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _remedy(command: str, need: str) -> str:
    return f"Run `{command}` and start the program again. {need}".strip()


def _build_for(machine: Machine, gpus: Sequence[Gpu]) -> tuple[str, str]:
    """The command and what must be there for it."""
    if not gpus:
        return f"{_LAUNCH} cpu", "It needs a C++ compiler."
    vendors = {gpu.vendor for gpu in gpus}
    if len(vendors) > 1 or not vendors <= {"NVIDIA", "AMD", "Intel", "Apple"}:
        return _vulkan("It drives GPUs of different makers together.")
    first = gpus[0]
    if first.vendor == "NVIDIA":
        return _cuda(machine, gpus)
    if first.vendor == "Apple":
        return f"{_LAUNCH} metal", "It needs Apple's command line tools: `xcode-select --install`."
    if first.vendor == "AMD" and "instinct" in (first.name or "").lower():
        return f"{_LAUNCH} rocm", "It needs AMD's ROCm 6.1 or later with the HIP compiler (hipcc)."
    if first.vendor == "AMD":
        return _vulkan("With ROCm and its HIP compiler installed, `--engine rocm` works as well.")
    return _vulkan("")


def _vulkan(more: str) -> tuple[str, str]:
    need = (
        "It needs the Vulkan headers and the shader compiler glslc"
        " (Debian and Ubuntu: libvulkan-dev and glslc; Windows: the Vulkan SDK)."
    )
    return f"{_LAUNCH} vulkan", f"{need} {more}".strip()


def _cuda(machine: Machine, gpus: Sequence[Gpu]) -> tuple[str, str]:
    """CUDA 12.8 knows Blackwell; CUDA 13 has left out everything before Turing."""
    levels = [level for level in (_level(gpu) for gpu in gpus) if level is not None]
    if levels and min(levels) < 5.0:
        return _vulkan("The GPU is too old for CUDA 12.")
    oldest = "12.8" if levels and max(levels) >= 10 else "12.0"
    newest = "12.9" if levels and min(levels) < 7.5 else None
    toolkit = f"version {oldest} to {newest}" if newest else f"version {oldest} or later"
    need = f"It needs NVIDIA's CUDA toolkit (nvcc), {toolkit}, no newer than the driver allows."
    if newest:
        need += " CUDA 13 no longer builds for this GPU."
    runs = machine.nvidia.cuda_version
    if runs is None:
        return f"{_LAUNCH} cuda", f"{need} The driver must be {_DRIVER_FOR_CUDA[oldest]} or later."
    if _number(runs) < _number(oldest):
        driver = machine.nvidia.driver_version or "installed"
        update = (
            f"The driver {driver} runs CUDA {runs} at most: update it to"
            f" {_DRIVER_FOR_CUDA[oldest]} or later first."
        )
        return f"{_LAUNCH} cuda", f"{need} {update}"
    return f"{_LAUNCH} cuda", f"{need} The driver here runs CUDA up to {runs}."


def _level(gpu: Gpu) -> float | None:
    try:
        return float(gpu.architecture or "")
    except ValueError:
        return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
