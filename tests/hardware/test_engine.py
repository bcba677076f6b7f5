"""The engine's device list, which GPU is which of them, and what to do about those that are not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.hardware.children import ChildAnswer
from app.hardware.engine_devices import read_engine
from app.hardware.engine_remedy import engine_finding
from app.hardware.findings import gpu_banner, with_findings
from app.hardware.matching import match_devices
from app.hardware.types import (
    Cpu,
    Engine,
    EngineDevice,
    EngineStatus,
    Gpu,
    GpuState,
    Machine,
    Memory,
    NvidiaDriver,
    NvidiaStatus,
    Platform,
)
from tests.hardware.fake_nvml import GIB

CPU = EngineDevice("CPU", "Zen", "cpu", "CPU", 64 * GIB, 64 * GIB)
CPU_ENGINE = Engine("ok", (CPU,))
RTX_3090 = "NVIDIA GeForce RTX 3090"


def cuda(number: int, name: str, bus: str | None = None, total: int = 24 * GIB) -> EngineDevice:
    return EngineDevice(f"CUDA{number}", name, "gpu", "CUDA", total, total - GIB, bus)


def nvidia(name: str = RTX_3090, bus: str = "0000:01:00.0", **other: Any) -> Gpu:
    gpu = Gpu("NVIDIA", name, pci_bus_id=bus, total_bytes=24 * GIB, visible=True)
    return replace(gpu, **{"architecture": "8.6", **other})


def machine(gpus: Sequence[Gpu], engine: Engine = CPU_ENGINE, **other: Any) -> Machine:
    base = Machine(
        Platform("Linux"),
        Memory(64 * GIB, 60 * GIB),
        Cpu("Zen"),
        gpus=match_devices(gpus, engine),
        nvidia=NvidiaDriver("ok", "", "570.133", "12.8"),
        engine=engine,
    )
    return with_findings(replace(base, **other))


def test_the_list_is_read_and_zero_is_unknown() -> None:
    listed = ChildAnswer(
        "ok",
        [
            {"name": "CUDA0", "kind": "gpu", "total_bytes": 0, "free_bytes": 0},
            {"name": "MTL0", "kind": "gpu", "total_bytes": 5, "free_bytes": 9},
            {"name": "Vulkan1", "kind": "strange", "pci_bus_id": "0000:C6:00.0"},
            {"name": 7},
            "nonsense",
        ],
    )
    engine = read_engine(listed)
    assert [d.backend for d in engine.devices] == ["CUDA", "Metal", "Vulkan"]
    assert engine.devices[0].total_bytes is None
    assert engine.devices[1].free_bytes is None
    assert (engine.devices[2].kind, engine.devices[2].pci_bus_id) == ("other", "0000:c6:00.0")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ChildAnswer("timed out", error="late"), "timed out"),
        (ChildAnswer("crashed", error="SIGSEGV"), "crashed"),
        (ChildAnswer("failed", error="No module named 'llama_cpp'"), "missing"),
        (ChildAnswer("failed", error="No module named app.engine"), "missing"),
        (ChildAnswer("failed", error="libcudart.so.12: not found"), "failed"),
        (ChildAnswer("ok", {"devices": []}), "ok"),
        (ChildAnswer("ok", "nonsense"), "failed"),
    ],
)
def test_an_engine_that_cannot_say(answer: ChildAnswer, status: str) -> None:
    assert read_engine(answer).status == status


def test_two_cards_of_one_name_are_matched_by_their_place() -> None:
    gpus = (nvidia(bus="0000:01:00.0"), nvidia(bus="0000:02:00.0"))
    name = "NVIDIA GeForce RTX 3090"
    devices = (cuda(0, name, "0000:02:00.0"), cuda(1, name, "0000:01:00.0"))
    matched = match_devices(gpus, Engine("ok", devices))
    assert [gpu.engine_devices for gpu in matched] == [("CUDA1",), ("CUDA0",)]


def test_without_places_names_decide_and_then_memory() -> None:
    small = nvidia("NVIDIA GeForce RTX 3060", total_bytes=8 * GIB)
    large = nvidia("NVIDIA GeForce RTX 3060", total_bytes=12 * GIB)
    other = nvidia("NVIDIA GeForce RTX 3090")
    devices = (
        cuda(0, "NVIDIA GeForce RTX 3090"),
        cuda(1, "NVIDIA GeForce RTX 3060", total=12 * GIB),
        cuda(2, "NVIDIA GeForce RTX 3060", total=8 * GIB),
    )
    matched = match_devices((small, large, other), Engine("ok", devices))
    assert [gpu.engine_devices for gpu in matched] == [("CUDA2",), ("CUDA1",), ("CUDA0",)]


def test_a_hidden_card_is_not_the_one_the_engine_sees() -> None:
    hidden = nvidia(visible=False)
    shown = nvidia(bus="0000:02:00.0")
    devices = (cuda(0, "NVIDIA GeForce RTX 3090"),)
    matched = match_devices((hidden, shown), Engine("ok", devices))
    assert [gpu.engine_devices for gpu in matched] == [(), ("CUDA0",)]


def test_the_engines_list_settles_what_the_environment_left_open() -> None:
    gpus = (nvidia(visible=None), nvidia(bus="0000:02:00.0", visible=None))
    engine = Engine("ok", (cuda(0, "NVIDIA GeForce RTX 3090", "0000:02:00.0"),))
    assert [gpu.visible for gpu in match_devices(gpus, engine)] == [False, True]
    assert [gpu.visible for gpu in match_devices(gpus, CPU_ENGINE)] == [None, None]


def test_one_card_under_two_backends() -> None:
    vulkan = EngineDevice("Vulkan0", "NVIDIA GeForce RTX 3090", "gpu", "Vulkan", 24 * GIB, GIB)
    engine = Engine("ok", (cuda(0, "NVIDIA GeForce RTX 3090", "0000:01:00.0"), vulkan))
    (gpu,) = match_devices((nvidia(),), engine)
    assert gpu.engine_devices == ("CUDA0", "Vulkan0")


def test_workers_on_other_machines_are_not_this_machines() -> None:
    remote = EngineDevice("RPC0", "192.168.0.2:50052", "gpu", "RPC", 24 * GIB, 20 * GIB)
    assert match_devices((), Engine("ok", (remote,))) == ()


def test_a_gpu_that_only_the_engine_sees_is_listed() -> None:
    device = EngineDevice("Vulkan0", "AMD Radeon RX 6800", "gpu", "Vulkan", 16 * GIB, 15 * GIB)
    (gpu,) = match_devices((), Engine("ok", (device,)))
    assert (gpu.vendor, gpu.total_bytes, gpu.free_bytes) == ("AMD", 16 * GIB, 15 * GIB)
    assert gpu.notes


def test_memory_that_only_the_engine_knows() -> None:
    arc = Gpu("Intel", "Arc A770 Graphics")
    device = EngineDevice(
        "Vulkan0", "Intel(R) Arc(tm) A770 Graphics (DG2)", "gpu", "Vulkan", 16 * GIB, 15 * GIB
    )
    (gpu,) = match_devices((arc,), Engine("ok", (device,)))
    assert (gpu.total_bytes, gpu.free_bytes) == (16 * GIB, 15 * GIB)
    sized = replace(arc, total_bytes=12 * GIB)
    (gpu,) = match_devices((sized,), Engine("ok", (device,)))
    assert (gpu.total_bytes, gpu.free_bytes) == (12 * GIB, 12 * GIB)


@pytest.mark.parametrize(
    ("gpu", "cuda_version", "engine", "words"),
    [
        (nvidia(), "12.8", "cuda", ["12.0 or later", "up to 12.8"]),
        (nvidia(architecture="12.0"), "12.4", "cuda", ["12.8 or later", "update it to 570.26"]),
        (nvidia(architecture="6.1"), "13.0", "cuda", ["12.0 to 12.9", "CUDA 13 no longer"]),
        (nvidia(architecture="3.5"), "11.4", "vulkan", ["too old"]),
        (nvidia(architecture=None), None, "cuda", ["525.60"]),
        (nvidia(architecture="9.0"), "11.8", "cuda", ["update it to 525.60"]),
        (Gpu("AMD", "Instinct MI300X", total_bytes=192 * GIB), None, "rocm", ["hipcc"]),
        (Gpu("AMD", "Radeon RX 7900 XTX", total_bytes=24 * GIB), None, "vulkan", ["rocm"]),
        (Gpu("Intel", "Arc B580", total_bytes=12 * GIB), None, "vulkan", ["glslc"]),
        (
            Gpu("Apple", "Apple M4", unified=True, bandwidth_bytes_per_second=120 * 10**9),
            None,
            "metal",
            ["xcode-select --install"],
        ),
    ],
)
def test_the_exact_remedy(
    gpu: Gpu, cuda_version: str | None, engine: str, words: list[str]
) -> None:
    found = machine((gpu,), nvidia=NvidiaDriver("ok", "", "535.1", cuda_version))
    banner = gpu_banner(found)
    assert banner is not None
    assert banner.code == "engine-cannot-use-gpu"
    assert banner.command == f"python3 launch.py --engine {engine}"
    assert banner.command in banner.remedy
    assert all(word in banner.remedy for word in words), banner.remedy


def test_cards_of_two_makers_get_the_build_for_both() -> None:
    amd = Gpu("AMD", "Radeon RX 7900 XTX", total_bytes=24 * GIB)
    banner = gpu_banner(machine((nvidia(), amd)))
    assert banner is not None
    assert banner.command == "python3 launch.py --engine vulkan"


def test_no_nagging_for_a_weak_integrated_gpu() -> None:
    uhd = Gpu("Intel", "UHD Graphics 770", unified=True)
    assert engine_finding(machine((uhd,))) is None
    engine = Engine("ok", (cuda(0, "NVIDIA GeForce RTX 3090", "0000:01:00.0"), CPU))
    strong = Gpu("AMD", "Radeon 890M", unified=True, bandwidth_bytes_per_second=120 * 10**9)
    assert engine_finding(machine((nvidia(), strong), engine)) is None
    assert engine_finding(machine((strong,))) is not None


def test_a_card_left_out_beside_one_that_is_used() -> None:
    amd = Gpu("AMD", "Radeon RX 7900 XTX", total_bytes=24 * GIB)
    engine = Engine("ok", (cuda(0, "NVIDIA GeForce RTX 3090", "0000:01:00.0"), CPU))
    finding = engine_finding(machine((nvidia(), amd), engine))
    assert finding is not None
    assert finding.severity == "warning"
    assert "Radeon RX 7900 XTX" in finding.what


def test_an_engine_that_is_missing_or_broken() -> None:
    missing = gpu_banner(machine((nvidia(),), Engine("missing")))
    assert missing is not None
    assert missing.command == "python3 launch.py --engine cuda"
    every: tuple[EngineStatus, ...] = ("failed", "crashed", "timed out")
    for status in every:
        broken = gpu_banner(machine((nvidia(),), Engine(status, reason="x")))
        assert broken is not None
        assert broken.command == "python3 launch.py --engine cpu"
    assert gpu_banner(machine((nvidia(),), Engine("not asked"))) is None


def test_hidden_cards_are_the_environments_doing_not_the_engines() -> None:
    environment = (("CUDA_VISIBLE_DEVICES", ""),)
    found = machine((nvidia(visible=False),), environment=environment)
    banner = gpu_banner(found)
    assert banner is not None
    assert banner.code == "env-all-hidden"
    assert "without CUDA_VISIBLE_DEVICES" in banner.remedy
    two = machine((nvidia(visible=False), nvidia(bus="0000:02:00.0")), environment=environment)
    assert "env-some-hidden" in [finding.code for finding in two.findings]


def broken(
    status: NvidiaStatus, state: GpuState = "unreadable", note: str = "", **other: Any
) -> str:
    gpu = nvidia(state=state, notes=(note,), visible=None, total_bytes=None)
    found = machine((gpu,), nvidia=NvidiaDriver(status, "Why."), **other)
    banner = gpu_banner(found)
    return banner.code if banner else ""


CONTAINER = Platform("Linux", container="docker")


@pytest.mark.parametrize(
    ("status", "code", "other"),
    [
        ("version mismatch", "nvidia-version-mismatch", {}),
        ("driver not loaded", "nvidia-driver-not-loaded", {}),
        ("no permission", "nvidia-no-permission", {}),
        ("no permission", "nvidia-container-lost", {"platform": CONTAINER}),
        ("failed", "nvidia-failed", {}),
        ("failed", "nvidia-container-lost", {"platform": CONTAINER}),
        ("timed out", "nvidia-hangs", {}),
        ("crashed", "nvidia-crashes", {}),
        ("no library", "nvidia-no-driver", {}),
        ("stub library", "nvidia-no-driver", {}),
        ("no library", "nvidia-container-library-missing", {"platform": CONTAINER}),
        ("no library", "nvidia-wsl-library-missing", {"platform": Platform("Linux", wsl=True)}),
        ("no package", "nvidia-package-missing", {}),
    ],
)
def test_every_cause_has_its_own_words(
    status: NvidiaStatus, code: str, other: dict[str, Any]
) -> None:
    assert broken(status, **other) == code


def test_nouveau_holds_the_card() -> None:
    every: tuple[NvidiaStatus, ...] = ("no library", "driver not loaded", "ok", "no gpu")
    for status in every:
        code = broken(status, "no driver", "It is bound to nouveau.")
        assert code == "nvidia-nouveau"


def test_no_library_and_no_card_is_no_news() -> None:
    found = machine((), nvidia=NvidiaDriver("no library", "None."))
    assert [finding.code for finding in found.findings] == ["no-gpu"]


def test_cuda_works_without_nvml() -> None:
    device = cuda(0, "NVIDIA GeForce RTX 3090", "0000:01:00.0")
    found = machine((), Engine("ok", (device, CPU)), nvidia=NvidiaDriver("no library", "None."))
    assert [finding.code for finding in found.findings] == ["nvidia-figures-missing"]
    assert found.usable_gpus[0].total_bytes == 24 * GIB


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("lost", "gpu-lost"),
        ("reset required", "gpu-reset-required"),
        ("unreadable", "gpu-unreadable"),
    ],
)
def test_one_bad_card_beside_a_good_one(state: GpuState, code: str) -> None:
    engine = Engine("ok", (cuda(0, "NVIDIA GeForce RTX 3090", "0000:01:00.0"), CPU))
    found = machine((nvidia(), nvidia(bus="0000:02:00.0", state=state)), engine)
    assert [finding.code for finding in found.findings] == [code]


def test_memory_unknown_is_said() -> None:
    engine = Engine("ok", (replace(cuda(0, "x", "0000:01:00.0"), total_bytes=None), CPU))
    found = machine((nvidia(total_bytes=None),), engine)
    assert [finding.code for finding in found.findings] == ["gpu-memory-unknown"]
