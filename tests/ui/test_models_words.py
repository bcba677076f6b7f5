"""Figures and sentences of the model page."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from app.catalog.cards import Downloads, shipped_cards
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.hardware.types import RamBandwidth
from app.planning.offers import Offer, Offers, shipped_offers
from app.planning.quality import quality
from app.ui.look import Look
from app.ui.models import model_words, words
from app.ui.models.advice import Advice, advice
from app.ui.models.chart import figure, groups, told
from app.ui.models.choices import context_stops
from app.ui.models.machines import example_label
from app.ui.models.paint import paint_bars, part_widths
from app.ui.models.planned import Asked, Table, longest_contexts, plan_table
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_46, Glm
from tests.planning.made import candidate, header_of, shipped

CARDS = shipped_cards()
UNSLOTH = "unsloth/GLM-4.6-GGUF"
WORKSTATION = "workstation-256gb-3090"


def offers(model: Glm = GLM_46, *quants: str) -> Offers:
    made = (Offer(candidate(model, q), header_of(model, q)) for q in quants or ("Q4_K_M",))
    return Offers(model.name, tuple(made))


def planned(machine: str, found: Offers | None = None, **asked: object) -> Table:
    found = found or shipped_offers(UNSLOTH)
    assert found is not None
    wanted = replace(Asked(32_768, None), **asked)  # type: ignore[arg-type]
    return plan_table(found, shipped(machine), wanted, CancelToken())


@pytest.mark.parametrize(
    ("parameters", "text"),
    [(356_786_000_000, "357B"), (9_400_000_000, "9.4B"), (32_570_000_000, "33B")],
)
def test_parameters_in_billions(parameters: int, text: str) -> None:
    assert model_words.billions(parameters) == text


def test_days() -> None:
    assert model_words.day("2025-09-30") == "30 Sep 2025"
    assert model_words.day("2025-04") == "Apr 2025"


def test_downloads_are_dated_unless_they_are_live() -> None:
    card = replace(CARDS.cards[0], downloads=Downloads(1234, "2025-11-05", "somewhere"))
    assert model_words.popularity(card, None) == "1,234 downloads in 30 days, as of 5 Nov 2025"
    assert model_words.popularity(card, 99_000) == "99,000 downloads in 30 days"
    assert model_words.popularity(replace(card, downloads=None), None) == ""


def test_a_machine_in_two_lines() -> None:
    assert model_words.machine_parts(shipped(WORKSTATION))[0] == "RTX 3090 25.8 GB"
    assert model_words.machine_parts(shipped("eight-h100"))[0].startswith("8 × H100")
    assert model_words.machine_parts(shipped("container-16gb")) == (
        "No GPU", "Xeon E5-2680 v4 · 17.2 GB RAM",
    )  # fmt: skip
    main, rest = model_words.machine_parts(shipped("m3-ultra-512gb"))
    assert "M3 Ultra" in main and "GB" not in main and rest.endswith("unified memory")


def test_gpus_that_the_engine_cannot_use_yet_are_named() -> None:
    assert "RTX 3060" in model_words.unused_gpus(shipped("two-3060-cpu-engine"))
    assert model_words.unused_gpus(shipped(WORKSTATION)) == ""


def test_the_recommendation_is_all_that_was_asked_for() -> None:
    table = planned(WORKSTATION)
    found = advice(table, "GLM-4.6", {table.best.quant: 6} if table.best else {})
    assert found.kind == "ok" and table.best is not None
    assert found.quant == table.best.quant and found.quant in found.title
    for part in ("in 6 files", "tokens of context in", "tokens/s (", "of RTX 3090", "of RAM"):
        assert part in found.line
    assert "!" not in "".join((found.title, found.line, *found.why))


def _on(machine: str, found: Offers | None = None, **asked: object) -> Advice:
    return advice(planned(machine, found, **asked), "GLM-4.6", {})


def test_where_nothing_is_noticeably_better_speed_decides_and_it_is_said() -> None:
    assert "nothing here is noticeably better" in _on("eight-h100").title


def test_what_comes_nearest() -> None:
    found = _on("rtx4090-192gb", offers(GLM_46, "Q4_K_M", "UD-Q2_K_XL"), context_tokens=202_752)
    assert found.kind in ("ok", "warn")
    slow = _on("rtx4090-192gb", offers(GLM_4_32B, "Q8_0"))
    assert slow.kind == "warn" and "comes nearest: it answers at about" in slow.title
    assert slow.quant == "Q8_0" and slow.sibling == "GLM-4-9B-0414"
    assert "GLM-4-9B-0414" in slow.line


def test_nothing_fits_and_a_smaller_model_is_named() -> None:
    found = _on("container-16gb")
    assert found.kind == "bad" and not found.quant
    assert found.sibling.startswith("GLM-4")
    assert "tokens/s" in found.line
    assert any("The smallest" in line for line in found.why)


def test_a_slow_smaller_model_is_better_than_no_advice() -> None:
    slow = replace(
        shipped("container-16gb"),
        ram_bandwidth=RamBandwidth(measured_bytes_per_second=6_000_000_000),
    )
    listed = shipped_offers(UNSLOTH)
    assert listed is not None
    table = plan_table(listed, slow, Asked(32_768, None), CancelToken())
    assert table.recommendation.sibling is None and table.instead is not None
    found = advice(table, "GLM-4.6", {})
    assert found.sibling == table.instead.candidate.model
    assert "comes nearest: it answers at about" in found.line


def test_more_context_than_the_model_has_is_clipped() -> None:
    table = planned(WORKSTATION, context_tokens=500_000)
    assert table.clipped and table.context_tokens == table.trained_context == 202_752
    assert not planned(WORKSTATION, context_tokens=0).clipped


def test_a_context_memory_that_this_model_cannot_have() -> None:
    odd = replace(GLM_4_9B, name="Odd", head_length=100)
    found = Offers("odd", (Offer(candidate(odd, "Q4_K_M"), header_of(odd, "Q4_K_M")),))
    table = planned(WORKSTATION, found, kv="q8_0")
    (row,) = table.rows
    assert row.row is None and row.problem is not None
    assert "cannot be kept as q8_0" in row.problem.what
    assert table.best is None
    assert longest_contexts(found, shipped(WORKSTATION), "q8_0", CancelToken()) == {}


def test_planning_can_be_stopped() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        plan_table(offers(), shipped(WORKSTATION), Asked(4096, "f16"), cancel)


def test_verdicts_are_short_words() -> None:
    chips = {
        words.verdict(row.row.plan)
        for machine in (WORKSTATION, "container-16gb", "eight-h100", "gb10", "no-gpu")
        for row in planned(machine).rows
        if row.row is not None
    }
    assert {chip.text for chip in chips} >= {"experts in RAM", "fits in GPU", "fits in memory"}
    for chip in chips:
        assert len(chip.text) <= 22
        assert chip.kind != "bad" or chip.text.endswith("missing")


def test_measured_and_estimated_quality_are_told_apart() -> None:
    estimated = quality("GLM-4.6", "UD-Q2_K_XL", 3.0)
    assert words.quality_cell(estimated)[1] == "est."
    whole = quality("GLM-4.6", "BF16", 16.0)
    assert words.quality_cell(whole) == ("100%", "measured", "indistinguishable")
    tip = words.quality_tip(candidate(GLM_46, "UD-Q2_K_XL"), estimated)
    assert tip.startswith("Estimated: ") and "nats per token" in tip and "Source: " in tip


def test_the_slider_stops_at_round_numbers_and_at_the_end() -> None:
    stops = context_stops(202_752)
    assert stops[0] == 4096 and stops[-1] == 202_752
    assert {8_192, 16_384, 32_768, 65_536, 131_072} <= set(stops)
    assert all(stop % 1024 == 0 for stop in stops) and list(stops) == sorted(set(stops))
    assert context_stops(1_048_576)[-1] == 1_048_576
    assert context_stops(2048) == (2048,)


def test_the_bar_gives_each_memory_a_part() -> None:
    for machine, least in ((WORKSTATION, 0.3), ("eight-h100", 0.6)):
        row = next(row for row in planned(machine).rows if row.quant == "Q4_K_M")
        assert row.row is not None
        bars = words.bars(row.row.plan)
        widths = part_widths(bars, 200.0)
        assert len(widths) == len(bars)
        assert sum(widths) + 2 * (len(bars) - 1) == pytest.approx(200)
        assert min(widths) >= 5
        assert sum(widths[:-1]) >= least * 200


def test_bars_are_painted_in_tokens(look: Look) -> None:
    row = next(row for row in planned(WORKSTATION).rows if row.quant == "Q4_K_M")
    assert row.row is not None
    image = QImage(300, 42, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    paint_bars(painter, QRect(0, 0, 300, 42), words.bars(row.row.plan), look.colors)
    painter.end()
    seen = {image.pixelColor(x, 21).name().upper() for x in range(300)}
    for token in ("gpu", "ram", "kv", "track"):
        assert QColor(getattr(look.colors, token)).name().upper() in seen


def test_benchmarks_are_grouped_by_test() -> None:
    sets = CARDS.cards[0].benchmarks
    made = groups(sets)
    assert [len(group.results) for group in made[:4]] == [3, 3, 3, 3]
    assert "16.0% a widely copied page" in next(
        told(group, sets) for group in made if group.name == "LiveCodeBench v6"
    )
    index = next(group for group in made if group.name == "AA Math Index")
    assert figure(index.results[0][1]) == "85.3"


def test_examples_have_readable_names() -> None:
    from app.hardware.recorded import shipped_machines

    labels = [example_label(path) for path in shipped_machines()]
    assert "Workstation with RTX 3090, 256 GB of RAM" in labels
