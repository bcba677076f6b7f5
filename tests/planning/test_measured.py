"""What loads really took: kept, shown, and used the next time."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.protocol import BufferUse
from app.planning.corrections import Corrections
from app.planning.measured import (
    MAX_ENTRIES,
    corrections_for,
    driver_of,
    last_measurement,
    load_measurements,
    measurements_path,
    record,
)
from app.planning.plan import make_plan
from app.planning.types import MIB, Choice, Plan
from tests.gguf.glm46 import GLM_45_AIR
from tests.planning.made import card, machine, shape_of, shipped

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def plan() -> Plan:
    return make_plan(shape_of(GLM_45_AIR), machine(200, card(24)), Choice())


def buffers(plan: Plan, factor: float = 1.0) -> list[BufferUse]:
    """As the log lists them, compute off by a factor."""
    gpu, cpu = plan.devices
    name = gpu.target.name
    return [
        BufferUse(name, "weights", gpu.weights_bytes),
        BufferUse(name, "kv", gpu.kv_bytes),
        BufferUse(name, "compute", round(gpu.compute_bytes * factor)),
        BufferUse("CPU_Mapped", "weights", cpu.weights_bytes + 10**9),
        BufferUse("CUDA_Host", "compute", round(cpu.compute_bytes * factor)),
    ]


def test_predicted_beside_measured(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "m.json"
    gpu = plan.devices[0]
    taken = {gpu.target.name: gpu.total_bytes + 300 * MIB}
    measured = record(path, "GLM-4.5-Air", "driver", plan, buffers(plan), gpu_bytes=taken, now=NOW)
    first, ram = measured.devices
    assert first.measured_bytes - first.predicted_bytes == 300 * MIB
    # A mapped range is no more than the weights in it.
    assert ram.measured_bytes == ram.predicted_bytes
    assert measured.text.count("GB") == 1
    assert load_measurements(path) == (measured,)
    assert last_measurement(path, "GLM-4.5-Air", "driver") == measured
    assert last_measurement(path, "GLM-4.5-Air", "other") is None


def test_figures_are_read_like_the_other_sizes(tmp_path: Path, plan: Plan) -> None:
    gpu = plan.devices[0]
    measured = record(
        tmp_path / "m.json", "m", "d", plan, [], gpu_bytes={gpu.target.name: 21 * 10**9}
    )
    device = measured.devices[0]
    predicted = f"{gpu.total_bytes / 1e9:.1f}"
    assert device.text == f"predicted {predicted} / measured 21.0 GB"


def test_later_plans_are_corrected(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "m.json"
    gpu = plan.devices[0]
    taken = {gpu.target.name: gpu.total_bytes - gpu.overhead_bytes + 1500 * MIB}
    for factor in (1.5, 1.5, 1.5):
        used = buffers(plan, factor)
        grown = taken[gpu.target.name] + round(gpu.compute_bytes * (factor - 1))
        record(path, "GLM-4.5-Air", "d", plan, used, gpu_bytes={gpu.target.name: grown})
    found = corrections_for(path, "GLM-4.5-Air", "d")
    assert found.loads == 3
    assert found.compute_factor["gpu"] == pytest.approx(1.5, abs=0.001)
    assert found.overhead_bytes[gpu.target.name] == pytest.approx(1500 * MIB, rel=0.001)
    later = make_plan(
        shape_of(GLM_45_AIR), machine(200, card(24)), Choice(), corrections=found
    ).devices[0]
    assert later.compute_source == "measured"
    assert later.compute_bytes == pytest.approx(1.5 * later.estimated_compute_bytes, abs=1)
    assert later.overhead_bytes == found.overhead_bytes[gpu.target.name]
    assert later.missing_bytes == 0


def test_corrections_do_not_feed_on_themselves(tmp_path: Path, plan: Plan) -> None:
    """A corrected prediction is still compared with the formula's figure."""
    path = tmp_path / "m.json"
    record(path, "m", "d", plan, buffers(plan, 2.0))
    for _ in range(3):
        found = corrections_for(path, "m", "d")
        again = make_plan(shape_of(GLM_45_AIR), machine(200, card(24)), Choice(), corrections=found)
        assert again.devices[0].compute_source == "measured"
        told = buffers(again)
        record(path, "m", "d", again, told)
        assert corrections_for(path, "m", "d").compute_factor["gpu"] == pytest.approx(2, abs=0.01)


def test_another_model_or_driver_is_another_matter(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "m.json"
    gpu = plan.devices[0].target.name
    record(path, "m", "d", plan, buffers(plan), gpu_bytes={gpu: 26 * 10**9})
    assert corrections_for(path, "m", "other") == Corrections()
    other = corrections_for(path, "other", "d")
    assert other.loads == 0
    assert other.compute_factor == {}
    assert gpu in other.overhead_bytes


def test_nonsense_corrects_nothing(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "m.json"
    gpu = plan.devices[0].target.name
    record(path, "m", "d", plan, buffers(plan, 50.0), gpu_bytes={gpu: 10**13})
    found = corrections_for(path, "m", "d")
    assert found.compute_factor == {}
    assert found.overhead_bytes == {}


def test_memory_that_went_down_is_not_a_measurement(tmp_path: Path, plan: Plan) -> None:
    """As when a larger model was loaded before."""
    path = tmp_path / "m.json"
    gpu = plan.devices[0].target.name
    stored = record(path, "m", "d", plan, [], process_bytes=-(10**9), gpu_bytes={gpu: 0})
    assert [device.taken_bytes for device in stored.devices] == [None, None]
    assert load_measurements(path) == (stored,)


def test_it_does_not_grow_for_ever(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "m.json"
    for _ in range(20):
        record(path, "m", "d", plan, [])
    assert len(load_measurements(path)) == 12
    value = json.loads(path.read_text(encoding="utf-8"))
    entry = value["loads"][0]
    value["loads"] = [{**entry, "model": f"m{n}"} for n in range(MAX_ENTRIES + 50)]
    path.write_text(json.dumps(value), encoding="utf-8")
    latest = record(path, "newest", "d", plan, [])
    kept = load_measurements(path)
    assert len(kept) == MAX_ENTRIES
    assert kept[-1] == latest


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 9, "loads": []}', '{"version": 1, "loads": [{}]}', "null", "\x00"],
)
def test_a_broken_file_is_set_aside(tmp_path: Path, plan: Plan, text: str) -> None:
    path = tmp_path / "measurements.json"
    path.write_text(text, encoding="utf-8")
    assert load_measurements(path) == ()
    assert (tmp_path / "measurements.broken.json").read_text(encoding="utf-8") == text
    assert record(path, "m", "d", plan, []) in load_measurements(path)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5))
def test_any_json_in_an_entry_is_survived(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.mktemp("m") / "m.json"
    path.write_text(json.dumps({"version": 1, "loads": [value]}), encoding="utf-8")
    assert load_measurements(path) == ()


def test_a_disk_that_refuses_costs_only_the_saving(tmp_path: Path, plan: Plan) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    assert record(blocked / "m.json", "m", "d", plan, []).model == "m"


def test_where_and_under_which_name() -> None:
    assert measurements_path().name == "measurements.json"
    assert driver_of(shipped("eight-h100")) == driver_of(shipped("eight-h100"))
    assert driver_of(shipped("eight-h100")) != driver_of(shipped("no-gpu"))
