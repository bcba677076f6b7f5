"""The longest context that fits."""

from dataclasses import replace

import pytest

from app.planning.context_limit import largest_context
from app.planning.plan import make_plan
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_4_9B, GLM_46
from tests.planning.made import shape_of, shipped


@pytest.mark.parametrize("kv", ["f16", "q8_0"])
def test_one_step_more_would_not_fit(kv: str) -> None:
    choice = Choice(kv_type_k=kv, kv_type_v=kv)  # type: ignore[arg-type]
    shape = replace(shape_of(GLM_4_9B, "Q8_0"), trained_context=2**20)
    found = largest_context(shape, shipped("container-16gb"), choice)
    assert 4096 < found < 2**20 and found % 1024 == 0
    for tokens, fits in ((found, True), (found + 1024, False)):
        plan = make_plan(shape, shipped("container-16gb"), replace(choice, context_tokens=tokens))
        assert (plan.verdict not in ("disk", "does not fit")) == fits


def test_half_the_memory_for_the_context_is_a_longer_context() -> None:
    shape = replace(shape_of(GLM_4_9B, "Q8_0"), trained_context=2**20)
    machine = shipped("container-16gb")
    full = largest_context(shape, machine, Choice())
    half = largest_context(shape, machine, Choice(kv_type_k="q8_0", kv_type_v="q8_0"))
    assert half > full


def test_at_most_what_the_model_was_trained_for() -> None:
    shape = shape_of(GLM_46, "UD-Q2_K_XL")
    assert largest_context(shape, shipped("eight-h100"), Choice()) == shape.trained_context


def test_weights_that_do_not_fit_have_no_context() -> None:
    assert largest_context(shape_of(GLM_46, "Q4_K_M"), shipped("container-16gb"), Choice()) == 0
