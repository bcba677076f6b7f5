"""Plans of real models on recorded machines: verdicts, what is exact, what is missing where."""

from dataclasses import replace

import pytest

from app.core.errors import KnownError
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Disk, PcieLink
from app.planning.assignment import Assignment, units
from app.planning.plan import make_plan
from app.planning.repack import repacked_bytes
from app.planning.report import verdict_sentence
from app.planning.search import Search
from app.planning.targets import upload_bytes_per_second
from app.planning.types import GIB, Choice
from tests.gguf.glm46 import GLM_4_32B, GLM_45_AIR, GLM_46, GLM_47_FLASH, Glm
from tests.planning.made import card, machine, shape_of, shipped, space

MACHINES = shipped_machines()


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("model", "quant"),
    [(GLM_46, "UD-TQ1_0"), (GLM_46, "Q8_0"), (GLM_45_AIR, "Q4_K_M"), (GLM_47_FLASH, "Q6_K")],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_machine_gets_a_sound_plan(path: object, model: Glm, quant: str) -> None:
    shape = shape_of(model, quant)
    plan = make_plan(shape, load_machine(path), Choice())  # type: ignore[arg-type]
    assert sum(use.weights_bytes for use in plan.devices) == shape.weights_bytes
    gpus = [use for use in plan.devices if use.target.kind != "cpu"]
    assert not any(use.missing_bytes for use in gpus) or plan.verdict == "does not fit"
    assert (plan.missing_bytes > 0) == (plan.verdict in ("disk", "does not fit"))
    assert plan.placement.devices == tuple(use.target.name for use in gpus)
    assert (plan.verdict == "gpu") == (
        plan.placement.gpu_layers == units(shape) and not plan.placement.tensor_overrides
    )
    assert plan.placement.context_tokens == plan.context_tokens == 32_768
    cpu = plan.devices[-1]
    assert 0 <= cpu.mapped_bytes <= cpu.weights_bytes
    if plan.speed is not None:
        rate = plan.speed.generation_empty
        assert 0 < rate.low <= rate.expected <= rate.high
        assert plan.speed.generation_full.expected < rate.expected
    else:
        assert plan.verdict == "does not fit"


@pytest.mark.parametrize(
    ("name", "quant", "verdict"),
    [
        ("eight-h100", "Q8_0", "gpu"),
        ("eight-h100", "BF16", "experts in RAM"),
        ("rtx4090-192gb", "UD-Q2_K_XL", "layers in RAM"),
        ("workstation-256gb-3090", "Q4_K_M", "experts in RAM"),
        ("gb10", "UD-TQ1_0", "gpu"),
        ("m3-ultra-512gb", "Q6_K", "gpu"),
        ("no-gpu", "UD-TQ1_0", "disk"),
        ("container-16gb", "UD-TQ1_0", "does not fit"),
        ("laptop-rtx4060-8gb", "Q4_K_M", "disk"),
    ],
)
def test_verdicts(name: str, quant: str, verdict: str) -> None:
    plan = make_plan(shape_of(GLM_46, quant), shipped(name), Choice())
    assert plan.verdict == verdict


def test_what_is_read_from_disk_stays_in_the_file() -> None:
    plan = make_plan(shape_of(GLM_46), machine(64), Choice())
    assert plan.verdict == "disk"
    assert not plan.placement.repack
    assert plan.devices[-1].mapped_bytes == plan.devices[-1].weights_bytes
    assert plan.missing_in == "RAM"
    assert plan.disk_bytes == plan.missing_bytes
    assert plan.speed is not None
    fitting = make_plan(shape_of(GLM_46), machine(512), Choice())
    assert fitting.speed is not None
    assert plan.speed.generation_empty.expected < fitting.speed.generation_empty.expected / 2


def test_a_hard_disk_is_slower_still() -> None:
    flash = make_plan(shape_of(GLM_46), machine(64), Choice())
    turning = replace(machine(64), disks=(Disk("/home", rotational=True),))
    hard = make_plan(shape_of(GLM_46), turning, Choice())
    assert flash.speed is not None
    assert hard.speed is not None
    assert hard.speed.generation_empty.expected < flash.speed.generation_empty.expected / 5
    both = replace(turning, disks=(*turning.disks, Disk("/", rotational=False)))
    assert make_plan(shape_of(GLM_46), both, Choice()).speed == flash.speed


def test_nothing_fits_where_not_even_the_context_does() -> None:
    plan = make_plan(shape_of(GLM_46), machine(8), Choice())
    assert plan.verdict == "does not fit"
    assert plan.speed is None
    assert plan.missing_bytes > 200 * GIB


def test_missing_unified_memory_is_called_so() -> None:
    plan = make_plan(shape_of(GLM_46, "Q8_0"), shipped("gb10"), Choice())
    assert plan.verdict == "disk"
    assert plan.missing_in == "unified memory"
    assert verdict_sentence(plan).endswith("of unified memory are missing.")


def test_ram_that_is_taken_does_not_count() -> None:
    taken = machine(256)
    taken = replace(taken, memory=replace(taken.memory, available_bytes=100 * GIB))
    assert make_plan(shape_of(GLM_46), machine(256), Choice()).verdict == "cpu"
    assert make_plan(shape_of(GLM_46), taken, Choice()).verdict == "disk"


