"""Larger contexts that the memory has room for."""

from pathlib import Path

import pytest

from app.chat.context.larger import larger_contexts
from app.chat.loading import Loader, Wanted
from app.core.paths import demo_model_path
from app.core.placement import Placement
from app.engine.protocol import ModelInfo
from app.planning.types import Choice
from tests.chat.test_loading import RecordingEngine, loader
from tests.gguf import glm46


class SizedEngine(RecordingEngine):
    trained = 32_768

    def load(self, path: str, placement: Placement, *_: object) -> ModelInfo:
        return ModelInfo(
            path,
            "M",
            "glm4",
            "",
            1,
            1,
            placement.context_tokens or 4096,
            self.trained,
            None,
            (),
            False,
            "",
            "",
        )


def opened(tmp_path: Path, choice: Choice, machine: str = "rtx4090-192gb") -> Loader:
    path = glm46.write_model(tmp_path, glm46.GLM_4_9B, "Q4_K_M")
    loads = loader(SizedEngine(), machine, tmp_path)
    planned = loads.plan(path)
    loads.load(loads.adjusted(planned, Wanted(choice)))
    return loads


def test_the_next_sizes_that_fit_with_what_they_cost(tmp_path: Path) -> None:
    loads = opened(tmp_path, Choice(4096, "q8_0", "q8_0"))
    found = larger_contexts(loads, 5000)
    assert [one.context_tokens for one in found.found] == [8192, 16384, 32768]
    costs = [one.more_bytes for one in found.found]
    assert 0 < costs[0] < costs[1] < costs[2]
    assert found.found[0].wanted.choice == Choice(8192, "q8_0", "q8_0")
    assert found.reason == ""


def test_what_is_not_enough_is_not_offered(tmp_path: Path) -> None:
    loads = opened(tmp_path, Choice(4096))
    assert larger_contexts(loads, 20_000).found[0].context_tokens == 32768
    none = larger_contexts(loads, 500_000)
    assert none.found == ()
    assert "not enough" in none.reason


@pytest.mark.parametrize(("context", "offered"), [(16384, [32768]), (32768, [])])
def test_what_does_not_fit_into_the_memory_is_not_offered(
    tmp_path: Path, context: int, offered: list[int]
) -> None:
    engine = SizedEngine()
    engine.trained = 131_072
    loads = loader(engine, "jetson-orin-64gb", tmp_path)
    planned = loads.plan(glm46.write_model(tmp_path, glm46.GLM_45_AIR, "UD-Q2_K_XL"))
    loads.load(loads.adjusted(planned, Wanted(Choice(context))))
    found = larger_contexts(loads, context + 1)
    assert [one.context_tokens for one in found.found] == offered
    assert bool(found.reason) is not bool(offered)


def test_what_is_read_from_disk_anyway_may_go_on_so(tmp_path: Path) -> None:
    engine = SizedEngine()
    loads = loader(engine, "gb10", tmp_path)
    planned = loads.plan(glm46.write_model(tmp_path, glm46.GLM_46, "UD-Q2_K_XL"))
    loads.load(loads.adjusted(planned, Wanted(Choice(8192))))
    found = larger_contexts(loads, 9000).found
    assert [one.plan.verdict for one in found] == ["disk", "disk"]


def test_a_model_at_its_limit_and_the_demo_model_have_none(tmp_path: Path) -> None:
    loads = opened(tmp_path, Choice(32_768))
    assert "trained for" in larger_contexts(loads, 1).reason
    loads.load(loads.plan(demo_model_path()))
    assert "as large as it gets" in larger_contexts(loads, 1).reason
    loads.unloaded()
    assert larger_contexts(loads, 1).found == ()
