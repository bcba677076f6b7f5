"""`glm-launcher download`: results, JSON, going on, and plain sentences for bad input."""

import argparse
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import cli_download
from app.cli import run
from app.downloads.requests import models_target
from tests.downloads.helpers import Rig, offer
from tests.gguf.glm46 import SMALL_MOE, write_model
from tests.hub.content import Content, FileContent, PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer, hub_environment

REPO = "maker/GLM-GGUF"
MIB = 1024 * 1024
SHARDS = tuple(f"Q4_K_M/GLM-Q4_K_M-0000{n}-of-00002.gguf" for n in (1, 2))
FILES: dict[str, Content] = {
    **{path: PatternContent(3 * MIB + n, n) for n, path in enumerate(SHARDS)},
    "GLM-Q8_0.gguf": PatternContent(5 * MIB, 9),
    "GLM-IQ2_KS.gguf": PatternContent(MIB, 10),
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer() as server:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        offer(server, FILES)
        yield server


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["download", *arguments, "--json"]) == 0
    value: dict[str, Any] = json.loads(capsys.readouterr().out)
    return value


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["download", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_into_a_folder(hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = answer(
        capsys, REPO, "--quant", "q4_k_m", "--folder", str(tmp_path), "--connections", "2"
    )
    assert value["quant"] == "Q4_K_M"
    assert value["commit"] == hub.world.repos[REPO].head
    assert [file["path"] for file in value["files"]] == list(SHARDS)
    for file in value["files"]:
        data = Path(file["location"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert len(data) == file["size_bytes"]
    assert value["size_bytes"] == sum(FILES[path].size for path in SHARDS)


def test_into_the_cache_by_default(
    hub: HubServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    assert run(["download", REPO, "--quant", "Q8_0"]) == 0
    captured = capsys.readouterr()
    location = Path(captured.out.strip())
    assert location.is_relative_to(tmp_path / "hf/hub/models--maker--GLM-GGUF/snapshots")
    assert "complete and verified" in captured.err
    assert "100%" in captured.err
    assert models_target("").folder == tmp_path / "hf/hub"
    sent = hub.sent_bytes
    assert run(["download", REPO, "--quant", "Q8_0"]) == 0
    assert hub.sent_bytes == sent


def test_another_revision(
    hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = hub.world.repos[REPO]
    first = repo.head
    repo.replace("GLM-Q8_0.gguf", PatternContent(4 * MIB, 77))
    value = answer(capsys, REPO, "--quant", "Q8_0", "--revision", first, "--folder", str(tmp_path))
    assert value["commit"] == first
    assert value["size_bytes"] == 5 * MIB


def test_the_recommended_one_is_named_before(
    hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offered: dict[str, Content] = {}
    for quant in ("Q4_K_M", "Q8_0"):
        (tmp_path / quant).mkdir()
        path = write_model(tmp_path / quant, SMALL_MOE, quant)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        offered[f"GLM-4.6-{quant}.gguf"] = FileContent(path, digest)
    offer(hub, offered)
    assert run(["download", REPO, "--folder", str(tmp_path / "models")]) == 0
    captured = capsys.readouterr()
    assert "recommended for this computer" in captured.err.splitlines()[0]
    assert Path(captured.out.strip()).is_file()


@pytest.mark.usefixtures("hub")
def test_names_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "There are: Q8_0, Q4_K_M" in refusal(capsys, REPO, "--quant", "Q5_0")
    assert "ik_llama.cpp" in refusal(capsys, REPO, "--quant", "IQ2_KS")
    assert "There is no repository" in refusal(capsys, "no/where", "--quant", "Q8_0")
    assert "not the name of a repository" in refusal(capsys, "../etc", "--quant", "Q8_0")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--limit", "fast"), ("--limit", "0"), ("--connections", "0"), ("--connections", "99")],
)
def test_wrong_options_end_with_2(option: str, value: str) -> None:
    assert run(["download", REPO, option, value]) == 2


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20MB/s", 20_000_000),
        ("500k", 500_000),
        ("2.5 MiB/s", 2_621_440),
        ("1G", 10**9),
        ("100", 100),
    ],
)
def test_speeds(text: str, rate: int) -> None:
    assert cli_download._rate(text) == rate


def test_in_use_by_the_window(
    hub: HubServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And begun in the window, finished in the terminal."""
    request = offer(hub, {"GLM-Q8_0.gguf": PatternContent(20 * MIB, 9)})
    hub.misbehave("GLM-Q8_0.gguf", Fault(stall_after=5 * MIB), times=None)
    with Rig(hub, tmp_path) as rig:
        rig.manager.add(request, rig.target)
        rig.seen.wait_for(lambda s: s.done_bytes >= 4 * MIB)
        words = refusal(capsys, REPO, "--quant", "Q8_0", "--folder", str(tmp_path))
        assert "is being downloaded already" in words
    hub.faults.clear()
    sent = hub.sent_bytes
    value = answer(capsys, REPO, "--quant", "Q8_0", "--folder", str(tmp_path))
    assert value["size_bytes"] == 20 * MIB
    assert hub.sent_bytes - sent <= 17 * MIB


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_keeps_what_has_come(hub: HubServer, tmp_path: Path) -> None:
    hub.misbehave(SHARDS[1], Fault(stall_after=1 * MIB), times=None)
    command = [sys.executable, "-m", "app", "download", REPO, "--quant", "Q4_K_M"]
    environment = {**hub_environment(hub), "HF_HOME": str(tmp_path)}
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert hub.stalled.wait(60)
    process.send_signal(signal.SIGINT)
    out, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "the same command goes on from there" in words
    assert "Traceback" not in words
    hub.faults.clear()
    done = subprocess.run(
        command, env=environment, cwd=Path(__file__).parents[2], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert Path(done.stdout.decode().strip()).is_file()


@pytest.mark.usefixtures("hub")
def test_a_no_means_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_download, "_recommended", lambda *_: "Q8_0")
    monkeypatch.setattr(cli_download, "machine_of", lambda _: None)
    monkeypatch.setattr(cli_download, "_agreed", lambda: False)
    assert run(["download", REPO, "--folder", str(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []
    parser = argparse.ArgumentParser()
    cli_download.add_parsers(parser.add_subparsers())
    assert parser.parse_args(["download", REPO, "--yes"]).yes
