"""amdsmi replaced at the function boundary."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.hardware.amd_smi import AmdSmiGpu, AmdSmiReport, add_amdsmi, probe_amdsmi
from app.hardware.children import ChildAnswer
from app.hardware.codec import to_json
from app.hardware.detect import detect
from app.hardware.types import Gpu
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB
from tests.hardware.worlds import FakeFacts, World

CARD = "0000:03:00.0"


class FakeAmdSmi:
    """Functions by their names without `amdsmi_`; an exception is raised."""

    class AmdSmiException(Exception):  # noqa: N818 - the package's own name
        pass

    def __init__(self, **answers: Any) -> None:
        self.answers = {
            "init": None,
            "shut_down": None,
            "get_processor_handles": [object()],
            "get_gpu_device_bdf": CARD,
            "get_gpu_asic_info": {"market_name": "AMD Instinct MI300X"},
            "get_gpu_vram_info": {"vram_bit_width": 8192, "vram_max_bandwidth": 5300},
            "get_gpu_vram_usage": {"vram_total": 196288, "vram_used": 283},
            **answers,
        }

    def __getattr__(self, name: str) -> Callable[..., Any]:
        short = name.removeprefix("amdsmi_")
        if short not in self.answers:
            raise AttributeError(name)

        def function(*_arguments: object) -> Any:
            if isinstance(self.answers[short], Exception):
                raise self.answers[short]
            return self.answers[short]

        return function


def test_a_card_is_read() -> None:
    (gpu,) = probe_amdsmi(FakeAmdSmi()).gpus
    assert gpu == AmdSmiGpu(
        CARD, "AMD Instinct MI300X", 196288 << 20, 283 << 20, 8192, 5300 * 10**9
    )


def test_what_fails_is_left_out() -> None:
    error = FakeAmdSmi.AmdSmiException("not supported")
    module = FakeAmdSmi(get_gpu_vram_info=error, get_gpu_vram_usage={"vram_total": "N/A"})
    (gpu,) = probe_amdsmi(module).gpus
    assert gpu == AmdSmiGpu(CARD, "AMD Instinct MI300X")
    assert probe_amdsmi(FakeAmdSmi(get_gpu_device_bdf="N/A")).gpus == ()


@pytest.mark.parametrize("name", ["init", "get_processor_handles"])
def test_a_library_that_does_not_start(name: str) -> None:
    report = probe_amdsmi(FakeAmdSmi(**{name: FakeAmdSmi.AmdSmiException("no driver")}))
    assert report == AmdSmiReport(error="no driver")
    assert probe_amdsmi(object()).error


def test_it_fills_what_sysfs_left_open() -> None:
    more = AmdSmiReport((AmdSmiGpu(CARD, "MI300X", 192 * GIB, GIB, 8192, 5300 * 10**9),))
    (gpu,) = add_amdsmi((Gpu("AMD", None, pci_bus_id=CARD),), more)
    assert (gpu.name, gpu.total_bytes, gpu.free_bytes) == ("MI300X", 192 * GIB, 191 * GIB)
    assert gpu.bandwidth_source == "driver"
    known = Gpu("AMD", "x", pci_bus_id=CARD, total_bytes=190 * GIB, free_bytes=GIB)
    assert add_amdsmi((known,), more)[0].free_bytes == GIB
    apart = Gpu("AMD", "x", pci_bus_id="0000:04:00.0")
    apu = Gpu("AMD", "x", pci_bus_id=CARD, unified=True)
    assert add_amdsmi((apart,), more) == (apart,)
    assert add_amdsmi((apu,), more)[0].bandwidth_bytes_per_second is None


def test_in_the_whole(tmp_path: Path) -> None:
    trees.pci(tmp_path, CARD, "1002", "74a1", driver="amdgpu", kind="0x038000")
    answer = ChildAnswer("ok", to_json(probe_amdsmi(FakeAmdSmi())))
    world = World(FakeFacts(), tmp_path, amdsmi=answer, environ={"HIP_VISIBLE_DEVICES": ""})
    machine = detect(world.sources())
    assert machine.gpus[0].bandwidth_bytes_per_second == 5300 * 10**9
    assert "env-all-hidden" in [finding.code for finding in machine.findings]
    for broken in (ChildAnswer("crashed"), ChildAnswer("ok", 7), ChildAnswer("ok", {"error": "x"})):
        world.amdsmi = broken
        assert detect(world.sources()).gpus[0].name == "Instinct MI300X"


def test_without_the_package_nothing_is_asked() -> None:
    assert "amdsmi" not in sys.modules
