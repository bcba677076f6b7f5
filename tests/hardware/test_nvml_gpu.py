"""What one GPU answers, field by field (NVML.md, parts B and D)."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.hardware.codec import from_json, machine_from_json, to_json
from app.hardware.nvml import NvmlReport, probe_nvml
from app.hardware.nvml_gpu import is_integrated, memory_bandwidth
from app.hardware.types import Gpu
from tests.hardware.fake_nvml import (
    GIB,
    MIB,
    FakeNvml,
    Script,
    Turns,
    card,
    fail,
    memory,
    processes,
)

NOT_AVAILABLE = 2**64 - 1


def only(script: Script, **options: Any) -> Gpu:
    (gpu,) = probe_nvml(FakeNvml([script], **options)).gpus
    return gpu


def a_card(**other: Any) -> Script:
    return card("NVIDIA RTX A5000", total=24 * GIB, bus="0000:01:00.0", **other)


def test_a_healthy_card_is_read_whole() -> None:
    gpu = only(a_card(used=GIB, reserved=300 * MIB))
    assert (gpu.total_bytes, gpu.used_bytes, gpu.reserved_bytes) == (24 * GIB, GIB, 300 * MIB)
    assert gpu.free_bytes == 23 * GIB - 300 * MIB
    assert gpu.pci_bus_id == "0000:01:00.0"
    assert gpu.architecture == "8.9"
    assert (gpu.pcie.generation, gpu.pcie.max_generation, gpu.pcie.max_width) == (1, 4, 16)
    assert gpu.processes == ()
    assert gpu.mig_enabled is False
    assert gpu.unread == ()
    assert gpu.notes == ()


@pytest.mark.parametrize("code", [13, 25, 3])
def test_memory_falls_back_to_version_1_and_does_not_mix(code: int) -> None:
    gpu = only(a_card(used=GIB, reserved=300 * MIB, memory_v2=fail(code)))
    assert gpu.used_bytes == GIB + 300 * MIB
    assert gpu.reserved_bytes is None
    assert gpu.free_bytes == 23 * GIB - 300 * MIB


def test_an_older_package_without_versions() -> None:
    error = TypeError("nvmlDeviceGetMemoryInfo() got an unexpected keyword argument 'version'")
    assert only(a_card(memory_v2=error)).total_bytes == 24 * GIB


@pytest.mark.parametrize(
    "numbers",
    [
        memory(0, 0),
        SimpleNamespace(total=0, free=GIB, used=0),
        SimpleNamespace(total=GIB, free=2 * GIB, used=0),
        SimpleNamespace(total=GIB, free=0, used=2 * GIB),
        SimpleNamespace(total=GIB, free=0, used=0, reserved=2 * GIB),
        SimpleNamespace(total=NOT_AVAILABLE, free=NOT_AVAILABLE, used=0),
        SimpleNamespace(total=None, free=None, used=None),
        SimpleNamespace(),
        None,
        "24 GiB",
    ],
)
def test_impossible_memory_is_unknown_and_said(numbers: object) -> None:
    gpu = only(a_card(memory_v2=numbers))
    assert (gpu.total_bytes, gpu.free_bytes, gpu.used_bytes) == (None, None, None)
    assert gpu.notes


@pytest.mark.parametrize("code", [3, 4, 16, 999, 10, 1234])
def test_unreadable_memory_is_unknown_with_the_reason(code: int) -> None:
    gpu = only(a_card(memory_v2=fail(code), memory_v1=fail(code)))
    assert gpu.total_bytes is None
    assert not gpu.unified, "only known integrated GPUs share the system's memory"
    assert f"({code})" in next(u.reason for u in gpu.unread if u.field == "total_bytes")


@pytest.mark.parametrize(
    "name", ["NVIDIA GB10", "NVIDIA Thor", "Orin (nvgpu)", "Xavier", "NVIDIA Tegra X2"]
)
@pytest.mark.parametrize("numbers", [fail(3), memory(0, 0), memory(7 * GIB, GIB)])
def test_integrated_gpus_are_unified_whatever_they_answer(name: str, numbers: object) -> None:
    script = card(name, total=1, bus="000f:01:00.0", memory_v2=numbers, memory_v1=numbers)
    gpu = only(script)
    assert gpu.unified
    assert (gpu.total_bytes, gpu.free_bytes) == (None, None)


@pytest.mark.parametrize("name", ["NVIDIA GB100", "NVIDIA GB200", "NVIDIA GH200 480GB", None, ""])
def test_others_are_not_integrated(name: str | None) -> None:
    assert not is_integrated(name)


def test_process_memory_is_never_the_sentinel() -> None:
    running = processes((7, NOT_AVAILABLE), (8, None), (9, 5 * MIB), (0, 1))
    gpu = only(a_card(nvmlDeviceGetComputeRunningProcesses=running))
    assert gpu.processes is not None
    assert [(p.pid, p.memory_bytes) for p in gpu.processes] == [(7, None), (8, None), (9, 5 * MIB)]


def test_a_process_in_both_lists_counts_once() -> None:
    script = a_card(
        nvmlDeviceGetComputeRunningProcesses=processes((7, 5 * MIB)),
        nvmlDeviceGetGraphicsRunningProcesses=processes((7, 5 * MIB), (8, MIB)),
    )
    gpu = only(script, process_names={7: "C:\\Users\\someone\\game.exe", 8: "/opt/a/b"})
    assert gpu.processes is not None
    assert [(p.pid, p.name, p.memory_bytes) for p in gpu.processes] == [
        (7, "game.exe", 5 * MIB),
        (8, "b", MIB),
    ]


def test_a_process_list_that_grew_meanwhile_is_asked_again() -> None:
    growing = Turns(fail(7), processes((7, MIB)))
    gpu = only(a_card(nvmlDeviceGetComputeRunningProcesses=growing))
    assert gpu.processes is not None
    assert [p.pid for p in gpu.processes] == [7]
    script = a_card(
        nvmlDeviceGetComputeRunningProcesses=fail(7), nvmlDeviceGetGraphicsRunningProcesses=fail(7)
    )
    assert only(script).processes is None


def test_an_old_driver_without_the_newest_process_list() -> None:
    script = a_card(
        nvmlDeviceGetComputeRunningProcesses=fail(13),
        nvmlDeviceGetComputeRunningProcesses_v2=processes((7, MIB)),
    )
    gpu = only(script)
    assert gpu.processes is not None
    assert [p.pid for p in gpu.processes] == [7]


def test_pynvml_raises_another_exception_for_a_missing_symbol() -> None:
    nvml = FakeNvml()
    error = nvml.NVMLLibraryMismatchError("Unversioned function called")
    script = a_card(
        nvmlDeviceGetComputeRunningProcesses=error,
        nvmlDeviceGetComputeRunningProcesses_v2=processes((7, MIB)),
    )
    gpu = only(script)
    assert gpu.processes is not None
    assert [p.pid for p in gpu.processes] == [7]


def test_a_module_without_some_functions() -> None:
    missing = frozenset({"nvmlDeviceGetMemoryBusWidth", "nvmlDeviceGetMigMode"})
    gpu = only(a_card(), missing=missing)
    assert gpu.memory_bus_bits is None
    assert gpu.bandwidth_bytes_per_second is None
    assert gpu.total_bytes == 24 * GIB


def test_a_gpu_lost_on_the_way_is_asked_nothing_more() -> None:
    nvml = FakeNvml([a_card(nvmlDeviceGetMemoryBusWidth=fail(15)), a_card()])
    report = probe_nvml(nvml)
    lost, other = report.gpus
    assert (lost.state, lost.name) == ("lost", "NVIDIA RTX A5000")
    assert other.state == "ok"
    after = nvml.calls[nvml.calls.index("nvmlDeviceGetMemoryBusWidth") + 1 :]
    assert after[0] == "nvmlDeviceGetHandleByIndex", "drivers crashed when a lost GPU was asked"


def test_reset_required_may_still_have_memory() -> None:
    gpu = only(a_card(nvmlDeviceGetMaxClockInfo=fail(16)))
    assert (gpu.state, gpu.total_bytes) == ("reset required", 24 * GIB)


@pytest.mark.parametrize(("code", "word"), [(14, "infoROM"), (11, "interrupt"), (20, "memory")])
def test_troubles_that_are_only_warnings(code: int, word: str) -> None:
    gpu = only(a_card(nvmlDeviceGetMaxClockInfo=fail(code)))
    assert gpu.state == "ok"
    assert word in " ".join(gpu.notes)
    assert gpu.total_bytes == 24 * GIB


@pytest.mark.parametrize("value", [0, 2**32 - 1, -1, True, None, "16", fail(3), fail(2)])
def test_odd_numbers_are_unknown(value: object) -> None:
    gpu = only(a_card(nvmlDeviceGetCurrPcieLinkWidth=value, nvmlDeviceGetMemoryBusWidth=value))
    assert gpu.pcie.width is None
    assert gpu.memory_bus_bits is None
    assert gpu.bandwidth_bytes_per_second is None


@pytest.mark.parametrize(
    ("active", "mode", "attached"),
    [(1, 0, True), (0, 1, True), (0, 0, False), (fail(3), 1, True), (fail(3), fail(3), None)],
)
def test_display(active: object, mode: object, attached: bool | None) -> None:
    gpu = only(a_card(nvmlDeviceGetDisplayActive=active, nvmlDeviceGetDisplayMode=mode))
    assert gpu.display_attached is attached


def test_windows_driver_models() -> None:
    assert only(a_card(nvmlDeviceGetDriverModel=[0, 0])).driver_model == "WDDM"
    assert only(a_card(nvmlDeviceGetDriverModel=[2, 2])).driver_model == "MCDM"
    assert only(a_card()).driver_model is None


@pytest.mark.parametrize("mode", [fail(3), fail(13), fail(999), [0, 1], None, []])
def test_no_mig(mode: object) -> None:
    assert only(a_card(nvmlDeviceGetMigMode=mode)).mig_enabled is False


def test_mig_slices_with_holes_between_them() -> None:
    def part(number: int) -> Script:
        return {
            "nvmlDeviceGetUUID": f"MIG-{number}",
            "nvmlDeviceGetName": b"MIG 1g.10gb",
            "memory_v1": memory(10 * GIB, number * GIB),
        }

    slices = [
        fail(6),
        part(1),
        fail(6),
        part(3),
        fail(6),
        fail(6),
        {**part(6), "memory_v1": fail(3)},
    ]
    parent = a_card(nvmlDeviceGetMigMode=[1, 1], memory_v2=fail(4))
    gpu = only(parent, slices={0: slices})
    assert gpu.mig_enabled
    assert [part.uuid for part in gpu.mig_slices] == ["MIG-1", "MIG-3", "MIG-6"]
    assert [part.free_bytes for part in gpu.mig_slices] == [9 * GIB, 7 * GIB, None]
    assert gpu.total_bytes is None
    assert gpu.state == "ok"


@pytest.mark.parametrize(
    ("bits", "clock", "gigabytes"),
    [(384, 10501, 1008), (5120, 2619, 3352), (512, 14001, 1792), (256, 5005, 320)],
)
def test_bandwidth_formula(bits: int, clock: int, gigabytes: int) -> None:
    rate = memory_bandwidth(bits, clock)
    assert rate is not None
    assert round(rate / 1e9) == gigabytes


ANSWERS = st.one_of(
    st.sampled_from([1, 2, 3, 4, 6, 7, 10, 13, 14, 15, 16, 17, 25, 999, 1234]).map(fail),
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.lists(st.integers(-2, 2**33), max_size=3),
    st.builds(
        lambda a, b, c: SimpleNamespace(total=a, free=b, used=c, busId=b"x", pid=a),
        st.integers(-1, 2**65),
        st.integers(-1, 2**65),
        st.integers(-1, 2**65),
    ),
)


@given(st.dictionaries(st.sampled_from(sorted(a_card())), ANSWERS, max_size=8))
def test_whatever_is_answered_a_sane_machine_comes_out(odd: dict[str, object]) -> None:
    report = probe_nvml(FakeNvml([{**a_card(), **odd}]))
    assert from_json(NvmlReport, to_json(report)) == report
    (gpu,) = report.gpus
    machine = {
        "format": "glm-launcher-machine",
        "version": 1,
        "platform": {"system": "Linux"},
        "memory": {},
        "cpu": {},
        "gpus": [to_json(gpu)],
    }
    assert machine_from_json(machine).gpus == (gpu,)
