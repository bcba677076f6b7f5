"""NVIDIA GPUs through NVML: is there a driver, does it answer, what does it know."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.language import mark
from app.hardware import nvml_codes as codes
from app.hardware.nvml_calls import Nvml, plain_text, positive
from app.hardware.nvml_gpu import read_gpu
from app.hardware.types import Gpu, NvidiaDriver

_MOST_GPUS = 256
_LIBRARY = "libnvidia-ml.so.1"
_LIBRARY_FOLDERS = (
    "usr/lib/wsl/lib",
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib/aarch64-linux-gnu/nvidia",
    "usr/lib64",
    "usr/lib",
    "usr/local/nvidia/lib64",
    "usr/lib64-nvidia",
    "run/opengl-driver/lib",
)


@dataclass(frozen=True)
class NvmlReport:
    driver: NvidiaDriver
    gpus: tuple[Gpu, ...] = ()


def probe_nvml(
    module: object,
    *,
    load_library: Callable[[], bool] = lambda: False,
    loaded_library: Callable[[], str | None] = lambda: None,
) -> NvmlReport:
    """Asks a module with pynvml's functions everything, in this process. Never raises.

    load_library: finds and loads NVML outside the default search path; True if it did.
    loaded_library: which file the module loaded.
    """
    nvml = Nvml(module)
    init = nvml.call("nvmlInit")
    if init.code == codes.LIBRARY_NOT_FOUND and load_library():
        init = nvml.call("nvmlInit")
    library = loaded_library()
    if library is not None and "/stubs/" in library:
        reason = mark(
            "Only NVIDIA's stub library for building programs was found, not the driver's."
        )
        return NvmlReport(NvidiaDriver("stub library", reason, library=library))
    if not init.ok:
        status, reason = codes.init_status(init.code, init.text)
        driver = NvidiaDriver(status, reason, library=library, error_code=init.code)
        return NvmlReport(driver)
    try:
        return _ask_all(nvml, library)
    finally:
        nvml.call("nvmlShutdown")


def _ask_all(nvml: Nvml, library: str | None) -> NvmlReport:
    answer = nvml.call("nvmlDeviceGetCount")
    if answer.code == codes.UNINITIALIZED and nvml.restart():
        answer = nvml.call("nvmlDeviceGetCount")
    version = plain_text(nvml.call("nvmlSystemGetDriverVersion").value)
    cuda = _cuda_version(nvml)
    if not answer.ok:
        status, reason = codes.init_status(answer.code, answer.text)
        driver = NvidiaDriver(status, reason, version, cuda, library, answer.code)
        return NvmlReport(driver)
    count = positive(answer.value) or 0
    if count == 0:
        reason = mark("The NVIDIA driver is there, but it has no GPU.")
        return NvmlReport(NvidiaDriver("no gpu", reason, version, cuda, library))
    gpus = tuple(read_gpu(nvml, index) for index in range(min(count, _MOST_GPUS)))
    return NvmlReport(NvidiaDriver("ok", "", version, cuda, library), gpus)


def _cuda_version(nvml: Nvml) -> str | None:
    """The highest CUDA version the driver runs: 12080 is 12.8."""
    for function in ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"):
        number = positive(nvml.call(function).value)
        if number is not None:
            return f"{number // 1000}.{number % 1000 // 10}"
    return None


def library_candidates(root: Path = Path("/")) -> tuple[Path, ...]:
    """NVML libraries outside the linker's search path (WSL, minimal containers); never a stub."""
    found = (root / folder / _LIBRARY for folder in _LIBRARY_FOLDERS)
    return tuple(path for path in found if path.exists() and "stubs" not in path.resolve().parts)


def mapped_library(maps: str) -> str | None:
    """Which NVML file a process has loaded, from its /proc/self/maps."""
    match = re.search(r"\S*/libnvidia-ml\.so\S*", maps)
    return match.group() if match else None
