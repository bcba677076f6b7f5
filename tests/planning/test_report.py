"""Plans in words: one sentence per verdict, and tables that tell exact from estimated."""

from dataclasses import replace

import pytest

from app.planning.plan import make_plan
from app.planning.quality import quality
from app.planning.recommend import recommend
from app.planning.report import (
    plan_json,
    plan_text,
    quality_text,
    rate_text,
    recommendation_json,
    recommendation_text,
    verdict_sentence,
)
from app.planning.speed import Rate
from app.planning.types import Choice, Plan
from tests.gguf.glm46 import GLM_4_32B, GLM_46, GLM_47_FLASH, Glm
from tests.planning.made import candidate, card, machine, shape_of, shipped


def plan_on(name: str, model: Glm = GLM_46, quant: str = "Q4_K_M") -> Plan:
    return make_plan(shape_of(model, quant), shipped(name), Choice())


@pytest.mark.parametrize(
    ("name", "model", "quant", "sentence"),
    [
        ("eight-h100", GLM_46, "Q4_K_M", "All of it fits in GPU memory."),
        ("gb10", GLM_46, "UD-TQ1_0", "It fits in unified memory."),
        ("rtx4090-192gb", GLM_47_FLASH, "Q8_0", "every layer is on the GPU, the experts of"),
        ("rtx4090-192gb", GLM_46, "UD-Q2_K_XL", "stay in RAM, the rest is on the GPU."),
        ("laptop-rtx4060-8gb", GLM_4_32B, "Q4_K_M", "layers stay in RAM"),
        ("no-gpu", GLM_47_FLASH, "Q4_K_M", "on the processor alone"),
        ("no-gpu", GLM_46, "Q4_K_M", "from the disk, slowly: "),
        ("gb10", GLM_46, "Q4_K_M", "of unified memory are missing."),
        ("container-16gb", GLM_46, "Q4_K_M", "It does not fit: "),
    ],
)
def test_verdicts_in_words(name: str, model: Glm, quant: str, sentence: str) -> None:
    assert sentence in verdict_sentence(plan_on(name, model, quant))


def test_rates_carry_their_range() -> None:
    assert rate_text(Rate(4.51, 6.06, 8.2)) == "about 6.1 tokens/s (4.5 to 8.2)"
    assert rate_text(Rate(0.04, 0.08, 0.16)) == "about 0.08 tokens/s (0.04 to 0.16)"
    assert rate_text(Rate(100, 945, 1429)) == "about 945 tokens/s (100 to 1429)"


def test_quality_says_how_it_is_known() -> None:
    assert "estimated" in quality_text(quality("GLM-4.6", "Q4_K_M", 4.84))
    assert "unquantized" not in quality_text(quality("GLM-4.6", "BF16", 16))


def test_a_dry_run_is_told_from_an_estimate() -> None:
    plan = plan_on("eight-h100")
    rated = quality("GLM-4.6", "Q4_K_M", 4.84)
    wanted = candidate(GLM_46, "Q4_K_M")
    estimated = plan_text(wanted, plan, rated)
    assert "the other figures are exact" in estimated
    devices = tuple(replace(use, compute_source="dry run") for use in plan.devices)
    told = plan_text(wanted, replace(plan, devices=devices), rated)
    assert "as the engine simulates it" in told
    assert told.count("~") < estimated.count("~")


def test_an_estimated_model_has_no_exact_figure() -> None:
    wanted = replace(candidate(GLM_46, "Q4_K_M"), exact=False)
    plan, rated = plan_on("eight-h100"), quality("GLM-4.6", "Q4_K_M", 4.84)
    text = plan_text(wanted, plan, rated, ("A note.", "", "A note."))
    assert "estimated from the model's dimensions" in text
    assert "the other figures are exact" not in text
    assert text.count("A note.") == 1
    assert not any(d["exact"] for d in plan_json(wanted, plan, rated)["devices"])  # type: ignore[union-attr, index, call-overload]


def test_a_recommendation_marks_its_choice() -> None:
    wanted = [candidate(GLM_46, quant) for quant in ("UD-TQ1_0", "Q4_K_M", "Q8_0")]
    found = recommend(wanted, (), machine(512, card(48)))
    assert found.best is not None
    text = recommendation_text(found, ["Remember this."])
    (line,) = [line for line in text.splitlines() if line.startswith("*")]
    assert found.best.candidate.quant in line
    assert "- Remember this." in text
    value = recommendation_json(found)
    assert isinstance(value["candidates"], list)
    assert len(value["candidates"]) == 3
