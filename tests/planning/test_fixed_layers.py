"""Layers and experts where the person wants them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.planning.assignment import units
from app.planning.plan import make_plan
from app.planning.search import Search
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_4_9B, GLM_46
from tests.planning.made import card, machine, shape_of, space

SHAPE = shape_of(GLM_46, "UD-Q2_K_XL")
counts = st.none() | st.integers(0, 200)
cards = st.lists(st.sampled_from((8, 24, 48, 80)), max_size=3)


@settings(max_examples=100, deadline=None)
@given(cards, counts, counts)
def test_the_numbers_are_kept(gpus: list[int], layers: int | None, experts: int | None) -> None:
    layout = Search(SHAPE, space(256, *gpus), Choice()).fixed(layers, experts)
    counted = sum(layout.assignment.counts)
    assert sum(use.weights_bytes for use in layout.uses) == SHAPE.weights_bytes
    if not gpus:
        assert counted == 0
    elif layers is not None:
        assert counted == min(layers, units(SHAPE))
    if experts is not None and counted:
        devices = layout.assignment.device_of(units(SHAPE))
        outside = sum(devices[block] < 0 for block in SHAPE.expert_layers)
        in_ram = outside + len(layout.assignment.cpu_experts)
        assert in_ram == max(outside, min(experts, len(SHAPE.expert_layers)))


def test_left_to_itself_it_is_the_best_layout() -> None:
    search = Search(SHAPE, space(256, 24), Choice())
    assert search.fixed(None, None) == search.best()


@pytest.mark.parametrize("layers", [1, 40, 80])
def test_experts_left_to_the_search_fit(layers: int) -> None:
    layout = Search(SHAPE, space(256, 24, 8), Choice()).fixed(layers, None)
    assert layout.gpus_fit


def test_experts_are_taken_from_the_fullest_card() -> None:
    layout = Search(SHAPE, space(256, 80, 80), Choice()).fixed(None, 20)
    assert layout.gpus_fit
    first, second = (use.total_bytes for use in layout.uses[:2])
    assert first == pytest.approx(second, rel=0.1)


def test_what_does_not_fit_says_what_is_missing() -> None:
    plan = make_plan(SHAPE, machine(256, card(24)), Choice(), cpu_expert_layers=0)
    assert plan.verdict == "does not fit"
    assert plan.missing_bytes > 100_000_000_000


def test_a_dense_model_has_no_experts_to_move() -> None:
    shape = shape_of(GLM_4_9B)
    plan = make_plan(shape, machine(64, card(24)), Choice(), gpu_layers=20, cpu_expert_layers=5)
    assert (plan.placement.gpu_layers, plan.expert_layers_on_cpu) == (20, 0)
    assert plan.verdict == "layers in RAM"
