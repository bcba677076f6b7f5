"""How many of a GPU it takes: the planner's own answers, and what holds for any numbers."""

import functools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.hardware.nominal import Nominal, table
from app.hardware.nominal_machine import (
    GIB,
    Cards,
    Ram,
    card_machine,
    devices_per_card,
    driver_name,
    memory_sentence,
    unified_machine,
)
from app.planning.dimensions import published_dimensions
from app.planning.fleet import (
    MOST_DEVICES,
    Fit,
    FleetRow,
    Subject,
    fewest_possible,
    fleet,
    fleet_row,
    machine_with,
    most_cards,
    needs_more_channels,
    own_gpus,
    steps,
)
from app.planning.offers import DEFAULT_REPOSITORY, shipped_offers
from app.planning.plan import make_plan
from app.planning.recommend import Candidate
from app.planning.speed_compute import peak_flops
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_46
from tests.planning.made import candidate, shipped

_RAM = Ram(64, 89_600_000_000)


def gpu(memory_gb: float, *, kind: str = "datacenter", vendor: str = "NVIDIA") -> Nominal:
    return Nominal(vendor, "Some card", memory_gb, 10**12, kind, "made up", 2025)


def named(name: str) -> Nominal:
    return next(row for row in table() if row.name == name)


@functools.cache
def q4(context: int = 32_768) -> Subject:
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    return Subject(offers.choose("Q4_K_M").candidate, Choice(context))


@functools.cache
def of_size(model: str, size_gb: int) -> Candidate:
    dimensions = published_dimensions()[model]
    size = size_gb * 10**9
    shape = dimensions.shape(size)
    return Candidate(model, "Q4_K_M", shape, 8 * size / dimensions.parameters, size, exact=False)


def verdict(subject: Subject, which: Nominal, cards: int) -> str:
    plan = make_plan(subject.candidate.shape, machine_with(which, cards, _RAM), subject.choice)
    return plan.verdict


subjects = st.builds(
    lambda model, size, context, kv: Subject(
        of_size(model, size), Choice(context, kv_type_k=kv, kv_type_v=kv)
    ),
    st.sampled_from(["GLM-4.6", "GLM-4.5-Air", "GLM-4-32B-0414"]),
    st.integers(10, 400),
    st.sampled_from([512, 8_192, 32_768]),
    st.sampled_from(["f16", "q8_0", "q4_0"]),
)
memories = st.sampled_from([4, 6, 8, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 141, 192, 288])
kinds = st.sampled_from(["consumer", "workstation", "datacenter"])


@given(subjects, memories, kinds)
def test_so_many_fit_and_one_less_does_not(subject: Subject, memory: float, kind: str) -> None:
    which = gpu(memory, kind=kind)
    alone = fleet_row(subject, which).alone
    if alone is None:
        assert verdict(subject, which, MOST_DEVICES) != "gpu"
        return
    assert alone.plan.verdict == "gpu"
    assert fewest_possible(subject, which) <= alone.cards <= MOST_DEVICES
    assert verdict(subject, which, alone.cards) == "gpu"
    if alone.cards > 1:
        assert verdict(subject, which, alone.cards - 1) != "gpu"


@given(subjects, memories, kinds)
def test_more_cards_never_fit_less(subject: Subject, memory: float, kind: str) -> None:
    which = gpu(memory, kind=kind)
    fits = [verdict(subject, which, cards) == "gpu" for cards in range(1, MOST_DEVICES + 1)]
    assert fits == sorted(fits)


@given(subjects, memories, memories, kinds)
def test_more_memory_never_needs_more_cards(
    subject: Subject, one: float, other: float, kind: str
) -> None:
    less, more = sorted((one, other))
    with_less = fleet_row(subject, gpu(less, kind=kind)).alone
    with_more = fleet_row(subject, gpu(more, kind=kind)).alone
    if with_less is not None:
        assert with_more is not None
        assert with_more.cards <= with_less.cards


