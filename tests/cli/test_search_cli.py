"""`glm-launcher search`, against a Hub on loopback and without one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli import run
from tests.hub.content import BytesContent
from tests.hub.server import HubServer

REPO = "maker/GLM-4.6-GGUF"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with HubServer() as made:
        shards = {f"Q4_K_M/GLM-4.6-Q4_K_M-0000{n}-of-00002.gguf": n for n in (1, 2)}
        content = {path: BytesContent(b"x" * 1500 * n) for path, n in shards.items()}
        content["GLM-4.6-Q8_0-00001-of-00002.gguf"] = BytesContent(b"half of it")
        content["mmproj-F16.gguf"] = BytesContent(b"eyes")
        made.world.add(REPO, content, extra={"tags": ["gguf", "license:mit"]})
        monkeypatch.setenv("HF_ENDPOINT", made.endpoint)
        yield made


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["search", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_the_hub_finds(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.world.add("gated/GLM-GGUF", {"a.gguf": BytesContent(b"a")}, gated=True, downloads=5)
    value = answer(capsys, "gguf")
    assert [one["repository"] for one in value["repositories"]] == [REPO, "gated/GLM-GGUF"]
    assert value["note"] is None
    assert run(["search", "gguf"]) == 0
    told = capsys.readouterr().out
    assert "terms to accept" in told
    assert "1,000" in told


def test_nothing_found(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    del server
    assert run(["search", "nothing of the kind"]) == 1
    assert "Nothing on the Hub is called" in capsys.readouterr().out


def test_what_is_in_a_repository(server: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    value = answer(capsys, REPO)
    assert value["commit"] == server.world.repos[REPO].head
    assert {one["name"]: one["offered"] for one in value["quantizations"]} == {
        "Q4_K_M": True,
        "Q8_0": False,
    }
    whole = next(one for one in value["quantizations"] if one["offered"])
    assert (whole["size_bytes"], len(whole["files"])) == (4500, 2)
    assert value["companions"] == [{"kind": "projector", "path": "mmproj-F16.gguf"}]
    assert run(["search", REPO]) == 0
    told = capsys.readouterr().out
    assert "1 of its 2 files are missing there." in told
    assert "licence: mit" in told


def test_a_repository_that_is_not_there(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    del server
    assert run(["search", "no/body"]) == 1
    assert "There is no repository no/body" in capsys.readouterr().err


def test_without_a_connection_the_shipped_list_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    value = answer(capsys, "unsloth GLM-4.6")
    assert "unsloth/GLM-4.6-GGUF" in [one["repository"] for one in value["repositories"]]
    assert "2026-11-23" in value["note"]
    value = answer(capsys, "unsloth/GLM-4.6-GGUF")
    assert "UD-Q2_K_XL" in [one["name"] for one in value["quantizations"]]
    assert run(["search", "unsloth/GLM-4.6-GGUF"]) == 0
    assert "This is the list of 2026-11-23" in capsys.readouterr().out
    assert run(["search", "some/body"]) == 1


def test_what_only_other_programs_load_is_named(
    server: HubServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.world.add("maker/GLM-mlx", {"model.safetensors": BytesContent(b"weights")})
    assert run(["search", "maker/GLM-mlx"]) == 1
    told = capsys.readouterr().out
    assert "safetensors" in told
    assert "Only other programs can load it" in told
