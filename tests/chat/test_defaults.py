from collections.abc import Mapping

import pytest

from app.chat.defaults import default_sampling, is_demo
from app.core.paths import demo_model_path
from app.core.sampling import GLM_GENERAL, Sampling
from app.engine.protocol import ModelInfo


def model(path: str = "/models/glm.gguf", metadata: Mapping[str, str] | None = None) -> ModelInfo:
    return ModelInfo(
        path, "GLM", "glm4moe", "", 1, 1, 4096, 4096, None, (), False, "", "", (), metadata or {}
    )


def test_the_makers_advice_for_any_model() -> None:
    assert default_sampling(model()) == GLM_GENERAL.sampling


def test_the_demo_model_is_asked_for_its_likeliest_answer() -> None:
    demo = model(str(demo_model_path()))
    assert is_demo(demo)
    assert not is_demo(model())
    assert default_sampling(demo).temperature == 0


def test_what_the_file_recommends_comes_first() -> None:
    metadata = {
        "general.sampling.temp": "0.600000",
        "general.sampling.top_k": "20",
        "general.sampling.top_p": "0.95",
        "general.sampling.penalty_last_n": "128",
        "general.sampling.penalty_repeat": "1.1",
        "general.sampling.mirostat": "2",
        "general.name": "whatever",
    }
    assert default_sampling(model(str(demo_model_path()), metadata)) == Sampling(
        temperature=0.6, top_k=20, top_p=0.95, repeat_last_n=128, repeat_penalty=1.1, mirostat=2
    )


def test_the_order_of_the_filters_is_taken_over() -> None:
    sequence = {"general.sampling.sequence": "penalties;dry;top_k;typ_p;infill;temperature;top_k"}
    order = default_sampling(model(metadata=sequence)).order
    assert order == ("penalties", "dry", "top_k", "typical_p", "temperature")


@pytest.mark.parametrize("value", ["", "warm", "nan", "-3", "1e999"])
def test_nonsense_in_the_file_is_passed_over(value: str) -> None:
    metadata = {"general.sampling.temp": value, "general.sampling.min_p": "0.1"}
    assert default_sampling(model(metadata=metadata)) == Sampling(min_p=0.1)