@given(subjects, memories)
def test_the_least_ram_is_the_least(subject: Subject, memory: float) -> None:
    which = gpu(memory)
    fit = fleet_row(subject, which).with_ram
    if fit is None or fit.ram_gib == 16:
        return
    assert fit.plan.verdict in ("experts in RAM", "layers in RAM")
    half = card_machine((Cards(which, 1),), Ram(fit.ram_gib // 2, 89_600_000_000))
    assert make_plan(subject.candidate.shape, half, subject.choice).verdict in (
        "disk",
        "does not fit",
    )


# Sums by hand: 216 GB of weights (without MTP and embedding), 12.3 GB of context at f16, half a
# GiB and buffers per card, from what a card of the box's GiB leaves.
@pytest.mark.parametrize(
    ("name", "cards"),
    [
        ("GeForce RTX 4090", 10),
        ("GeForce RTX 5090", 8),
        ("H100 SXM5 80GB", 3),
        ("H200 SXM", 2),
        ("Instinct MI300X", 2),
        ("Instinct MI325X", 1),
        ("M3 Ultra 512GB", 1),
    ],
)
def test_glm_46_in_q4_k_m_at_32k(name: str, cards: int) -> None:
    alone = fleet_row(q4(), named(name)).alone
    assert alone is not None
    assert alone.cards == cards
    weights = sum(use.weights_bytes for use in alone.plan.devices)
    assert 210e9 < weights < 218e9
    assert sum(use.kv_bytes for use in alone.plan.devices) == 32_768 * 376_832


def test_a_strix_halo_is_too_small_and_one_4090_wants_ram() -> None:
    halo = fleet_row(q4(), named("Ryzen AI Max+ 395 (Strix Halo) 128GB"))
    assert halo == FleetRow(halo.gpu, None, None)
    single = fleet_row(q4(), named("GeForce RTX 4090")).with_ram
    assert single is not None
    assert (single.cards, single.ram_gib) == (1, 256)
    assert single.plan.verdict == "experts in RAM"


def test_speeds_agree_with_what_was_measured() -> None:
    """M3 Ultra 512 GB, GLM-4.6 at 8 bits: 12.98 tokens/s; two Strix Halo in 4.6 bits: 9.09, each
    with half of it, which is what one with all of it would do."""
    q8 = Subject(candidate(GLM_46, "Q8_0"), Choice(8192))
    ultra = fleet_row(q8, named("M3 Ultra 512GB")).alone
    assert ultra is not None
    assert ultra.plan.speed is not None
    rate = ultra.plan.speed.generation_empty
    assert rate.low < 12.98 < rate.high


def test_every_row_of_the_table_is_planned() -> None:
    reports: list[tuple[int, int]] = []
    rows = fleet(q4(), on_progress=lambda done, all_of: reports.append((done, all_of)))
    assert [row.gpu for row in rows] == list(table())
    assert reports[-1] == (len(table()), len(table()))
    for row in rows:
        for fit in filter(None, (row.alone, row.with_ram)):
            assert fit.plan.speed is not None
            assert fit.plan.verdict not in ("disk", "does not fit")
        assert row.alone is None or row.alone.plan.verdict == "gpu"


def test_from_one_card_to_all_that_are_needed() -> None:
    row = fleet_row(q4(), named("H100 SXM5 80GB"))
    found = list(steps(q4(), row))
    assert [fit.cards for fit in found] == [1, 2, 3]
    assert [fit.ram_gib for fit in found[:2]] == sorted(
        (f.ram_gib for f in found[:2]), reverse=True
    )
    assert found[-1] == row.alone
    speeds = [fit.tokens_per_second for fit in found]
    assert speeds == sorted(speeds)
    mac = fleet_row(q4(), named("M3 Ultra 512GB"))
    assert list(steps(q4(), mac)) == [mac.alone]
    assert list(steps(q4(), fleet_row(q4(), named("M1 16GB")))) == []


def test_an_impossible_context_and_a_cancelled_search() -> None:
    with pytest.raises(KnownError, match="context"):
        fleet(replace(q4(), choice=Choice(10**7)), [named("L4")])
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        fleet(q4(), cancel=token)


def test_a_card_with_two_gpus_counts_once() -> None:
    dual, single = named("Arc Pro B60 Dual (48GB, per-GPU bandwidth)"), named("Arc Pro B60")
    assert devices_per_card(dual) == 2
    assert most_cards(dual) == 8
    pair = card_machine((Cards(dual, 1),), _RAM).gpus
    assert [gpu.total_bytes for gpu in pair] == [24 * GIB] * 2
    assert pair[0].bandwidth_bytes_per_second == single.bytes_per_second
    mi250x = card_machine((Cards(named("Instinct MI250X"), 1),), _RAM).gpus
    assert sum(gpu.bandwidth_bytes_per_second or 0 for gpu in mi250x) == 3_277_000_000_000 // 2 * 2


def test_boxes_say_gib_and_drivers_keep_some() -> None:
    machine = card_machine((Cards(named("GeForce RTX 4090"), 2),), _RAM)
    first, second = machine.gpus
    assert first.total_bytes == 24 * GIB
    assert first.free_bytes is not None
    assert 23 * GIB < first.free_bytes < 24 * GIB
    assert first.display_attached
    assert not second.display_attached
    assert "25.8 GB" in memory_sentence(named("GeForce RTX 4090"))


@pytest.mark.parametrize("name", ["eight-h100", "rtx4090-192gb", "workstation-256gb-3090"])
def test_real_cards_have_at_least_what_is_counted_with(name: str) -> None:
    """Of shipped machines without a desktop on the card."""
    real = shipped(name).gpus[0]
    (row,) = own_gpus(shipped(name))
    made = card_machine((Cards(row, 1),), _RAM).gpus[0]
    assert made.free_bytes is not None
    assert real.free_bytes is not None
    desktop = 2 * GIB if made.display_attached else 0
    assert made.free_bytes <= real.free_bytes + desktop


@pytest.mark.parametrize("name", ["gb10", "strix-halo-128gb"])
def test_real_unified_machines_have_at_least_what_is_counted_with(name: str) -> None:
    real = shipped(name)
    (row,) = own_gpus(real)
    made = unified_machine(row)
    made_free, real_free = made.gpu_free_bytes(made.gpus[0]), real.gpu_free_bytes(real.gpus[0])
    assert made_free is not None
    assert real_free is not None
    assert 0.9 * real_free < made_free <= real_free


def test_own_gpus_are_found_in_the_table() -> None:
    assert [row.name for row in own_gpus(shipped("two-3090-one-1080"))] == ["GeForce RTX 3090"]
    assert [row.name for row in own_gpus(shipped("m3-ultra-512gb"))] == ["M3 Ultra 512GB"]
    assert [row.name for row in own_gpus(shipped("eight-h100"))] == ["H100 SXM5 80GB"]
    assert own_gpus(shipped("no-gpu")) == ()


def test_driver_names_find_their_computing_power() -> None:
    known = [row for row in table() if peak_flops(driver_name(row)) is not None]
    assert len(known) > 0.8 * len(table())
    for mark in ("Strix Halo", "M3 Ultra", "GB10", "RTX 4090", "MI300X"):
        assert any(mark in row.name for row in known), mark


def test_a_fit_without_a_prediction_has_no_speed() -> None:
    alone = fleet_row(q4(), named("M3 Ultra 512GB")).alone
    assert alone is not None
    assert Fit(1, 0, replace(alone.plan, speed=None)).tokens_per_second == 0.0


def test_laptops_have_less_ram_and_slow_boards_are_told() -> None:
    laptop = named("GeForce RTX 4090 Laptop")
    assert fleet_row(q4(), laptop) == FleetRow(laptop, None, None)
    small = Subject(of_size("GLM-4.5-Air", 60), Choice(8192))
    fit = fleet_row(small, laptop).with_ram
    assert fit is not None
    assert fit.ram_gib <= 128
    large = fleet_row(Subject(candidate(GLM_46, "Q8_0"), Choice(8192)), named("L4")).with_ram
    assert large is not None
    assert large.ram_gib > 256
    assert needs_more_channels(large, 89_600_000_000)
    assert not needs_more_channels(large, 307_200_000_000)
    assert not needs_more_channels(fit, 89_600_000_000)
