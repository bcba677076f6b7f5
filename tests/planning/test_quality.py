"""Measured where measured, else a marked estimate that behaves."""

import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import KnownError
from app.core.paths import resources_dir
from app.planning.quality import Quality, model_family, quality, quant_kind, table_quality
from app.planning.quality_curves import falling_curve, fit_agreement, joined
from app.planning.quality_data import QualityTable, read_measurements, shipped_measurements
from app.planning.quality_nominal import NOMINAL_FIGURES, nominal_figure

MODELS = (
    "GLM-4.5", "GLM-4.5-Air", "GLM-4.6", "GLM-4.6V", "GLM-4.7", "GLM-4.7-Flash", "GLM-5",
    "GLM-5.1", "GLM-5.2", "GLM-5.3", "GLM-5.3-Flash", "GLM-4-9B-0414", "Some-Other-7B",
)  # fmt: skip
# (file, bits per weight, KLD, top-1 agreement, perplexity change) read off by hand for GLM-4.6.
BY_HAND = (
    ("Q6_K", 6.6, 0.018, 95, 0),
    ("Q5_K_M", 5.7, 0.021, 95, 0),
    ("UD-Q5_K_XL", 5.7, 0.021, 95, 0),
    ("Q4_K_M", 4.9, 0.031, 94, 1),
    ("UD-Q4_K_XL", 4.6, 0.032, 94, 2.5),
    ("IQ4_XS", 4.3, 0.038, 93, 3.5),
    ("Q3_K_M", 3.7, 0.079, 90, 5.5),
    ("UD-Q3_K_XL", 3.5, 0.080, 90, 6),
    ("UD-IQ3_XXS", 3.25, 0.115, 88, 13),
    ("UD-Q2_K_XL", 3.0, 0.157, 86, 21),
    ("Q2_K", 2.85, 0.236, 83, 27),
    ("UD-IQ2_XXS", 2.6, 0.275, 82, 40),
    ("UD-IQ1_M", 2.4, 0.35, 79, 52),
    ("UD-IQ1_S", 2.15, 0.50, 75, 60),
    ("UD-TQ1_0", 1.9, 0.65, 71, 75),
)


@pytest.mark.parametrize(("quant", "bits", "kld", "top1", "change"), BY_HAND)
def test_it_agrees_with_values_read_off_by_hand(
    quant: str, bits: float, kld: float, top1: float, change: float
) -> None:
    found = quality("GLM-4.6", quant, bits)
    assert found.mean_kld == pytest.approx(kld, rel=0.13)
    assert found.top1_agreement_pct == pytest.approx(top1, abs=2)
    assert found.ppl_change_pct == pytest.approx(change, abs=max(0.6, 0.3 * change))


def test_q8_is_better_than_its_baseline_can_tell() -> None:
    found = quality("unsloth/GLM-4.6-GGUF", "Q8_0", 8.505)
    assert found.mean_kld <= 0.012
    assert found.at_most
    assert found.top1_agreement_pct > 96
    assert found.measured_perplexity
    assert not found.measured_kld
    assert found.ppl_change_pct == pytest.approx(0.05, abs=0.01)


def test_a_measured_file_gives_its_measurement() -> None:
    found = quality("unsloth/GLM-5.3-Flash-GGUF", "UD-Q4_K_XL", 4.993)
    assert (found.mean_kld, found.top1_agreement_pct) == (0.0493, 92.22)
    assert found.measured
    assert "unsloth" in found.source


def test_the_same_name_at_another_size_is_another_recipe() -> None:
    measured = quality("GLM-5.1", "Q4_K_M", 4.93)
    other = quality("GLM-5.1", "Q4_K_M", 4.70)
    assert measured.measured_kld
    assert not other.measured
    assert other.mean_kld > measured.mean_kld


def test_an_estimate_says_from_which_model() -> None:
    own = quality("GLM-4.6", "Q4_K_M", 4.9)
    sibling = quality("GLM-4.6V", "Q4_K_M", 5.3)
    stranger = quality("Some-Other-7B", "Q4_K_M", 4.9)
    assert (own.curve_model, own.measured) == ("GLM-4.6", False)
    assert sibling.curve_model == stranger.curve_model == "GLM-4.5-Air"
    assert any("GLM-4.6V was not measured" in note for note in sibling.notes)
    assert any("usually lose more" in note for note in stranger.notes)


