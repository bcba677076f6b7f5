"""Plans as figures and sentences."""

import pytest

from app.planning.plan import make_plan
from app.planning.types import Choice, Plan
from app.ui.chat.load import words
from app.ui.chat.load.controls import read_tokens
from tests.gguf.glm46 import GLM_4_9B, GLM_45_AIR, GLM_46, Glm
from tests.planning.made import shape_of, shipped


def plan(machine: str, glm: Glm = GLM_46, **changes: int | None) -> Plan:
    shape = shape_of(glm, "UD-Q2_K_XL" if glm.experts else "Q4_K_M")
    return make_plan(shape, shipped(machine), Choice(), engine_only=True, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "chip"),
    [
        (plan("rtx4090-192gb", GLM_4_9B), ("fits in GPU memory", "ok")),
        (plan("m3-ultra-512gb"), ("fits in unified memory", "ok")),
        (plan("workstation-256gb-3090"), ("experts in RAM", "ok")),
        (plan("workstation-256gb-3090", gpu_layers=40), ("layers in RAM", "ok")),
        (plan("no-gpu", GLM_4_9B), ("runs on the processor", "plain")),
        (plan("no-gpu"), ("from disk, slow", "warn")),
    ],
)
def test_a_verdict_is_a_word_not_only_a_colour(made: Plan, chip: tuple[str, str]) -> None:
    assert words.verdict_chip(made) == chip


def test_what_is_missing_is_said_in_figures() -> None:
    made = plan("workstation-256gb-3090", cpu_expert_layers=0)
    text, kind = words.verdict_chip(made)
    assert kind == "bad"
    assert text.startswith("does not fit: ") and text.endswith(" GB of GPU memory missing")
    assert words.memory_rows(made)[0].figure.startswith("needs ")
    assert words.speeds(made) == ()


@pytest.mark.parametrize("machine", ["workstation-256gb-3090", "two-3090-one-1080", "gb10"])
def test_the_bars_hold_everything_once(machine: str) -> None:
    made = plan(machine, GLM_45_AIR)
    rows = words.memory_rows(made)
    total = sum(use.total_bytes for use in made.devices)
    assert sum(row.total_bytes for row in rows) == total
    tokens = {segment.token for row in rows for segment in row.segments}
    assert tokens <= {"gpu", "ram", "kv", "work", "muted"}
    for row in rows:
        exact = {segment.label.split()[0]: segment.exact for segment in row.segments}
        assert exact["weights"] and not exact["overhead"]


def test_nothing_changed_is_nothing_to_tell() -> None:
    made = plan("workstation-256gb-3090")
    assert words.difference(made, made) == ""


def test_the_unit_is_said_once_when_it_is_the_same() -> None:
    before, after = plan("workstation-256gb-3090"), plan("workstation-256gb-3090", gpu_layers=10)
    change = words.difference(before, after)
    assert "RTX 3090: 24.8 → 14.8 GB" in change
    assert " tokens/s → about " in change


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("32768", 32_768),
        ("32,768", 32_768),
        (" 32 768 ", 32_768),
        ("32K", 32_768),
        ("8 k", 8_192),
        ("", None),
        ("many", None),
        ("-5", None),
        ("0", None),
        ("99999999999999999999", None),
        ("٣٢", 32),
    ],
)
def test_a_context_is_read_as_people_write_it(text: str, tokens: int | None) -> None:
    assert read_tokens(text) == tokens
