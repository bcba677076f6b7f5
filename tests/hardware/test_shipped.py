"""Every machine in resources/machines: made by the probes from what its drivers say, read back,
and what the program then tells the person."""

import re
from pathlib import Path

import pytest

from app.core.paths import resources_dir
from app.hardware.codec import dump_machine, read_machine
from app.hardware.findings import gpu_banner
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.report import table
from app.hardware.types import Machine
from tests.hardware import shipped
from tests.hardware.fake_nvml import GIB, MIB

FOLDER = resources_dir() / "machines"

# What the program says about each: the findings' codes, worst first.
SAID = {
    "no-gpu": ["no-gpu"],
    "laptop-rtx4060-8gb": [],
    "rtx4090-192gb": [],
    "two-3090-one-1080": [],
    "two-3060-cpu-engine": ["engine-cannot-use-gpu"],
    "eight-h100": [],
    "gb10": ["gpu-unified"],
    "m3-ultra-512gb": ["gpu-unified"],
    "strix-halo-128gb": ["gpu-unified"],
    "arc-b580-cpu-engine": ["engine-cannot-use-gpu"],
    "mig-slice": ["mig-slice", "memory-limit"],
    "wsl-rtx4070": [],
    "driver-mismatch": ["nvidia-version-mismatch"],
    "container-16gb": ["memory-limit", "no-gpu"],
    "workstation-256gb-3090": [],
    "rx7900xtx": [],
    "jetson-orin-64gb": ["nvidia-figures-missing", "gpu-unified"],
    "gpu-lost": ["gpu-lost"],
    "windows-rtx5080": [],
}

# Memory the planner may use: of each GPU the engine uses (total, free), and of the system.
ROOM: dict[str, tuple[list[tuple[int, int]], int]] = {
    "no-gpu": ([], 33_540_300_800),
    "laptop-rtx4060-8gb": ([(8188 * MIB, 7910 * MIB)], 33_322_147_840),
    "rtx4090-192gb": ([(24564 * MIB, 23331 * MIB)], 202_391_232_512),
    "two-3090-one-1080": (
        [(8192 * MIB, 7809 * MIB), (24576 * MIB, 24252 * MIB), (24576 * MIB, 24252 * MIB)],
        134_981_713_920,
    ),
    "two-3060-cpu-engine": ([], 101_072_846_848),
    "eight-h100": ([(81559 * MIB, 80921 * MIB)] * 8, 2_164_194_537_472),
    "gb10": ([(128_525_352_960, 120_259_084_288)], 128_525_352_960),
    "m3-ultra-512gb": ([(412_316_860_416, 412_316_860_416)], 512 * GIB),
    "strix-halo-128gb": ([(116 * GIB + 512 * MIB, 116 * GIB + 229 * MIB)], 133_143_986_176),
    "arc-b580-cpu-engine": ([], 67_234_295_808),
    "mig-slice": ([(19968 * MIB, 19944 * MIB)], 128 * GIB),
    "wsl-rtx4070": ([(12282 * MIB, 10952 * MIB)], 33_519_562_752),
    "driver-mismatch": ([], 67_187_494_912),
    "container-16gb": ([], 16 * GIB),
    "workstation-256gb-3090": ([(24576 * MIB, 24252 * MIB)], 270_036_123_648),
    "rx7900xtx": ([(24560 * MIB, 23194 * MIB)], 67_078_770_688),
    "jetson-orin-64gb": ([(65_897_340_928, 60_318_298_112)], 65_897_340_928),
    "gpu-lost": ([(49140 * MIB, 48681 * MIB)], 270_188_707_840),
    "windows-rtx5080": ([(16303 * MIB, 14328 * MIB)], 68_447_387_648),
}


def machine(name: str) -> Machine:
    return load_machine(FOLDER / f"{name}.json")


def test_every_written_machine_is_shipped_and_described() -> None:
    names = {path.stem for path in shipped_machines()}
    assert names == set(shipped.MACHINES) == set(SAID) == set(ROOM)
    assert len(names) >= 15


