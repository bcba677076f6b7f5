"""The whole detection: side by side, each probe with a deadline, nothing raised."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.hardware import bandwidth
from app.hardware.bandwidth import BandwidthCache, cache_bytes, measure
from app.hardware.children import ChildAnswer
from app.hardware.detect import detect
from app.hardware.facts import Volume
from app.hardware.smbios import memory_modules, nominal_bandwidth
from app.hardware.tasks import ProbeError, Task
from app.hardware.types import Machine
from tests.hardware import trees
from tests.hardware.fake_nvml import GIB, FakeNvml, card
from tests.hardware.worlds import FakeFacts, World, smbios


def world(root: Path) -> World:
    gpu = card("NVIDIA T4", total=16 * GIB, bus="0000:00:1e.0")
    return World(FakeFacts(), root, nvml=FakeNvml([gpu]), ram_rate=30 * 10**9)


def probe(machine: Machine, name: str) -> tuple[str, str]:
    found = next(probe for probe in machine.probes if probe.name == name)
    return found.status, found.error


def codes(machine: Machine) -> list[str]:
    return [finding.code for finding in machine.findings]


def test_a_probe_that_hangs_is_given_up_and_said_so(tmp_path: Path) -> None:
    release = threading.Event()

    class DeadDisk(FakeFacts):
        def volume(self, path: Path) -> Volume:
            release.wait()
            raise OSError(str(path))

    try:
        machine = detect(replace(world(tmp_path).sources(), facts=DeadDisk()), 0.5)
    finally:
        release.set()
    assert probe(machine, "disks")[0] == "timed out"
    assert "probe-timed-out" in codes(machine)
    assert machine.disks == ()
    assert [gpu.name for gpu in machine.gpus] == ["NVIDIA T4"]


def test_a_probe_that_fails_spoils_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class NoMemory(FakeFacts):
        def memory(self) -> tuple[int, int]:
            raise PermissionError("/proc/meminfo")

    machine = detect(replace(world(tmp_path).sources(), facts=NoMemory()))
    assert probe(machine, "memory") == ("failed", "PermissionError: /proc/meminfo")
    assert machine.memory.effective_total_bytes is None
    assert machine.cpu.logical_cores == 16
    assert "memory" in caplog.text


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (ChildAnswer("timed out", error="No answer within 5 seconds."), "timed out"),
        (ChildAnswer("crashed", error="It crashed (SIGSEGV)."), "crashed"),
        (ChildAnswer("failed", error="x"), "failed"),
        (ChildAnswer("ok", {"gpus": 3}), "failed"),
        (ChildAnswer("ok", [1]), "failed"),
    ],
)
def test_a_driver_that_takes_its_child_down(
    tmp_path: Path, answer: ChildAnswer, status: str
) -> None:
    trees.pci(tmp_path, "0000:01:00.0", "10de", "2684", driver="nvidia")
    made = world(tmp_path)
    made.nvml = answer
    machine = detect(made.sources())
    assert machine.nvidia.status == status
    assert [gpu.state for gpu in machine.gpus] == ["unreadable"]
    assert any(code.startswith("nvidia-") for code in codes(machine))


def test_an_engine_that_hangs(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.engine = ChildAnswer("timed out", error="No answer within 5 seconds.")
    machine = detect(made.sources())
    assert machine.engine.status == "timed out"
    assert codes(machine) == ["engine-not-answering"]


def test_the_probes_run_side_by_side(tmp_path: Path) -> None:
    """Neither child would answer if the other had to come first."""
    meeting = threading.Barrier(2, timeout=30)

    def together(answer: ChildAnswer) -> ChildAnswer:
        meeting.wait()
        return answer

    sources = world(tmp_path).sources()
    both = replace(
        sources,
        nvml=lambda: together(sources.nvml()),
        engine=lambda: together(sources.engine()),
    )
    assert detect(both, 30.0).nvidia.status == "ok"


def test_on_a_mac_no_nvidia_driver_is_asked(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.facts.os = "Darwin"
    made.nvml = ChildAnswer("crashed")
    machine = detect(made.sources())
    assert probe(machine, "nvidia")[0] == "skipped"
    assert machine.nvidia.status == "not asked"
    assert codes(machine) == ["no-gpu"]


def test_ram_is_measured_once(tmp_path: Path) -> None:
    calls: list[Sequence[object]] = []

    def counted(*arguments: object) -> int:
        calls.append(arguments)
        return 30 * 10**9

    sources = replace(world(tmp_path).sources(), measure=counted)
    rates = [detect(sources).ram_bandwidth.measured_bytes_per_second for _ in range(2)]
    assert rates == [30 * 10**9] * 2
    assert len(calls) == 1
    more = replace(sources, facts=FakeFacts(ram=(64 * GIB, 60 * GIB)))
    detect(more)
    assert len(calls) == 2, "another memory is measured anew"


def test_what_was_measured_on_a_busy_computer_is_not_kept(tmp_path: Path) -> None:
    rates = iter((9 * 10**9, 30 * 10**9))
    busy = replace(
        world(tmp_path).sources(),
        facts=FakeFacts(waiting=20.0),
        measure=lambda _cores, _cache, _available: next(rates),
    )
    assert detect(busy).ram_bandwidth.measured_bytes_per_second == 9 * 10**9
    quiet = replace(busy, facts=FakeFacts(waiting=1.0))
    assert detect(quiet).ram_bandwidth.measured_bytes_per_second == 30 * 10**9
    assert detect(quiet).ram_bandwidth.measured_bytes_per_second == 30 * 10**9


@pytest.mark.parametrize("text", ["", "{", "[]", '{"bytes_per_second": "fast"}', "{}", "true"])
def test_a_broken_cache_is_measured_over(tmp_path: Path, text: str) -> None:
    cache = BandwidthCache(tmp_path)
    cache.store(("key",), 5)
    (file,) = tmp_path.iterdir()
    file.write_text(text, encoding="utf-8")
    assert cache.load(("key",)) is None


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = BandwidthCache(tmp_path / "file" / "folder")
    cache.store(("key",), 5)
    assert cache.load(("key",)) is None


def test_this_computers_memory_has_a_speed() -> None:
    rate = measure(2, None, None)
    assert rate is not None
    assert 10**8 < rate < 10**13


def test_measuring_ends_when_the_time_is_up() -> None:
    """By a clock that jumps: no buffer is filled to its end, every thread reads one piece."""
    lock = threading.Lock()
    now = 0.0

    def clock() -> float:
        nonlocal now
        with lock:
            now += 0.1
            return now

    assert measure(2, None, None, clock) is not None


def test_too_little_memory_to_measure() -> None:
    assert measure(4, None, 64 << 20) is None
    assert measure(2, None, 0) is None


def test_a_thread_without_memory_ends_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "empty", no_memory)
    assert bandwidth.measure(2, None, None) is None


def test_cache_sizes_are_added_per_group_of_cores(tmp_path: Path) -> None:
    files: trees.Files = {}
    for core in range(4):
        place = f"sys/devices/system/cpu/cpu{core}/cache/index3"
        files |= {f"{place}/size": "32768K", f"{place}/shared_cpu_list": f"{core // 2 * 2}-x"}
    assert cache_bytes(trees.write(tmp_path, files)) == 2 * 32768 * 1024
    assert cache_bytes(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("modules", "rate"),
    [
        ([(6000, 32768, "DIMM 1", "P0 CHANNEL A"), (6000, 32768, "DIMM 1", "P0 CHANNEL B")], 96),
        ([(3600, 1, f"D{i}", f"P0 CHANNEL {'AABB'[i]}") for i in range(4)], 57.6),
        ([(3200, 1, f"DIMM_{c}1", "BANK 0") for c in "ABCDEFGH"], 204.8),
        ([(4800, 1, "Controller0-ChannelA", ""), (4800, 1, "Controller1-ChannelA", "")], 76.8),
        ([(4800, 1, "CPU1_DIMM_A1", ""), (4800, 1, "CPU2_DIMM_A1", "")], 76.8),
        ([(6000, 1, "DIMM_A1", ""), (4800, 1, "DIMM_B1", "")], 76.8),
        ([(6000, 1, "DIMM_A1", ""), (6000, 0, "DIMM_B1", "")], 48),
        ([(6000, 1, "Slot 1", "Bank 1")], None),
        ([], None),
    ],
)
def test_nominal_ram_bandwidth(
    modules: Sequence[tuple[int, int, str, str]], rate: float | None
) -> None:
    found = nominal_bandwidth(smbios(modules))
    assert found == (None if rate is None else round(rate * 10**9))


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_broken_firmware_table_ends_early(cut: int) -> None:
    table = smbios([(6000, 1, "DIMM_A1", "x")] * 2)
    assert len(list(memory_modules(table[:cut]))) <= 1
    assert list(memory_modules(b"\x11\x00" + table)) == []


def test_a_task_says_how_it_ended() -> None:
    def skipped() -> int:
        raise ProbeError("no such thing here", "skipped")

    value, record = Task("x", skipped).result(time.monotonic() + 30)
    assert (value, record.status, record.error) == (None, "skipped", "no such thing here")
    value, record = Task("x", lambda: 5).result(time.monotonic() + 30)
    assert (value, record.status) == (5, "ok")
