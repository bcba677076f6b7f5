"""`glm-launcher plan` and `recommend`: the tables, the JSON, and plain sentences for bad input."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from app import cli_plan
from app.cli import run as run_program
from app.core.errors import KnownError
from app.engine.protocol import BufferUse
from app.hardware.detect import detect
from app.hardware.recorded import shipped_machines
from app.planning.measured import driver_of, measurements_path, record
from app.planning.offers import local_offers
from app.planning.plan import make_plan
from app.planning.types import Choice
from tests.catalog.hubs import hub
from tests.gguf.glm46 import GLM_46, SMALL_MOE
from tests.gguf.glm46 import write_model as write_sparse
from tests.models import write_model

DEVICE_KEYS = {
    "name",
    "weights_bytes",
    "kv_bytes",
    "compute_bytes",
    "overhead_bytes",
    "total_bytes",
    "exact",
}


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli_plan.add_parsers(parser.add_subparsers())
    parsed = parser.parse_args(arguments)
    status = parsed.run(parsed)
    assert isinstance(status, int)
    return status


def shipped(name: str) -> str:
    return str(next(path for path in shipped_machines() if path.stem == name))


@pytest.fixture(scope="module")
def glm46(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_sparse(tmp_path_factory.mktemp("glm"), GLM_46, "Q4_K_M"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(*arguments, "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert isinstance(value, dict)
    return value


def test_plan_as_json(capsys: pytest.CaptureFixture[str], glm46: str) -> None:
    value = answer(
        capsys, "plan", glm46, "--kv", "q8_0", "--machine", shipped("workstation-256gb-3090")
    )
    assert value["verdict"] == "experts in RAM"
    assert value["quant"] == "Q4_K_M"
    speed = value["speed"]["generation_empty"]
    assert speed["low"] < value["tokens_per_second"] == speed["expected"] < speed["high"]
    assert [device["name"] for device in value["devices"]] == ["CUDA0", "CPU"]
    for device in value["devices"]:
        assert set(device) >= DEVICE_KEYS
        parts = ("weights_bytes", "kv_bytes", "compute_bytes", "overhead_bytes")
        assert device["total_bytes"] == sum(device[part] for part in parts)
        assert device["exact"] is True
        assert device["sources"]["compute_bytes"] == "estimate"
    kv = sum(device["kv_bytes"] for device in value["devices"])
    assert kv == 376_832 * 32_768 * 17 // 32
    assert value["placement"]["tensor_overrides"]


def test_plan_as_a_table(capsys: pytest.CaptureFixture[str], glm46: str) -> None:
    assert run("plan", glm46, "--machine", shipped("eight-h100")) == 0
    text = capsys.readouterr().out
    assert "GLM-4.6 Q4_K_M (2" in text
    assert "All of it fits in GPU memory." in text
    assert "NVIDIA H100" in text
    assert "tokens/s (" in text
    assert "~ estimated; the other figures are exact." in text
    assert max(len(line) for line in text.splitlines()) <= 110


def test_a_plan_that_does_not_fit_names_what_is_missing(
    capsys: pytest.CaptureFixture[str], glm46: str
) -> None:
    assert run("plan", glm46, "--machine", shipped("container-16gb")) == 0
    text = capsys.readouterr().out
    assert "It does not fit: " in text
    assert "of RAM are missing." in text
    value = answer(capsys, "plan", glm46, "--machine", shipped("container-16gb"))
    assert value["tokens_per_second"] is None
    assert value["missing_bytes"] > 200e9


def test_here_the_engine_is_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write_sparse(tmp_path, SMALL_MOE, "Q8_0")
    value = answer(capsys, "plan", str(path), "--ctx", "4096")
    assert {d["sources"]["compute_bytes"] for d in value["devices"]} == {"dry run"}
    value = answer(capsys, "plan", str(path), "--ctx", "4096", "--estimate")
    assert {d["sources"]["compute_bytes"] for d in value["devices"]} == {"estimate"}


def test_the_last_load_is_shown_and_corrects(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write_sparse(tmp_path, SMALL_MOE, "Q8_0")
    shape = local_offers(path).offers[0].candidate.shape
    machine = detect()
    plan = make_plan(shape, machine, Choice(context_tokens=4096))
    cpu = plan.devices[-1]
    doubled = [BufferUse("CPU", "compute", 2 * cpu.compute_bytes)]
    record(measurements_path(), shape.name, driver_of(machine), plan, doubled, process_bytes=10**9)
    value = answer(capsys, "plan", str(path), "--ctx", "4096", "--estimate")
    told = value["devices"][-1]
    assert told["sources"]["compute_bytes"] == "measured"
    assert told["compute_bytes"] == 2 * cpu.compute_bytes
    assert any("measured 1.0 GB" in note for note in value["notes"])


def test_nominal_figures_are_shown_as_such(capsys: pytest.CaptureFixture[str], glm46: str) -> None:
    assert run("plan", glm46, "--machine", shipped("eight-h100")) == 0
    assert "202.1 GB, 4.5 bits and 94% for it: nominal" in capsys.readouterr().out
    value = answer(capsys, "plan", glm46, "--machine", shipped("eight-h100"))
    assert value["nominal"]["size_gb"] == 202.1


def test_a_repository(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(tmp_path / "Tiny-F32.gguf")
    machine = ("--machine", shipped("no-gpu"))
    with hub("o/Tiny-GGUF", {"Tiny-F32.gguf": tmp_path / "Tiny-F32.gguf"}) as (url, _):
        monkeypatch.setenv("HF_ENDPOINT", url)
        value = answer(capsys, "plan", "o/Tiny-GGUF", "--ctx", "512", *machine)
        assert (value["quant"], value["verdict"]) == ("F32", "cpu")
        assert value["location"].startswith(url)
        found = answer(capsys, "recommend", "o/Tiny-GGUF", "--ctx", "512", *machine)
        assert found["best"]["quant"] == "F32"


def test_recommend_without_a_connection(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("recommend", "--machine", shipped("rtx4090-192gb")) == 0
    text = capsys.readouterr().out
    assert text.startswith("Take GLM-4.6 in ")
    assert "~135 GB" in text
    assert "cannot be reached" in text
    assert text.count("\n*") == 1
    value = answer(capsys, "recommend", "--machine", shipped("no-gpu"))
    assert value["best"] is None
    assert value["sibling"]["model"] in ("GLM-4.7-Flash", "GLM-4.5-Air")
    assert len(value["candidates"]) == 18
    assert all(row["shortfall"] for row in value["candidates"])


def test_the_recommended_file_is_planned_when_none_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = ("--machine", shipped("rtx4090-192gb"))
    best = answer(capsys, "recommend", *machine)["best"]["quant"]
    value = answer(capsys, "plan", "unsloth/GLM-4.6-GGUF", *machine)
    assert value["quant"] == best
    assert any("--quant" in note for note in value["notes"])


def test_a_folder_of_several_models(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_sparse(tmp_path, SMALL_MOE, "Q8_0")
    write_sparse(tmp_path, GLM_46, "UD-TQ1_0")
    machine = ("--machine", shipped("no-gpu"))
    found = answer(capsys, "recommend", str(tmp_path), *machine)
    assert [row["model"] for row in found["candidates"]] == ["GLM-4.6"]
    assert found["sibling"]["model"] == "Small MoE"
    assert answer(capsys, "plan", str(tmp_path), *machine)["model"] == "Small MoE"


def test_bad_input_is_a_plain_sentence(tmp_path: Path, glm46: str) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF\x03\0\0\0")
    text = tmp_path / "text.gguf"
    text.write_text("hello", encoding="utf-8")
    listed = "unsloth/GLM-4.6-GGUF"
    for arguments, words in {
        (str(tmp_path / "missing.gguf"),): "does not exist",
        (str(broken),): "broken.gguf",
        (str(text),): "is not a GGUF file",
        (str(tmp_path),): "holds no model",
        ("no/such-repository",): "cannot be reached",
        ("what is this",): "does not exist",
        (listed, "--quant", "Q9_K"): "It has: UD-TQ1_0",
        (glm46, "--quant", "Q8_0"): "It has: Q4_K_M",
        (glm46, "--ctx", "1000000"): "202,752",
        (glm46, "--ctx", "-5"): "at least one token",
        (glm46, "--ubatch", "0"): "at least one token",
        (glm46, "--reserve", "-1"): "cannot be kept free",
        (glm46, "--reserve", "nan"): "cannot be kept free",
    }.items():
        with pytest.raises(KnownError) as caught:
            run("plan", *arguments, "--machine", shipped("no-gpu"))
        assert words in str(caught.value), arguments
        assert "Traceback" not in str(caught.value)
    for arguments in (("--ctx", "0"), ("--speed", "0"), ("--speed", "nan"), ("--speed", "inf")):
        with pytest.raises(KnownError, match="cannot be wished for"):
            run("recommend", *arguments)


def test_the_program_knows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    status = run_program(["plan", "nowhere.gguf"])
    assert status == 1
    assert "does not exist" in capsys.readouterr().err
