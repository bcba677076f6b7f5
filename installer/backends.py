"""The engine can be built for different hardware; which build is used is kept in the cache."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from installer import system
from installer.layout import cache_dir

BACKENDS = ("cpu", "cuda", "vulkan", "metal", "rocm")
# The tests run everywhere, so they use the build that works everywhere.
DEVELOPING = "cpu"

# llava (image input) is left out: nothing uses it, and it costs a minute of building.
_BASE_CMAKE_ARGS = ("-DGGML_RPC=ON", "-DLLAVA_BUILD=OFF")
_CMAKE_ARGS = {
    "cpu": ("-DGGML_METAL=OFF",) if sys.platform == "darwin" else (),
    "cuda": ("-DGGML_CUDA=ON",),
    "vulkan": ("-DGGML_VULKAN=ON",),
    "metal": ("-DGGML_METAL=ON",),
    "rocm": ("-DGGML_HIP=ON",),
}


def cmake_args(backend: str) -> str:
    return " ".join((*_BASE_CMAKE_ARGS, *_CMAKE_ARGS[backend]))


def _choice_file() -> Path:
    return cache_dir() / "engine"


def chosen() -> str:
    """The backend of the last `--engine`; where there was none, what always works here."""
    try:
        name = _choice_file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        name = ""
    if name in BACKENDS:
        return name
    return "metal" if sys.platform == "darwin" else "cpu"


def choose(backend: str) -> None:
    file = _choice_file()
    partial = file.with_suffix(".partial")
    partial.write_text(backend + "\n", encoding="utf-8")
    partial.replace(file)


def require_toolkit(backend: str) -> dict[str, str]:
    """Environment variables that the build needs. Raises Missing, naming what to install."""
    if backend == "cuda":
        return _cuda()
    if backend == "vulkan":
        return _vulkan()
    if backend == "rocm":
        return _rocm()
    if backend == "metal" and sys.platform != "darwin":
        raise system.Missing("Metal is for Macs; on this system choose cuda, rocm or vulkan.")
    return {}


def _cuda() -> dict[str, str]:
    if sys.platform == "darwin":
        raise system.Missing("CUDA is not available on Macs; use `launch.py --engine metal`.")
    places = [os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"), "/usr/local/cuda"]
    for place in filter(None, places):
        compiler = shutil.which("nvcc", path=str(Path(place) / "bin"))
        if compiler:
            folder = str(Path(compiler).parent)
            path = os.pathsep.join((folder, os.environ.get("PATH", "")))
            return {"CUDACXX": compiler, "PATH": path}
    if compiler := shutil.which("nvcc"):
        return {"CUDACXX": compiler}
    how = {"debian": "`sudo apt install nvidia-cuda-toolkit`"}.get(
        system.linux_distribution() or "", "NVIDIA's CUDA Toolkit (developer.nvidia.com)"
    )
    raise system.Missing(
        "The CUDA engine needs NVIDIA's compiler nvcc, which was not found: install "
        f"{how}, or use `python3 launch.py --engine vulkan`, which needs less."
    )


def _vulkan() -> dict[str, str]:
    if shutil.which("glslc") and _has_header("vulkan/vulkan.h"):
        return {}
    packages = {
        "debian": "`sudo apt install libvulkan-dev glslc spirv-headers`",
        "fedora": "`sudo dnf install vulkan-devel glslc spirv-headers-devel`",
        "arch": "`sudo pacman -S vulkan-headers vulkan-icd-loader shaderc spirv-headers`",
        "suse": "`sudo zypper install vulkan-devel shaderc spirv-headers`",
    }
    how = packages.get(system.linux_distribution() or "", "the Vulkan SDK (vulkan.lunarg.com)")
    raise system.Missing(
        "The Vulkan engine needs Vulkan's headers and the shader compiler glslc, which were not "
        f"found: install {how}."
    )


def _rocm() -> dict[str, str]:
    tool = shutil.which("hipconfig") or shutil.which("hipconfig", path="/opt/rocm/bin")
    if tool is None:
        raise system.Missing(
            "The ROCm engine needs AMD's HIP compiler, which was not found: install ROCm "
            "(rocm.docs.amd.com) with its development packages, or use `python3 launch.py "
            "--engine vulkan`."
        )
    compiler, root = (_line([tool, option]) for option in ("-l", "-R"))
    return {"HIPCXX": str(Path(compiler) / "clang"), "HIP_PATH": root}


def _line(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _has_header(name: str) -> bool:
    roots = [Path("/usr/include"), Path("/usr/local/include")]
    if sdk := os.environ.get("VULKAN_SDK"):
        roots += [Path(sdk) / "include", Path(sdk) / "Include"]
    return any((root / name).exists() for root in roots)
