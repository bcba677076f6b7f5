"""`glm-launcher gpus`: the table, the JSON, and plain sentences for bad input."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import run
from tests.gguf.glm46 import GLM_46, write_model


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["gpus", *arguments, "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gpus", "--kind", "unified"]) == 0
    text = capsys.readouterr().out
    assert "Apple M3 Ultra 512GB: the only one" in text
    assert "all in GPU memory" in text
    assert "these GB are GiB" in text
    assert all(len(line) <= 200 for line in text.splitlines())


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = answer(capsys, "--vendor", "NVIDIA", "--cards", "3", "--since", "2022")
    assert value["quant"] == "Q4_K_M"
    assert value["context_tokens"] == 32_768
    assert [gpu["alone"]["cards"] for gpu in value["gpus"]] == sorted(
        gpu["alone"]["cards"] for gpu in value["gpus"]
    )
    first = value["gpus"][0]
    assert first["source"]
    assert first["alone"]["low"] < first["alone"]["tokens_per_second"] < first["alone"]["high"]


def test_one_card_with_ram(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--find", "rtx 4090", "--kind", "consumer", "--cards", "1", "--with-ram")
    slow = answer(capsys, *asked)["gpus"][0]["with_ram"]
    fast = answer(capsys, *asked, "--ram-bandwidth", "460")["gpus"][0]["with_ram"]
    assert slow["ram_gib"] == fast["ram_gib"] == 256
    assert slow["tokens_per_second"] < fast["tokens_per_second"]


def test_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write_model(tmp_path, GLM_46, "Q4_K_M")
    value = answer(capsys, str(path), "--find", "H200 SXM", "--ctx", "8192", "--kv", "q8_0")
    assert value["exact"] is True
    assert value["gpus"][0]["alone"]["verdict"] == "gpu"


def test_nothing_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gpus", "--find", "voodoo", "--cards", "2"]) == 0
    assert "No GPU of the table that you ask for can run it with at most 2" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--quant", "Q17"], "does not offer Q17"),
        (["--ctx", "10000000"], "cannot use a context of 10,000,000 tokens"),
        (["--cards", "0"], "at least one card"),
        (["--ram-bandwidth", "nan"], "No RAM is that fast"),
        (["/nowhere/at/all.gguf"], ""),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert run(["gpus", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
