"""A machine from parts: kept, written, read back, and refused in plain sentences."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import KnownError
from app.core.json import JsonValue
from app.hardware.nominal import Nominal, table
from app.hardware.recorded import load_machine
from app.planning.build import (
    RAM_PRESETS,
    Build,
    build_from_json,
    build_of,
    build_to_json,
    dump_build,
    read_build,
)
from app.planning.build_report import build_text
from app.planning.offers import DEFAULT_REPOSITORY, shipped_offers
from app.planning.recommend import Wish, recommend
from tests.planning.made import shipped


def named(name: str) -> Nominal:
    return next(row for row in table() if row.name == name)


MIXED = (
    Build(ram_gib=256, channels=8, megatransfers=4800, cores=32, pcie_generation=5)
    .with_count(named("GeForce RTX 4090"), 2)
    .with_count(named("GeForce RTX 3090"), 1)
)


def _built(cards: list[tuple[Nominal, int]], ram: int, channels: int, rate: int) -> Build:
    build = Build(ram_gib=ram, channels=channels, megatransfers=rate)
    for gpu, count in cards:
        build = build.with_count(gpu, count)
    return build


builds = st.builds(
    _built,
    st.lists(st.tuples(st.sampled_from(table()), st.integers(1, 4)), max_size=3),
    st.integers(1, 4096),
    st.integers(1, 24),
    st.integers(400, 20_000),
)


@given(builds)
def test_nothing_is_lost_on_the_way_to_a_file(build: Build) -> None:
    assert build_from_json(json.loads(json.dumps(build_to_json(build)))) == build


def test_a_file_works_as_a_machine_and_as_a_build(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(dump_build(MIXED), encoding="utf-8")
    machine = load_machine(path)
    assert [gpu.name for gpu in machine.gpus] == ["GeForce RTX 4090"] * 2 + ["GeForce RTX 3090"]
    assert machine.name == "2 × GeForce RTX 4090, GeForce RTX 3090, 256 GB of RAM"
    assert machine.ram_bandwidth.nominal_bytes_per_second == 307_200_000_000
    assert read_build(path) == MIXED


def test_from_a_recorded_machine() -> None:
    build = build_of(shipped("rtx4090-192gb"))
    assert [(part.gpu.name, part.count) for part in build.cards] == [("GeForce RTX 4090", 1)]
    assert build.ram_gib == 192
    assert build.ram_bytes_per_second == 57_600_000_000
    assert build_of(shipped("eight-h100")).cards[0].count == 8
    assert build_of(shipped("m3-ultra-512gb")).whole == named("M3 Ultra 512GB")
    assert build_of(MIXED.machine()).cards == MIXED.cards


def test_a_recorded_machine_with_an_unknown_card() -> None:
    with pytest.raises(KnownError, match="GTX 1080 is not in the table"):
        build_of(shipped("two-3090-one-1080"))


def test_counts() -> None:
    card, mac = named("GeForce RTX 4090"), named("M3 Ultra 512GB")
    assert MIXED.with_count(card, 0).cards == MIXED.cards[1:]
    assert MIXED.with_count(mac, 1).machine().gpus[0].unified
    assert MIXED.with_count(mac, 1).with_count(mac, 0) == MIXED
    assert MIXED.with_count(mac, 1).with_count(card, 3).whole is None
    with pytest.raises(KnownError, match="16 GPUs at most"):
        MIXED.with_count(named("Arc Pro B60 Dual (48GB, per-GPU bandwidth)"), 7)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"cards": "many"},
        {"cards": [None]},
        {"cards": [{"vendor": "NVIDIA", "name": "GeForce RTX 9090", "count": 1}]},
        {"cards": [{"vendor": "NVIDIA", "name": "GeForce RTX 4090", "count": 0}]},
        {"cards": [{"vendor": "NVIDIA", "name": "GeForce RTX 4090", "count": True}]},
        {"cards": [{"vendor": "NVIDIA", "name": "GeForce RTX 4090", "count": 16}] * 2,
         "ram_gib": 0},
        {"cards": [{"vendor": "Apple", "name": "M3 Ultra 512GB", "count": 1}]},
        {"cards": [], "whole": {"vendor": "NVIDIA", "name": "GeForce RTX 4090"}},
        {"cards": [], "ram_gib": 10**9},
        {"cards": [], "channels": "two"},
    ],
)  # fmt: skip
def test_what_is_no_build_is_refused(value: JsonValue) -> None:
    with pytest.raises(KnownError, match="cannot be used"):
        build_from_json(value)


def test_presets_are_within_the_limits() -> None:
    for preset in RAM_PRESETS:
        build = Build(channels=preset.channels, megatransfers=preset.megatransfers)
        assert build_from_json(build_to_json(build)) == build
        assert build.ram_bytes_per_second == preset.bytes_per_second


def test_words_to_hand_on() -> None:
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    wanted = [offer.candidate for offer in offers.offers]
    found = recommend(wanted, (), MIXED.machine(), Wish())
    text = build_text(MIXED.name, found, other="Take nothing.", here="This computer")
    assert text.startswith(MIXED.name)
    assert "This computer: Take nothing." in text
    assert found.statement in text
    assert text.count("\n- ") == len(wanted)
    assert "!" not in text
