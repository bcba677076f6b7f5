"""Filters and ranking of GPUs."""

import functools
import itertools
from dataclasses import replace

import pytest

from app.hardware.nominal import table
from app.planning.fleet import FleetRow, Subject, fleet
from app.planning.fleet_search import Filter, amount, headline, ranked
from app.planning.offers import DEFAULT_REPOSITORY, shipped_offers
from app.planning.types import Choice


@functools.cache
def rows() -> tuple[FleetRow, ...]:
    offers = shipped_offers(DEFAULT_REPOSITORY)
    assert offers is not None
    kept = [row for row in table() if row.memory_gb >= 24 or row.vendor == "Intel"]
    return fleet(Subject(offers.choose("Q4_K_M").candidate, Choice()), kept)


def names(wanted: Filter) -> list[str]:
    return [one.row.gpu.name for one in ranked(rows(), wanted)]


def test_fewest_cards_then_speed() -> None:
    found = ranked(rows(), Filter())
    assert [one.fit.cards for one in found] == sorted(one.fit.cards for one in found)
    for first, second in itertools.pairwise(found):
        if first.fit.cards == second.fit.cards:
            assert first.fit.tokens_per_second >= second.fit.tokens_per_second
    assert all(one.fit.plan.verdict == "gpu" for one in found)


def test_with_ram_comes_after_everything_in_gpu_memory() -> None:
    found = ranked(rows(), Filter(with_ram=True))
    alone = [one.all_on_gpu for one in found]
    assert alone == sorted(alone, reverse=True)
    assert not alone[-1]
    assert "GB of RAM" in amount(found[-1].row.gpu, found[-1].fit)


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Filter(vendors=frozenset({"AMD"})), lambda gpu: gpu.vendor == "AMD"),
        (Filter(kinds=frozenset({"unified"})), lambda gpu: gpu.kind == "unified"),
        (Filter(memory_gb_at_least=96), lambda gpu: gpu.memory_gb >= 96),
        (Filter(released_since=2024), lambda gpu: gpu.released >= 2024),
        (Filter(text="rtx 6000"), lambda gpu: "RTX" in gpu.name and "6000" in gpu.name),
        (Filter(text="apple ultra"), lambda gpu: gpu.vendor == "Apple" and "Ultra" in gpu.name),
    ],
)
def test_filters(wanted: Filter, holds: object) -> None:
    assert callable(holds)
    kept = [row for row in rows() if wanted.lets(row)]
    assert kept == [row for row in rows() if holds(row.gpu)]
    assert kept


def test_most_cards() -> None:
    assert all(one.fit.cards <= 3 for one in ranked(rows(), Filter(most_cards=3)))
    found = ranked(rows(), Filter(most_cards=1, with_ram=True, text="4090"))
    assert found
    assert all(not one.all_on_gpu for one in found)
    assert not [row for row in rows() if Filter(most_cards=1, text="4090").lets(row)]


def test_the_headline_says_why() -> None:
    assert headline(()) == ""
    one = headline(ranked(rows(), Filter(kinds=frozenset({"unified"}))))
    assert one.startswith("Apple M3 Ultra 512GB: the only one, about ")
    cards = headline(ranked(rows(), Filter(text="blackwell", most_cards=3)))
    assert cards.startswith("3 × NVIDIA RTX PRO 6000 Blackwell")
    assert "the fewest cards, and one of the fastest of them" in cards
    spilled = headline(
        ranked(rows(), Filter(vendors=frozenset({"Intel"}), most_cards=1, with_ram=True))
    )
    assert "keep a part of it in RAM" in spilled


def test_runs_only_hides_what_cannot() -> None:
    every, able = Filter(), replace(Filter(), runs_only=True)
    halo = next(row for row in rows() if "Strix Halo" in row.gpu.name)
    assert every.lets(halo)
    assert not able.lets(halo)