def test_the_fastest_card_comes_first() -> None:
    """It computes with what lies in RAM."""
    slow = card(11, "NVIDIA GeForce GTX 1080", bandwidth=320 * 10**9)
    plan = make_plan(shape_of(GLM_45_AIR), machine(200, slow, card(24)), Choice())
    labels = [use.target.label for use in plan.devices]
    assert labels[0] == "NVIDIA GeForce RTX 4090"
    assert plan.placement.devices == ("CUDA1", "CUDA0")
    links = (PcieLink(max_generation=3, max_width=8), PcieLink(max_generation=4, max_width=16))
    gpus = [replace(gpu, pcie=link) for gpu, link in zip((slow, card(24)), links, strict=True)]
    assert upload_bytes_per_second(machine(200, *gpus)) == round(1.969e9 * 16)
    assert upload_bytes_per_second(machine(200)) is None


def test_a_display_keeps_a_reserve() -> None:
    shown = replace(card(24), display_attached=True)
    with_display = make_plan(shape_of(GLM_4_32B), machine(64, shown), Choice())
    without = make_plan(shape_of(GLM_4_32B), machine(64, card(24)), Choice())
    assert with_display.devices[0].target.capacity_bytes < without.devices[0].target.capacity_bytes


def test_cards_the_engine_cannot_use_are_planned_with_but_said() -> None:
    found = shipped("two-3060-cpu-engine")
    plan = make_plan(shape_of(GLM_45_AIR), found, Choice())
    assert plan.placement.devices
    assert "cannot use" in " ".join(plan.notes)
    here = make_plan(shape_of(GLM_45_AIR), found, Choice(), engine_only=True)
    assert here.placement.devices == ()
    assert here.notes == () or "cannot use" not in here.notes[0]


@pytest.mark.parametrize(
    ("choice", "word"),
    [
        (Choice(context_tokens=-1), "at least one token"),
        (Choice(context_tokens=300_000), "202,752"),
        (Choice(ubatch_tokens=0), "at least one token"),
        (Choice(gpu_reserve_bytes=-1), "negative"),
        (Choice(kv_type_v="q8_0", flash_attention="off"), "flash attention"),
    ],
)
def test_impossible_choices_are_plain_sentences(choice: Choice, word: str) -> None:
    with pytest.raises(KnownError) as caught:
        make_plan(shape_of(GLM_46), machine(512), choice)
    assert word in str(caught.value)


def test_no_context_means_the_trained_one() -> None:
    plan = make_plan(shape_of(GLM_46), machine(512), Choice(context_tokens=0))
    assert plan.context_tokens == 202_752


def test_a_context_type_that_does_not_divide_is_refused() -> None:
    shape = shape_of(GLM_46)
    odd = replace(shape.layers[0], key_elements=40)
    with pytest.raises(KnownError):
        make_plan(
            replace(shape, layers=(odd, *shape.layers[1:])),
            machine(512),
            Choice(kv_type_k="q8_0"),
        )


def test_weights_the_cpu_rearranges_are_not_page_cache() -> None:
    shape = shape_of(GLM_46)
    plain = make_plan(shape, machine(512, cpu_sets=()), Choice()).devices[-1]
    avx2 = make_plan(shape, machine(512, cpu_sets=("AVX2",)), Choice()).devices[-1]
    arm = make_plan(shape, machine(512, cpu_sets=("NEON", "DOTPROD")), Choice()).devices[-1]
    kept = make_plan(shape, machine(512), Choice(repack=False)).devices[-1]
    assert plain.mapped_bytes == kept.mapped_bytes == plain.weights_bytes
    # Q4_K is rearranged by AVX2; the Q6_K of a Q4_K_M only by ARM's kernels.
    assert 0.2 < avx2.mapped_bytes / avx2.weights_bytes < 0.5
    assert arm.mapped_bytes < 0.02 * arm.weights_bytes


def test_beside_a_card_with_pinned_memory_nothing_is_rearranged() -> None:
    shape = shape_of(GLM_46)
    everything_in_ram = Assignment((94,), frozenset(shape.expert_layers))
    assert repacked_bytes(shape, everything_in_ram, ("AVX2",), ("cuda",)) == 0
    assert repacked_bytes(shape, everything_in_ram, ("AVX2",), ("cpu",)) > 100 * GIB
    plan = make_plan(shape, machine(512, card(24)), Choice())
    assert plan.devices[-1].mapped_bytes == plan.devices[-1].weights_bytes


def test_only_what_lies_in_ram_is_rearranged() -> None:
    shape = shape_of(GLM_46)
    on_gpu = Assignment((units(shape),))
    assert repacked_bytes(shape, on_gpu, ("AVX2",), ("cpu",)) == 0
    all_avx512 = repacked_bytes(shape_of(GLM_46, "Q2_K"), Assignment(()), ("AVX2", "AVX512"), ())
    assert all_avx512 > repacked_bytes(shape_of(GLM_46, "Q2_K"), Assignment(()), ("AVX2",), ())


def test_without_flash_attention_the_compute_buffer_holds_the_scores() -> None:
    shape = shape_of(GLM_46)
    room, whole = space(512, 512), Assignment((units(shape),))
    on = Search(shape, room, Choice()).layout(whole).uses[0].compute_bytes
    off = Search(shape, room, Choice(flash_attention="off")).layout(whole).uses[0].compute_bytes
    assert off - on > 96 * 32_768 * 512 * 4 * 0.9


def test_plans_say_what_is_exact() -> None:
    plan = make_plan(shape_of(GLM_46), machine(512, card(24)), Choice())
    assert {use.compute_source for use in plan.devices} == {"estimate"}
    assert plan.gpu_bytes + plan.ram_bytes == sum(use.total_bytes for use in plan.devices)
