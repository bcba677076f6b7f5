from collections.abc import Callable
from pathlib import Path

import pytest

from app.chat.loading import Loader
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.paths import demo_model_path
from app.core.placement import Placement
from app.engine.protocol import BufferUse, LoadProgress, ModelInfo
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Machine
from app.planning.types import Choice
from tests.gguf import glm46


class RecordingEngine:
    """Keeps what it was told to load."""

    def __init__(self) -> None:
        self.loads: list[tuple[str, Placement]] = []

    def load(
        self,
        path: str,
        placement: Placement,
        on_progress: Callable[[LoadProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> ModelInfo:
        assert on_progress is None
        assert cancel is None
        self.loads.append((path, placement))
        buffers = (BufferUse("CUDA0", "compute", 300 * 2**20),)
        return ModelInfo(
            path, "M", "glm4moe", "", 1, 1, 4096, 4096, None, (), False, "", "", buffers
        )


def machine(name: str) -> Machine:
    found = {path.stem: path for path in shipped_machines()}
    return load_machine(found[name])


@pytest.fixture
def engine() -> RecordingEngine:
    return RecordingEngine()


def loader(engine: RecordingEngine, name: str, tmp_path: Path) -> Loader:
    return Loader(
        engine, recorded=machine(name), measurements=lambda: tmp_path / "measurements.json"
    )


def test_the_demo_model_keeps_its_own_context_and_one_thread(
    engine: RecordingEngine, tmp_path: Path
) -> None:
    planned = loader(engine, "no-gpu", tmp_path).plan(demo_model_path(), 32768)
    where = planned.placement
    assert (where.context_tokens, where.threads, where.batch_threads) == (0, 1, 1)
    assert planned.plan is None


def test_threads_that_are_asked_for_hold_for_all_but_the_demo_model(
    engine: RecordingEngine, tmp_path: Path
) -> None:
    path = glm46.write_model(tmp_path, glm46.GLM_46, "UD-Q2_K_XL")
    wanted = 0
    loads = Loader(
        engine,
        recorded=machine("workstation-256gb-3090"),
        measurements=lambda: tmp_path / "measurements.json",
        threads=lambda: wanted,
    )
    loads.load(loads.plan(path))
    wanted = 6
    loads.load(loads.plan(path))
    loads.load(loads.plan(demo_model_path()))
    placements = [placement for _, placement in engine.loads]
    assert [(one.threads, one.batch_threads) for one in placements] == [
        (None, None),
        (6, 6),
        (1, 1),
    ]


def test_a_model_is_loaded_as_the_plan_says(engine: RecordingEngine, tmp_path: Path) -> None:
    path = glm46.write_model(tmp_path, glm46.GLM_46, "UD-Q2_K_XL")
    loads = loader(engine, "workstation-256gb-3090", tmp_path)
    planned = loads.plan(path)
    assert planned.plan is not None
    assert planned.plan.verdict == "experts in RAM"
    assert planned.placement.devices == ("CUDA0",)
    assert planned.placement.tensor_overrides
    result = loads.load(planned)
    assert engine.loads == [(str(path), planned.placement)]
    assert result.measurement is not None
    assert (tmp_path / "measurements.json").exists()


def test_what_the_engine_cannot_use_is_not_planned_for_a_load(
    engine: RecordingEngine, tmp_path: Path
) -> None:
    path = glm46.write_model(tmp_path, glm46.GLM_45_AIR, "UD-Q2_K_XL")
    planned = loader(engine, "two-3060-cpu-engine", tmp_path).plan(path)
    assert planned.placement.devices == ()


def test_a_context_that_is_asked_for_is_kept(engine: RecordingEngine, tmp_path: Path) -> None:
    path = glm46.write_model(tmp_path, glm46.GLM_4_9B, "Q4_K_M")
    loads = loader(engine, "rtx4090-192gb", tmp_path)
    assert loads.plan(path, 8192).placement.context_tokens == 8192
    chosen = loads.plan(path, choice=Choice(context_tokens=4096, kv_type_k="q8_0"))
    assert chosen.placement.kv_type_k == "q8_0"
    with pytest.raises(KnownError, match="trained for"):
        loads.plan(path, choice=Choice(context_tokens=1_000_000))


def test_a_file_that_cannot_be_planned_is_left_to_the_engine(
    engine: RecordingEngine, tmp_path: Path
) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("not a model")
    planned = loader(engine, "no-gpu", tmp_path).plan(path, 2048)
    assert planned.plan is None
    assert planned.placement == Placement(context_tokens=2048)
