"""The search for a place for everything: sound on any machine, and better with more memory."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.placement import KvType
from app.planning.assignment import Assignment, units
from app.planning.plan import describe, make_plan
from app.planning.search import Layout, Search
from app.planning.shape import ModelShape
from app.planning.types import GIB, Choice, Plan, Verdict
from tests.gguf.glm46 import GLM_4_32B, GLM_45_AIR, GLM_46, GLM_47_FLASH
from tests.planning.made import card, machine, shape_of, space

BEST_FIRST: tuple[Verdict, ...] = (
    "gpu",
    "experts in RAM",
    "layers in RAM",
    "cpu",
    "disk",
    "does not fit",
)
MODELS = {model.name: model for model in (GLM_46, GLM_45_AIR, GLM_47_FLASH, GLM_4_32B)}
models = st.sampled_from(sorted(MODELS))
cards = st.lists(st.sampled_from((6, 8, 12, 16, 24, 32, 48, 80, 96)), max_size=4)
kinds = st.sampled_from(("f16", "q8_0", "q4_0"))


def best(shape: ModelShape, ram: float, gpus: list[int], kind: KvType = "f16") -> Layout:
    choice = Choice(kv_type_k="f16" if shape.layers[0].value_elements == 0 else kind)
    return Search(shape, space(ram, *gpus), choice).best()


@settings(max_examples=150, deadline=None)
@given(models, st.integers(4, 600), cards, kinds)
def test_no_gpu_is_overfull(model: str, ram: int, gpus: list[int], kind: KvType) -> None:
    shape = shape_of(MODELS[model])
    layout = best(shape, ram, gpus, kind)
    assert layout.gpus_fit
    counts = layout.assignment.counts
    assert len(counts) == len(gpus)
    assert sum(counts) <= units(shape)
    assert sum(use.weights_bytes for use in layout.uses) == shape.weights_bytes
    assert layout.assignment.cpu_experts <= set(shape.expert_layers)


def plan_for(shape: ModelShape, ram: float, gpus: list[int]) -> Plan:
    made = machine(ram, *(card(size) for size in gpus))
    return make_plan(shape, made, Choice())


@settings(max_examples=80, deadline=None)
@given(models, st.integers(8, 500), cards, st.integers(1, 200))
def test_more_ram_is_never_worse(model: str, ram: int, gpus: list[int], more: int) -> None:
    shape = shape_of(MODELS[model])
    before, after = plan_for(shape, ram, gpus), plan_for(shape, ram + more, gpus)
    assert BEST_FIRST.index(after.verdict) <= BEST_FIRST.index(before.verdict)
    assert after.missing_bytes <= before.missing_bytes
    assert speed(after) >= 0.999 * speed(before)


@settings(max_examples=80, deadline=None)
@given(models, st.integers(8, 500), cards.filter(bool), st.integers(1, 60))
def test_a_larger_gpu_is_never_worse(model: str, ram: int, gpus: list[int], more: int) -> None:
    """Layers are whole, so what is left for RAM may differ by one of them."""
    shape = shape_of(MODELS[model])
    before = plan_for(shape, ram, gpus)
    after = plan_for(shape, ram, [gpus[0] + more, *gpus[1:]])
    layer = max(layer.always_bytes + layer.expert_bytes for layer in shape.layers)
    if before.verdict == "gpu":
        assert after.verdict == "gpu"
    assert after.missing_bytes <= before.missing_bytes + layer


def speed(plan: Plan) -> float:
    return plan.speed.generation_empty.expected if plan.speed else 0.0


def test_the_fewest_gpus_that_hold_it() -> None:
    layout = best(shape_of(GLM_4_32B), 64, [48, 48, 48])
    assert sorted(layout.assignment.counts) == [0, 0, 62]


def test_all_gpus_are_used_in_their_order() -> None:
    layout = best(shape_of(GLM_46), 64, [96, 96, 96])
    assert all(count > 25 for count in layout.assignment.counts)
    assert not layout.assignment.cpu_experts
    uses = layout.uses[:-1]
    assert max(use.total_bytes for use in uses) < 1.1 * min(use.total_bytes for use in uses)


def test_gpus_of_different_size_are_filled_alike() -> None:
    layout = best(shape_of(GLM_46), 300, [24, 8])
    first, second = layout.uses[0], layout.uses[1]
    assert layout.assignment.counts[0] > 2 * layout.assignment.counts[1] > 0
    assert first.total_bytes <= 24 * GIB
    assert second.total_bytes <= 8 * GIB


def test_experts_leave_before_whole_layers_do() -> None:
    layout = best(shape_of(GLM_46), 300, [40])
    assert sum(layout.assignment.counts) == units(shape_of(GLM_46))
    kept = layout.assignment.cpu_experts
    assert 0 < len(kept) < 89
    # The first ones stay in RAM, and the last ones fill the card.
    assert kept == frozenset(range(3, 3 + len(kept)))
    assert layout.uses[0].target.capacity_bytes - layout.uses[0].total_bytes < 3 * GIB


def test_a_small_card_takes_some_layers() -> None:
    layout = best(shape_of(GLM_46), 300, [8])
    assert 0 < sum(layout.assignment.counts) < units(shape_of(GLM_46))


def test_a_dense_model_that_does_not_fit_is_cut_by_layers() -> None:
    layout = best(shape_of(GLM_4_32B), 64, [12])
    assert 10 < sum(layout.assignment.counts) < 62
    assert not layout.assignment.cpu_experts


def test_a_smaller_context_type_leaves_more_for_experts() -> None:
    shape, room = shape_of(GLM_46), space(300, 40)
    wide = Search(shape, room, Choice()).best()
    narrow = Search(shape, room, Choice(kv_type_k="q8_0", kv_type_v="q8_0")).best()
    assert len(narrow.assignment.cpu_experts) < len(wide.assignment.cpu_experts)


@pytest.mark.parametrize("backend", ["cuda", "rocm"])
def test_real_gpus_convert_a_quantized_context(backend: str) -> None:
    """One layer's keys and values in f16 join the compute buffer."""
    shape, room = shape_of(GLM_46), space(300, 400)
    gpu = replace(room.gpus[0], backend=backend)  # type: ignore[arg-type]
    whole = Assignment((units(shape),))
    choice = Choice(context_tokens=131_072, kv_type_k="q4_0", kv_type_v="q4_0")
    worker = Search(shape, room, choice).layout(whole).uses[0]
    real = Search(shape, replace(room, gpus=(gpu,)), choice).layout(whole).uses[0]
    assert 0 < real.compute_bytes - worker.compute_bytes <= 131_072 * 2048 * 2
    f16 = Choice(context_tokens=131_072)
    plain = Search(shape, replace(room, gpus=(gpu,)), f16).layout(whole).uses[0]
    assert plain.compute_bytes == worker.compute_bytes


