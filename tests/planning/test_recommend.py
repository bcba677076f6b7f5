"""Which file to take: on every recorded machine, and under other wishes."""

import pytest

from app.hardware.types import Machine
from app.planning.recommend import Candidate, Recommendation, Wish, recommend
from tests.gguf.glm46 import GLM_46
from tests.planning.made import SIBLINGS, candidate, machine, shipped

QUANTS = ("UD-TQ1_0", "UD-IQ1_M", "UD-Q2_K_XL", "Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")


def wanted() -> list[Candidate]:
    return [candidate(GLM_46, quant) for quant in QUANTS]


def siblings() -> list[Candidate]:
    return [candidate(m, quant) for m in SIBLINGS for quant in ("Q3_K_M", "Q4_K_M", "Q6_K")]


def ask(found: Machine, wish: Wish | None = None) -> Recommendation:
    return recommend(wanted(), siblings(), found, wish)


@pytest.mark.parametrize(
    ("name", "model", "quants"),
    [
        ("eight-h100", "GLM-4.6", {"Q5_K_M", "Q6_K", "Q8_0"}),
        ("m3-ultra-512gb", "GLM-4.6", {"Q5_K_M", "Q6_K"}),
        ("gpu-lost", "GLM-4.6", {"Q5_K_M", "Q6_K"}),
        ("workstation-256gb-3090", "GLM-4.6", {"Q4_K_M", "Q5_K_M"}),
        ("rtx4090-192gb", "GLM-4.6", {"UD-Q2_K_XL", "Q3_K_M"}),
        ("two-3090-one-1080", "GLM-4.6", {"UD-Q2_K_XL", "Q3_K_M"}),
        ("gb10", "GLM-4.6", {"UD-TQ1_0", "UD-IQ1_M"}),
        ("strix-halo-128gb", "GLM-4.6", {"UD-TQ1_0", "UD-IQ1_M"}),
        ("jetson-orin-64gb", "GLM-4.5-Air", {"Q3_K_M"}),
        ("windows-rtx5080", "GLM-4.5-Air", {"Q3_K_M", "Q4_K_M"}),
        ("rx7900xtx", "GLM-4.5-Air", {"Q3_K_M", "Q4_K_M"}),
        ("laptop-rtx4060-8gb", "GLM-4.7-Flash", {"Q4_K_M", "Q6_K"}),
        ("wsl-rtx4070", "GLM-4.7-Flash", {"Q6_K"}),
        ("no-gpu", "GLM-4.7-Flash", {"Q6_K"}),
        ("container-16gb", "GLM-4-9B-0414", {"Q3_K_M", "Q4_K_M"}),
    ],
)
def test_recommendations(name: str, model: str, quants: set[str]) -> None:
    found = ask(shipped(name))
    chosen = found.best if found.best is not None and not found.best.shortfall else found.sibling
    assert chosen is not None
    assert (chosen.candidate.model, chosen.candidate.quant in quants) == (model, True), (
        chosen.candidate.quant
    )
    assert chosen.tokens_per_second >= 5
    assert chosen.plan.context_tokens == 32_768
    # A sibling comes after the sentence that no GLM-4.6 will do.
    if model != "GLM-4.6":
        assert found.statement.startswith("No file of GLM-4.6")
        assert model in found.statement


@pytest.mark.parametrize("name", ["eight-h100", "no-gpu", "container-16gb", "gb10"])
def test_no_file_is_hidden(name: str) -> None:
    """Whoever wants one all the same finds it, with its plan and what is wrong with it."""
    found = ask(shipped(name))
    assert {row.candidate.quant for row in found.rows} == set(QUANTS)
    scores = [row.quality.score for row in found.rows]
    assert scores == sorted(scores, reverse=True)
    for row in found.rows:
        assert (row.plan.verdict in ("disk", "does not fit")) <= bool(row.shortfall)
        assert row.plan.placement.gpu_layers is not None


def test_the_price_of_the_next_step() -> None:
    found = ask(shipped("gb10"))
    assert "more unified memory buys" in found.next_step
    assert "more RAM buys" in ask(machine(150)).next_step


def test_nothing_at_all_fits() -> None:
    found = ask(machine(4))
    assert found.best is None
    assert found.sibling is None
    assert found.statement == "No file of GLM-4.6 fits this machine."
    assert all("missing" in row.shortfall for row in found.rows)


def test_a_wish_for_speed_takes_a_smaller_file() -> None:
    slow, fast = (ask(shipped("m3-ultra-512gb"), Wish(tokens_per_second=t)) for t in (1.0, 18.0))
    assert slow.best is not None
    assert fast.best is not None
    assert fast.best.candidate.size_bytes < slow.best.candidate.size_bytes
    assert fast.best.tokens_per_second >= 18


def test_a_wish_that_cannot_be_met_names_the_nearest() -> None:
    found = recommend(wanted(), (), machine(300), Wish(tokens_per_second=500))
    assert found.best is not None
    assert found.best.shortfall
    assert "The nearest is" in found.statement


def test_a_longer_context_costs_quality() -> None:
    short = ask(shipped("strix-halo-128gb"), Wish(context_tokens=8192))
    long = ask(shipped("strix-halo-128gb"), Wish(context_tokens=65_536))
    assert short.best is not None
    assert long.best is not None
    bytes_of = [row.candidate.size_bytes for row in (short.best, long.best)]
    assert bytes_of[0] >= bytes_of[1]


def test_a_wish_beyond_the_model_is_cut_to_what_it_was_trained_for() -> None:
    found = ask(shipped("eight-h100"), Wish(context_tokens=10**6))
    assert found.best is not None
    assert found.best.plan.context_tokens == 202_752


def test_nothing_to_choose_from() -> None:
    found = recommend((), (), machine(64))
    assert found.rows == ()
    assert found.best is None
