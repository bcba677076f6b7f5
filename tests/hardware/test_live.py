"""Figures while the program runs: failures on the way (NVML.md, part E), and the pace."""

import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.hardware.live import LiveMonitor, Pace
from app.hardware.live_types import LiveGpu
from app.hardware.nvml_watch import NvmlWatch
from tests.hardware.fake_nvml import GIB, FakeNvml, Script, Turns, card, fail, memory
from tests.hardware.worlds import FakeFacts


def a_card(**other: Any) -> Script:
    return card("NVIDIA RTX A4000", total=16 * GIB, bus="0000:01:00.0", used=GIB, **other)


def sample(nvml: FakeNvml) -> list[LiveGpu]:
    return list(NvmlWatch(nvml).sample().gpus)


def test_figures_of_a_healthy_card() -> None:
    (gpu,) = sample(FakeNvml([a_card()]))
    assert (gpu.used_bytes, gpu.load_percent, gpu.temperature_celsius) == (GIB, 3, 41)
    assert (gpu.power_watts, gpu.fan_percent, gpu.stale) == (22.5, 30, False)


def test_a_card_that_knows_little() -> None:
    silent = dict.fromkeys(
        (
            "nvmlDeviceGetUtilizationRates",
            "nvmlDeviceGetTemperature",
            "nvmlDeviceGetPowerUsage",
            "nvmlDeviceGetFanSpeed",
        ),
        fail(3),
    )
    (gpu,) = sample(FakeNvml([a_card(**silent)]))
    assert (gpu.load_percent, gpu.temperature_celsius, gpu.power_watts) == (None, None, None)
    assert gpu.fan_percent is None
    assert not gpu.stale


@pytest.mark.parametrize("odd", [101, -1, 2**32 - 1, None, True, "3"])
def test_impossible_loads_are_unknown(odd: object) -> None:
    load = SimpleNamespace(gpu=odd, memory=odd)
    (gpu,) = sample(FakeNvml([a_card(nvmlDeviceGetUtilizationRates=load)]))
    assert gpu.load_percent is None


def test_a_lost_gpu_keeps_its_last_figures_and_is_asked_no_more() -> None:
    nvml = FakeNvml([a_card(memory_v2=Turns(memory(16 * GIB, GIB, 0), fail(15))), a_card()])
    watch = NvmlWatch(nvml)
    assert [gpu.state for gpu in watch.sample().gpus] == ["ok", "ok"]
    lost, other = watch.sample().gpus
    assert (lost.state, lost.stale, lost.used_bytes) == ("lost", True, GIB)
    assert not other.stale
    nvml.calls.clear()
    again = watch.sample().gpus[0]
    assert again.state == "lost"
    assert nvml.calls.count("nvmlDeviceGetMemoryInfo") == 1, "only the other one is asked"


@pytest.mark.parametrize("code", [10, 999])
def test_a_failure_shows_old_figures_and_recovers(code: int) -> None:
    turns = Turns(memory(16 * GIB, GIB, 0), fail(code), memory(16 * GIB, 2 * GIB, 0))
    watch = NvmlWatch(FakeNvml([a_card(memory_v2=turns), a_card()]))
    assert watch.sample().gpus[0].used_bytes == GIB
    stale = watch.sample().gpus[0]
    assert (stale.stale, stale.used_bytes) == (True, GIB)
    assert stale.error
    assert watch.sample().gpus[0].used_bytes == 2 * GIB


def test_a_container_that_loses_its_gpus_starts_anew_when_asked_again() -> None:
    turns = Turns(memory(16 * GIB, GIB, 0), fail(999), memory(16 * GIB, 3 * GIB, 0))
    nvml = FakeNvml([a_card(memory_v2=turns)], init=[None, fail(999)])
    watch = NvmlWatch(nvml)
    assert not watch.sample().error
    assert watch.sample().gpus[0].stale
    assert "unknown error" in watch.sample().error
    assert watch.sample().gpus[0].used_bytes == 3 * GIB


def test_a_driver_updated_meanwhile() -> None:
    nvml = FakeNvml([a_card(memory_v2=fail(999), memory_v1=fail(999))], init=[None, fail(18)])
    watch = NvmlWatch(nvml)
    assert watch.sample().gpus[0].error
    assert "updated" in watch.sample().error


def test_nvml_shut_down_by_another_goes_unnoticed() -> None:
    nvml = FakeNvml([a_card()])
    watch = NvmlWatch(nvml)
    watch.sample()
    nvml.shut_down_by_another()
    assert not watch.sample().gpus[0].stale


def test_without_the_package() -> None:
    assert "nvidia-ml-py" in NvmlWatch(None).sample().error


def test_the_pace_slows_down_when_idle_and_backs_off_after_failures() -> None:
    pace = Pace()
    assert pace.after(failed=False, busy=True) == 1
    assert pace.after(failed=False, busy=False) == 10
    assert [pace.after(failed=True, busy=True) for _ in range(4)] == [2, 4, 8, 16]
    assert pace.after(failed=True, busy=False) == 120
    assert pace.after(failed=False, busy=True) == 1


ANSWER = '{"gpus": [{"index": 0, "used_bytes": 7}], "error": ""}'


@pytest.fixture
def monitors() -> Iterator[list[LiveMonitor]]:
    started: list[LiveMonitor] = []
    yield started
    for monitor in started:
        monitor.close()
    for thread in threading.enumerate():
        if thread.name == "live-gpus":
            thread.join(timeout=10)


def monitor(monitors: list[LiveMonitor], code: str, deadline: float = 20.0) -> LiveMonitor:
    made = LiveMonitor(FakeFacts(), {}, (sys.executable, "-c", code), deadline)
    monitors.append(made)
    return made


def test_the_monitor_asks_one_child_again_and_again(monitors: list[LiveMonitor]) -> None:
    code = f"import sys\nfor line in sys.stdin: print('''{ANSWER}''', flush=True)"
    live = monitor(monitors, code)
    for _ in range(3):
        seen = live.sample(busy=True)
        assert (seen.gpus[0].used_bytes, seen.error, seen.next_seconds) == (7, "", 1)
    assert seen.memory_total_bytes == 32 * GIB
    assert seen.cpu_percent == 4.0


def test_a_child_that_dies_leaves_stale_figures_and_is_replaced(
    monitors: list[LiveMonitor],
) -> None:
    """Answers once, then dies; the next one answers again."""
    code = f"import sys; sys.stdin.readline(); print('''{ANSWER}''', flush=True)"
    live = monitor(monitors, code)
    assert live.sample(busy=True).error == ""
    seen = live.sample(busy=True)
    while not seen.error:
        seen = live.sample(busy=True)
    assert seen.gpus[0].stale
    assert seen.gpus[0].used_bytes == 7
    assert seen.next_seconds > 1
    assert live.sample(busy=True).error == ""


def test_a_child_that_hangs_is_given_up(monitors: list[LiveMonitor]) -> None:
    live = monitor(monitors, "import threading; threading.Event().wait()", deadline=0.3)
    seen = live.sample(busy=False)
    assert "does not answer" in seen.error
    assert seen.next_seconds == 20


def test_after_closing_nothing_is_started(monitors: list[LiveMonitor]) -> None:
    live = monitor(monitors, "raise SystemExit")
    live.close()
    assert live.sample(busy=True).error