def test_below_everything_measured_is_said() -> None:
    found = quality("GLM-4.6", "UD-TQ1_0", 1.2)
    assert found.beyond_data
    assert not found.recommended
    assert any("expect worse" in note for note in found.notes)


@pytest.mark.parametrize("quant", ["BF16", "F16", "f32"])
def test_the_unquantized_model_is_the_measure(quant: str) -> None:
    found = quality("GLM-4.7-Flash", quant, 16.0)
    assert (found.mean_kld, found.top1_agreement_pct, found.score) == (0, 100, 100)


def test_flash_is_not_recommended_below_five_bits_and_glm_46_is() -> None:
    quants = ("Q2_K", "Q3_K_M", "UD-Q3_K_XL", "IQ4_XS", "Q4_0", "Q4_K_M", "UD-Q4_K_XL")
    for quant in quants:
        for hundredths in range(200, 500, 5):
            assert not quality("GLM-4.7-Flash", quant, hundredths / 100).recommended
    assert quality("GLM-4.7-Flash", "Q6_K", 6.57).recommended
    for quant, bits in (("Q4_K_M", 4.9), ("UD-Q3_K_XL", 3.5), ("UD-Q2_K_XL", 3.0)):
        assert quality("GLM-4.6", quant, bits).recommended
        flash = quality("GLM-4.7-Flash", quant, bits)
        assert flash.mean_kld > 5 * quality("GLM-4.6", quant, bits).mean_kld


def test_perplexity_that_falls_as_the_model_breaks_is_not_shown() -> None:
    assert quality("GLM-4.7-Flash", "Q4_K_M", 4.9).ppl_change_pct is None


quants = st.sampled_from(
    ["Q2_K", "Q4_K_M", "Q6_K", "Q4_0", "Q5_1", "UD-Q4_K_XL", "IQ3_XXS", "IQ4_NL", "UD-TQ1_0"]
)
bits_per_weight = st.floats(0.5, 16)


@settings(max_examples=400)
@given(st.sampled_from(MODELS), quants, bits_per_weight, bits_per_weight)
def test_more_bits_are_never_worse_within_a_kind(
    model: str, quant: str, first: float, second: float
) -> None:
    less, more = (quality(model, quant, bits) for bits in sorted((first, second)))
    if less.measured_kld or more.measured_kld:
        return  # a measured value may lie off its curve
    assert more.mean_kld <= less.mean_kld
    assert more.top1_agreement_pct >= less.top1_agreement_pct
    assert more.score >= less.score
    if less.ppl_change_pct is not None and not more.measured and not less.measured:
        assert more.ppl_change_pct is not None
        assert more.ppl_change_pct <= less.ppl_change_pct


@given(st.sampled_from(MODELS), st.text(max_size=20), bits_per_weight)
def test_any_name_gives_possible_values(model: str, quant: str, bits: float) -> None:
    found = quality(model, quant, bits)
    assert 0 <= found.mean_kld < 20
    assert 0 <= found.top1_agreement_pct <= 100
    assert 0 < found.score <= 100
    assert found.source


@given(st.lists(st.floats(0, 20), min_size=2))
def test_the_score_falls_with_the_divergence(divergences: list[float]) -> None:
    def scored(kld: float) -> Quality:
        return Quality(kld, 0, None, False, False, "", "")

    low, high = min(divergences), max(divergences)
    assert scored(low).score >= scored(high).score


@pytest.mark.parametrize("bits", [0, -1, math.nan, math.inf])
def test_impossible_bits_are_a_bug(bits: float) -> None:
    with pytest.raises(ValueError, match="bits per weight"):
        quality("GLM-4.6", "Q4_K_M", bits)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("unsloth/GLM-4.6-GGUF", "GLM-4.6"),
        ("bartowski/zai-org_GLM-4.5-Air-GGUF", "GLM-4.5-Air"),
        ("Glm 4.6", "GLM-4.6"),
        ("glm-4.6v-flash", "GLM-4.6V-Flash"),
        ("GLM-Z1-32B-0414", "GLM-Z1-32B-0414"),
        ("GLM-4.6-REAP-268B-A32B-GGUF", "GLM-4.6-REAP"),
        ("GLM-5", "GLM-5"),
        ("Qwen3", "Qwen3"),
        ("", ""),
    ],
)
def test_families_are_read_off_names(name: str, family: str) -> None:
    assert model_family(name) == family


