"""The machines in `resources/machines`, as what their drivers and kernels say.

`python -m tests.hardware.shipped` writes them anew through the detection's own code.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.core.paths import resources_dir
from app.hardware.codec import dump_machine
from app.hardware.detect import detect, without_timings
from app.hardware.types import Machine
from tests.hardware import shipped_desktops, shipped_servers, shipped_unified
from tests.hardware.worlds import World

MACHINES: dict[str, Callable[[Path], World]] = {
    "no-gpu": shipped_servers.no_gpu,
    "laptop-rtx4060-8gb": shipped_desktops.laptop_rtx4060,
    "rtx4090-192gb": shipped_desktops.rtx4090_192gb,
    "two-3090-one-1080": shipped_desktops.two_3090_and_1080,
    "two-3060-cpu-engine": shipped_desktops.two_3060_cpu_engine,
    "eight-h100": shipped_servers.eight_h100,
    "gb10": shipped_unified.gb10,
    "m3-ultra-512gb": shipped_unified.m3_ultra_512,
    "strix-halo-128gb": shipped_unified.strix_halo_128,
    "arc-b580-cpu-engine": shipped_unified.arc_b580_cpu_engine,
    "mig-slice": shipped_servers.mig_slice,
    "wsl-rtx4070": shipped_desktops.wsl_rtx4070,
    "driver-mismatch": shipped_desktops.driver_mismatch,
    "container-16gb": shipped_servers.container_16gb,
    "workstation-256gb-3090": shipped_desktops.workstation_256gb_3090,
    "rx7900xtx": shipped_unified.rx7900xtx,
    "jetson-orin-64gb": shipped_unified.jetson_orin,
    "gpu-lost": shipped_servers.gpu_lost,
    "windows-rtx5080": shipped_desktops.windows_rtx5080,
}


def build(name: str, root: Path) -> Machine:
    """The machine as the detection sees it, without what changes from run to run."""
    world = MACHINES[name](root)
    found = without_timings(detect(world.sources()))
    return replace(found, name=name)


def main() -> None:
    folder = resources_dir() / "machines"
    folder.mkdir(exist_ok=True)
    for name in MACHINES:
        with tempfile.TemporaryDirectory() as root:
            text = dump_machine(build(name, Path(root)))
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
