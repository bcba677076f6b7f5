"""The hardware has a GPU and the engine cannot use it: which build of the engine would."""

from collections.abc import Sequence

from app.core.language import tr
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
        what = tr("The engine that runs the models is not installed.")
        return Finding("engine-missing", "error", what, "", _remedy(command, need), command)
    if engine.status in ("failed", "crashed", "timed out"):
        return _not_answering(machine)
    if engine.status != "ok" or not unused:
        return None
    command, need = _build_for(machine, unused)
    names = _names(machine, unused)
    if machine.usable_gpus:
        what = tr(
            "The engine uses only some of this computer's GPUs; it does not use {names}.",
            names=names,
        )
    else:
        what = tr("This computer has {names}, but the engine cannot use it.", names=names)
        if len(unused) > 1:
            what = tr("This computer has {names}, but the engine cannot use them.", names=names)
    why = _why(machine)
    severity: Severity = "warning" if machine.usable_gpus else "error"
    return Finding("engine-cannot-use-gpu", severity, what, why, _remedy(command, need), command)


def _why(machine: Machine) -> str:
    backends = sorted({d.backend or d.name for d in machine.engine.devices})
    built = ", ".join(backends) or tr("nothing")
    return tr(
        "The installed engine computes with {built} only, so models run far slower.", built=built
    )


def _not_answering(machine: Machine) -> Finding:
    engine = machine.engine
    how = {"timed out": tr("does not answer"), "crashed": tr("crashes")}.get(
        engine.status, tr("does not work")
    )
    what = tr("The engine {how} when it is asked for its devices.", how=how)
    why = tr("A GPU driver that does not fit is the usual cause.")
    remedy = tr("Restart the computer. If that does not help, run `{launch} cpu`.", launch=_LAUNCH)
    return Finding(
        "engine-not-answering", "error", what, why, remedy, tr("{launch} cpu", launch=_LAUNCH)
    )


def _worth_using(gpu: Gpu, *, some_used: bool) -> bool:
    if gpu.unified:
        return not some_used and gpu.bandwidth_bytes_per_second is not None
    return not some_used or gpu.total_bytes is None or gpu.total_bytes >= _WORTH_IT


def _names(machine: Machine, gpus: Sequence[Gpu]) -> str:
    counted: dict[str, int] = {}
    for gpu in gpus:
        total = machine.gpu_total_bytes(gpu)
        size = f" ({gigabytes(total)})" if total else ""
        name = gpu.name or tr("an {vendor} GPU", vendor=gpu.vendor)
        label = f"{name}{size}"
        counted[label] = counted.get(label, 0) + 1
    parts = [f"{count} × {name}" if count > 1 else name for name, count in counted.items()]
    if len(parts) == 1:
        return parts[0]
    return tr("{names} and {last}", names=", ".join(parts[:-1]), last=parts[-1])


def _remedy(command: str, need: str) -> str:
    return tr(
        "Run `{command}` and start the program again. {need}", command=command, need=need
    ).strip()


def _build_for(machine: Machine, gpus: Sequence[Gpu]) -> tuple[str, str]:
    """The command and what must be there for it."""
    if not gpus:
        return tr("{launch} cpu", launch=_LAUNCH), tr("It needs a C++ compiler.")
    vendors = {gpu.vendor for gpu in gpus}
    if len(vendors) > 1 or not vendors <= {"NVIDIA", "AMD", "Intel", "Apple"}:
        return _vulkan(tr("It drives GPUs of different makers together."))
    first = gpus[0]
    if first.vendor == "NVIDIA":
        return _cuda(machine, gpus)
    if first.vendor == "Apple":
        return tr("{launch} metal", launch=_LAUNCH), tr(
            "It needs Apple's command line tools: `xcode-select --install`."
        )
    if first.vendor == "AMD" and "instinct" in (first.name or "").lower():
        return tr("{launch} rocm", launch=_LAUNCH), tr(
            "It needs AMD's ROCm 6.1 or later with the HIP compiler (hipcc)."
        )
    if first.vendor == "AMD":
        return _vulkan(
            tr("With ROCm and its HIP compiler installed, `--engine rocm` works as well.")
        )
    return _vulkan("")


def _vulkan(more: str) -> tuple[str, str]:
    need = tr(
        "It needs the Vulkan headers and the shader compiler glslc (Debian and "
        "Ubuntu: libvulkan-dev and glslc; Windows: the Vulkan SDK)."
    )
    return tr("{launch} vulkan", launch=_LAUNCH), f"{need} {more}".strip()


def _cuda(machine: Machine, gpus: Sequence[Gpu]) -> tuple[str, str]:
    """CUDA 12.8 knows Blackwell; CUDA 13 has left out everything before Turing."""
    levels = [level for level in (_level(gpu) for gpu in gpus) if level is not None]
    if levels and min(levels) < 5.0:
        return _vulkan(tr("The GPU is too old for CUDA 12."))
    oldest = "12.8" if levels and max(levels) >= 10 else "12.0"
    newest = "12.9" if levels and min(levels) < 7.5 else None
    toolkit = (
        tr("version {oldest} to {newest}", oldest=oldest, newest=newest)
        if newest
        else tr("version {oldest} or later", oldest=oldest)
    )
    need = tr(
        "It needs NVIDIA's CUDA toolkit (nvcc), {toolkit}, no newer than the driver allows.",
        toolkit=toolkit,
    )
    if newest:
        need += tr(" CUDA 13 no longer builds for this GPU.")
    runs = machine.nvidia.cuda_version
    if runs is None:
        return tr("{launch} cuda", launch=_LAUNCH), tr(
            "{need} The driver must be {driver_for_cuda} or later.",
            need=need,
            driver_for_cuda=_DRIVER_FOR_CUDA[oldest],
        )
    if _number(runs) < _number(oldest):
        driver = machine.nvidia.driver_version or "installed"
        update = tr(
            "The driver {driver} runs CUDA {runs} at most: update it to "
            "{driver_for_cuda} or later first.",
            driver=driver,
            runs=runs,
            driver_for_cuda=_DRIVER_FOR_CUDA[oldest],
        )
        return tr("{launch} cuda", launch=_LAUNCH), f"{need} {update}"
    return tr("{launch} cuda", launch=_LAUNCH), tr(
        "{need} The driver here runs CUDA up to {runs}.", need=need, runs=runs
    )


def _level(gpu: Gpu) -> float | None:
    try:
        return float(gpu.architecture or "")
    except ValueError:
        return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