def test_a_real_gpu_gets_experts_lent_to_read_a_prompt() -> None:
    shape, room = shape_of(GLM_46), space(300, 40, 40)
    real = replace(room, gpus=tuple(replace(gpu, backend="cuda") for gpu in room.gpus))
    assignment = Assignment((47, 47), frozenset(shape.expert_layers))
    first, second, _ = Search(shape, real, Choice()).layout(assignment).uses
    largest = max(layer.largest_expert_bytes for layer in shape.layers)
    assert largest > 900 * 2**20
    assert first.compute_bytes > largest > second.compute_bytes


def test_unified_memory_is_counted_once() -> None:
    shape = shape_of(GLM_45_AIR)
    room = space(128, 120)
    unified = replace(room, gpus=(replace(room.gpus[0], kind="unified"),))
    layout = Search(shape, unified, Choice()).best()
    gpu = layout.uses[0].total_bytes
    assert gpu > 60 * GIB
    assert layout.cpu_capacity_bytes == 128 * GIB - gpu
    assert layout.cpu_missing_bytes == 0
    small = replace(unified, cpu=replace(unified.cpu, free_bytes=gpu))
    assert Search(shape, small, Choice()).layout(layout.assignment).cpu_missing_bytes > 0


def test_a_limit_on_a_unified_gpu_leaves_some_in_ram() -> None:
    """Apple lets the GPU take a part of the memory only."""
    shape = shape_of(GLM_45_AIR)
    room = space(128, 48)
    unified = replace(room, gpus=(replace(room.gpus[0], kind="unified"),))
    layout = Search(shape, unified, Choice()).best()
    assert layout.gpus_fit
    assert sum(layout.assignment.counts) > 0
    assert layout.cpu_missing_bytes == 0
    tight = replace(unified, cpu=replace(unified.cpu, free_bytes=70 * GIB))
    assert sum(Search(shape, tight, Choice()).best().assignment.counts) == 0


def test_the_person_s_own_reserve() -> None:
    shape, room = shape_of(GLM_45_AIR), space(128, 24)
    choice = Choice(gpu_reserve_bytes=8 * GIB)
    layout = Search(shape, room, choice).best()
    assert layout.uses[0].total_bytes <= 16 * GIB
    usual = Search(shape, room, Choice()).best()
    assert usual.uses[0].total_bytes > 20 * GIB


def test_a_layout_chosen_by_hand_may_overfill_and_says_where() -> None:
    shape = shape_of(GLM_46)
    layout = Search(shape, space(300, 24, 24), Choice()).layout(Assignment((94, 0)))
    plan = describe(shape, machine(300), Choice(), layout)
    assert plan.verdict == "does not fit"
    assert plan.missing_in == "memory of card 0"
    assert plan.missing_bytes == layout.uses[0].missing_bytes > 150 * GIB
