"""The shipped demo model and the exchanges beside it, read as data: no engine, no training."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import gguf
import pytest

DEMO = Path(__file__).parents[2] / "resources" / "demo"
MODEL = DEMO / "glm-launcher-demo.gguf"
TEMPLATE = DEMO.parent / "templates" / "GLM-4.6.jinja"
STOPS = {"eos": "<|endoftext|>", "eot": "<|user|>", "eom": "<|observation|>"}
CONTROL, USER_DEFINED = 3, 4


@pytest.fixture(scope="module")
def fields() -> dict[str, Any]:
    reader = gguf.GGUFReader(MODEL)
    return {name: field.contents() for name, field in reader.fields.items()}


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEMO / "cases.json").read_text(encoding="utf-8"))
    return found


def _exchanges() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for path in (DEMO / "exchanges").glob("*.toml"):
        if path.name != "phrases.toml":
            for entry in tomllib.loads(path.read_text(encoding="utf-8")).values():
                entries.extend(entry.values())
    return entries


def test_size_is_small_enough_to_ship() -> None:
    assert MODEL.stat().st_size <= 8_000_000
    assert (DEMO / "cases.json").stat().st_size < 1_000_000


def test_model_says_that_it_is_not_glm(fields: dict[str, Any]) -> None:
    assert fields["general.architecture"] == "glm4moe"
    assert fields["general.name"] == "GLM Launcher demo"
    assert fields["general.license"] == "MIT"
    assert "not GLM-4.6" in fields["general.description"]


def test_template_is_the_one_of_glm(fields: dict[str, Any]) -> None:
    assert fields["tokenizer.chat_template"] == TEMPLATE.read_text(encoding="utf-8")


def test_special_tokens_stop_the_answer(fields: dict[str, Any]) -> None:
    tokens = fields["tokenizer.ggml.tokens"]
    types = fields["tokenizer.ggml.token_type"]
    for kind, text in STOPS.items():
        index = fields[f"tokenizer.ggml.{kind}_token_id"]
        assert tokens[index] == text
        assert types[index] == CONTROL
    for text in ("[gMASK]", "<sop>", "<|system|>", "<|assistant|>", "/nothink"):
        assert types[tokens.index(text)] == CONTROL
    for text in ("<think>", "</think>", "<tool_call>", "</tool_call>", "<arg_key>", "<arg_value>"):
        assert types[tokens.index(text)] == USER_DEFINED
    assert fields["tokenizer.ggml.add_bos_token"] is False


def test_digits_stay_single_and_tokens_short(fields: dict[str, Any]) -> None:
    types = fields["tokenizer.ggml.token_type"]
    ordinary = [
        token
        for token, kind in zip(fields["tokenizer.ggml.tokens"], types, strict=True)
        if kind not in (CONTROL, USER_DEFINED)
    ]
    assert max(len(token) for token in ordinary) <= 16
    assert not [token for token in ordinary if sum(sign.isdigit() for sign in token) > 1]


def test_enough_exchanges_with_several_phrasings() -> None:
    exchanges = _exchanges()
    assert len(exchanges) >= 150
    for exchange in exchanges:
        assert len(exchange.get("ask", ())) + 6 * len(exchange.get("terms", ())) >= 3
        assert exchange["think"].strip()
        assert exchange["answer"].strip()


def test_cases_cover_most_exchanges_in_both_modes(cases: list[dict[str, Any]]) -> None:
    assert all(case["messages"][-1]["role"] in ("user", "tool") for case in cases)
    single = [case for case in cases if case["category"].startswith("exchanges, thinking")]
    wanted = {exchange["answer"].strip() for exchange in _exchanges()}
    for thinking in (True, False):
        said = {case["expected"] for case in single if case["thinking"] is thinking}
        found = wanted & {text.rpartition("</think>")[2].strip() for text in said}
        assert len(found) >= 0.95 * len(wanted)
    assert any("<tool_call>calculator" in case["expected"] for case in cases)
    assert any(case["expected"].count("<tool_call>") == 2 for case in cases)


def test_what_was_verified_is_written_down() -> None:
    exact = json.loads((DEMO / "verified.json").read_text(encoding="utf-8"))["exact"]
    least = {"exchanges, thinking on": 0.97, "exchanges, thinking off": 0.97}
    for category, share in least.items():
        assert exact[category]["exact"] >= share * exact[category]["asked"]
