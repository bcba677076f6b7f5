"""A few of the combinations of docs/accuracy.md, so that nothing slips between benchmarks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from tests.bench._accuracy_cases import SMALL_DENSE, Case, cases
from tests.bench._workers import Loader, loader, workers
from tests.bench.accuracy import measure
from tests.gguf.glm46 import GLM_46, SMALL_MOE, Glm, write_model


@pytest.fixture(scope="module")
def over() -> Iterator[Loader]:
    with workers(2) as endpoints, loader(endpoints) as ready:
        yield ready


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[Glm, tuple[Path, ModelHeader]]:
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for model in (GLM_46, SMALL_MOE, SMALL_DENSE):
        path = write_model(folder, model, "Q4_K_M")
        made[model] = path, read_header(path)
    return made


@pytest.mark.parametrize(
    "case",
    [
        Case(GLM_46, "Q4_K_M", (1.0,), "in RAM", 32_768, "q8_0"),
        Case(GLM_46, "Q4_K_M", (0.6, 0.4), "first third in RAM", 65_536),
        Case(SMALL_MOE, "Q4_K_M", (0.5,), context=4096, kv="q4_0", ubatch=1024),
        Case(SMALL_DENSE, "Q4_K_M", (0.5, 0.5), context=2048, flash_attention="off"),
    ],
    ids=lambda case: f"{case.model.name} {case.where}",
)
def test_weights_and_context_are_exact_and_compute_is_near(
    over: Loader, models: dict[Glm, tuple[Path, ModelHeader]], case: Case
) -> None:
    result = measure(case, *models[case.model], over)
    assert result.weights_exact
    assert result.kv_exact
    assert result.met, (result.estimates, result.dry, result.told)


def test_the_benchmark_covers_what_it_should() -> None:
    every = list(cases())
    assert len(every) == len(set(every)) >= 60
    assert {len(case.shares) for case in every} == {0, 1, 2, 3}
    assert {case.model.name for case in every} >= {"GLM-4.6", "GLM-4.5-Air", "GLM-4-32B-0414"}
    assert {case.kv for case in every} >= {"f16", "q8_0", "q4_0"}
    assert {case.experts for case in every} == {"on the GPU", "first third in RAM", "in RAM"}