@pytest.mark.parametrize("name", shipped.MACHINES)
def test_the_file_is_what_the_probes_find(name: str, tmp_path: Path) -> None:
    """Written anew with `python -m tests.hardware.shipped` after a deliberate change."""
    found = shipped.build(name, tmp_path)
    assert dump_machine(found) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert read_machine(FOLDER / f"{name}.json") == found
    assert machine(name) == found, "findings derived from the file are those of the detection"
    assert all(probe.status in ("ok", "skipped") for probe in found.probes)


@pytest.mark.parametrize("name", SAID)
def test_what_the_program_says(name: str) -> None:
    assert [finding.code for finding in machine(name).findings] == SAID[name]


@pytest.mark.parametrize("name", ROOM)
def test_the_room_for_a_model(name: str) -> None:
    gpus, system = ROOM[name]
    found = machine(name)
    room = [(found.gpu_total_bytes(gpu), found.gpu_free_bytes(gpu)) for gpu in found.usable_gpus]
    assert room == gpus
    assert found.memory.effective_total_bytes == system


@pytest.mark.parametrize("name", SAID)
def test_the_table_names_every_gpu_and_no_unknown_as_zero(name: str) -> None:
    found = machine(name)
    text = table(found)
    assert all((gpu.name or "unknown") in text for gpu in found.gpus)
    assert "None" not in text
    assert "0 bytes" not in text
    assert not re.search(r"(^|\s)-\d", text)


def test_the_banner_of_two_cards_and_an_engine_without_them() -> None:
    banner = gpu_banner(machine("two-3060-cpu-engine"))
    assert banner is not None
    assert "2 × NVIDIA GeForce RTX 3060" in banner.what
    assert banner.command == "python3 launch.py --engine cuda"
    assert "CUDA toolkit (nvcc), version 12.0 or later" in banner.remedy
    assert "up to 12.8" in banner.remedy


def test_the_banner_for_an_arc_names_vulkan_and_what_it_needs() -> None:
    banner = gpu_banner(machine("arc-b580-cpu-engine"))
    assert banner is not None
    assert banner.command == "python3 launch.py --engine vulkan"
    assert "glslc" in banner.remedy


def test_the_banner_after_a_driver_update_says_restart_and_nothing_of_engines() -> None:
    banner = gpu_banner(machine("driver-mismatch"))
    assert banner is not None
    assert banner.remedy == "Restart the computer."


@pytest.mark.parametrize("name", [n for n, codes in SAID.items() if set(codes) <= {"gpu-unified"}])
def test_no_banner_where_all_is_well(name: str) -> None:
    assert gpu_banner(machine(name)) is None


def test_cuda_order_is_not_nvml_order() -> None:
    found = {gpu.pci_bus_id: gpu.engine_devices for gpu in machine("two-3090-one-1080").gpus}
    assert found == {
        "0000:01:00.0": ("CUDA2",),
        "0000:21:00.0": ("CUDA0",),
        "0000:4b:00.0": ("CUDA1",),
    }


@pytest.mark.parametrize(
    ("name", "gigabytes_per_second", "source"),
    [
        ("rtx4090-192gb", 1008, "computed"),
        ("eight-h100", 3352, "computed"),
        ("gb10", 273, "nominal"),
        ("m3-ultra-512gb", 819, "nominal"),
        ("strix-halo-128gb", 256, "nominal"),
        ("rx7900xtx", 960, "nominal"),
        ("jetson-orin-64gb", 205, "nominal"),
    ],
)
def test_bandwidth(name: str, gigabytes_per_second: int, source: str) -> None:
    gpu = machine(name).gpus[0]
    assert gpu.bandwidth_bytes_per_second is not None
    assert round(gpu.bandwidth_bytes_per_second / 1e9) == gigabytes_per_second
    assert gpu.bandwidth_source == source


def test_processes_under_windows_have_no_memory_figures() -> None:
    processes = machine("windows-rtx5080").gpus[0].processes
    assert processes is not None
    assert [(p.name, p.memory_bytes) for p in processes] == [("dwm.exe", None), (None, None)]


def test_wsl_lists_no_processes_rather_than_none_running() -> None:
    assert machine("wsl-rtx4070").gpus[0].processes is None
    assert machine("two-3060-cpu-engine").gpus[0].processes == ()