def test_kinds_of_quantization() -> None:
    assert {quant_kind(name) for name in ("Q2_K", "Q4_K_M", "q6_k", "Q3_K_XL")} == {"k"}
    assert {quant_kind(name) for name in ("Q4_0", "q5_1")} == {"legacy"}
    assert {quant_kind(name) for name in ("UD-Q4_K_XL", "IQ4_XS", "Q8_0", "")} == {"mixed"}


def test_agreement_follows_from_divergence_within_half_a_percent() -> None:
    pairs = [
        (row.mean_kld, row.top1_agreement_pct)
        for row in shipped_measurements().rows
        if row.mean_kld and row.top1_agreement_pct is not None
    ]
    assert len(pairs) == 10
    agreement = fit_agreement(pairs)
    for kld, top1 in pairs:
        assert agreement.top1_pct(kld) == pytest.approx(top1, abs=0.5)
    assert agreement.top1_pct(0) == 100
    assert agreement.top1_pct(50) == 0


@given(st.lists(st.tuples(st.floats(1, 16), st.floats(-5, 5)), min_size=1, max_size=30))
def test_a_curve_falls_and_stays_within_its_points(points: list[tuple[float, float]]) -> None:
    curve = falling_curve(points)
    values = [curve.at(bits / 8) for bits in range(4, 140)]
    assert all(left >= right - 1e-9 for left, right in itertools.pairwise(values))
    assert min(v for _, v in points) - 1e-9 <= min(values)
    assert max(values) <= max(v for _, v in points) + 1e-9


def test_joined_curves_fall_where_one_takes_over_from_the_other() -> None:
    """A baseline of few bits bounds less tightly than files measured against the real model."""
    files = falling_curve([(3.0, -1.0), (6.0, -4.0)])
    types = falling_curve([(2.0, -1.5), (4.0, 7.0), (6.5, -3.5), (8.5, -3.6)])
    whole = joined(files, types)
    assert [whole.at(bits) for bits in (3, 4.5, 6)] == [-1.0, -2.5, -4.0]
    values = [whole.at(bits / 10) for bits in range(10, 100)]
    assert all(left >= right for left, right in itertools.pairwise(values))
    assert quality("GLM-5.1", "Q6_K", 7.0).mean_kld <= quality("GLM-5.1", "Q5_K_M", 5.9).mean_kld


def test_curves_and_agreement_need_points() -> None:
    with pytest.raises(ValueError, match="point"):
        falling_curve([])
    with pytest.raises(ValueError, match="two"):
        fit_agreement([(0.1, 90.0), (0.1, 91.0)])


@pytest.mark.parametrize("text", ["", "model,quant\n", "model\nGLM-4.6\n", "\x00,\x00\n\x00"])
def test_a_broken_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "quality.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnownError, match="measured quality"):
        read_measurements(path)


@pytest.mark.parametrize("value", ["nan", "-0.5", "inf", "much"])
def test_an_impossible_number_is_refused(tmp_path: Path, value: str) -> None:
    text = (resources_dir() / "quality_by_quant.csv").read_text("utf-8")
    path = tmp_path / "quality.csv"
    path.write_text(text.replace("0.017995", value, 1), encoding="utf-8")
    with pytest.raises(KnownError):
        read_measurements(path)
    with pytest.raises(KnownError):
        read_measurements(tmp_path)


def test_a_table_without_any_curve_is_refused_not_guessed_from() -> None:
    with pytest.raises(ValueError, match="no divergence"):
        table_quality(QualityTable(()), "GLM-4.6", "Q4_K_M", 4.9)


def test_the_widely_copied_figures_are_kept_as_that_pages() -> None:
    figures = [(f.quant, f.bits_per_weight, f.size_gb, f.quality_pct) for f in NOMINAL_FIGURES]
    assert figures == [
        ("Q4_K_M", 4.5, 202.1, 94),
        ("Q6_K", 6.5, 291.1, 97),
        ("Q8_0", 8.0, 358.0, 100),
        ("FP16", 16.0, 715.5, 100),
    ]
    assert nominal_figure("GLM-4.6", "bf16") == NOMINAL_FIGURES[3]
    assert nominal_figure("GLM-4.6", "UD-Q4_K_XL") is None
    assert nominal_figure("GLM-4.5-Air", "Q4_K_M") is None
