"""Loads as a person wants them, and room that an open model will give up."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.chat.loading import Loader, PlannedLoad, Wanted, without_load
from app.core.placement import Placement
from app.planning.types import Choice
from tests.chat.test_loading import RecordingEngine, loader, machine
from tests.gguf import glm46


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return glm46.write_model(tmp_path, glm46.GLM_46, "UD-Q2_K_XL")


def test_the_person_decides_and_the_engine_is_told(path: Path, tmp_path: Path) -> None:
    loads = loader(RecordingEngine(), "workstation-256gb-3090", tmp_path)
    planned = loads.plan(path)
    assert (planned.wanted, planned.most_gpu_layers, planned.most_cpu_expert_layers) == (
        None,
        94,
        89,
    )
    wanted = Wanted(Choice(8192, "q8_0", "q8_0"), gpu_layers=40, cpu_expert_layers=89)
    changed = loads.adjusted(planned, wanted)
    assert (changed.path, changed.wanted) == (path, wanted)
    assert (changed.placement.gpu_layers, changed.placement.context_tokens) == (40, 8192)
    assert changed.plan is not None and changed.plan.verdict == "layers in RAM"


def test_there_is_nothing_to_adjust_without_a_plan(tmp_path: Path) -> None:
    loads = loader(RecordingEngine(), "no-gpu", tmp_path)
    with pytest.raises(ValueError, match="no plan"):
        loads.adjusted(PlannedLoad(tmp_path / "x.gguf", Placement()), Wanted(Choice()))


def test_the_last_load_is_known_to_the_next_plan(path: Path, tmp_path: Path) -> None:
    loads = loader(RecordingEngine(), "workstation-256gb-3090", tmp_path)
    first = loads.plan(path)
    assert first.last is None
    measurement = loads.load(first).measurement
    assert measurement is not None
    assert loads.plan(path).last == measurement


def test_an_open_model_makes_room_for_the_next(path: Path, tmp_path: Path) -> None:
    free = machine("workstation-256gb-3090")
    engine = RecordingEngine()
    now = [free]
    loads = Loader(
        engine, detect_machine=lambda: now[0], measurements=lambda: tmp_path / "measured.json"
    )
    planned = loads.plan(path)
    loads.load(planned)
    assert planned.plan is not None
    gpu = free.gpus[0]
    taken = planned.plan.gpu_bytes
    assert gpu.free_bytes is not None and gpu.used_bytes is not None
    full = replace(gpu, free_bytes=gpu.free_bytes - taken, used_bytes=gpu.used_bytes + taken)
    now[0] = replace(free, gpus=(full, *free.gpus[1:]))
    assert without_load(now[0], planned.plan).gpus[0] == gpu
    again = loads.plan(path)
    assert again.plan is not None and again.plan.verdict == "experts in RAM"
    loads.unloaded()
    crowded = loads.plan(path)
    assert crowded.plan is not None and crowded.plan.verdict != "experts in RAM"
