"""The list of a repository's files: from a Hub on loopback, and from hostile ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.hub import (
    UnreachableError,
    endpoint,
    file_url,
    is_repository_name,
    list_gguf_files,
    token,
)
from app.core.errors import KnownError
from tests.catalog.hubs import COMMIT, hub, listing
from tests.gguf.servers import Answer, http_server

API = "/api/models/owner/name?blobs=true"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for name in ("b/m-Q4_K_M-00001-of-00002.gguf", "a-Q8_0.GGUF", "config.json"):
        path = tmp_path / name.replace("/", "-")
        path.write_bytes(name.encode())
        made[name] = path
    return made


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def serve(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", url + "/")


def test_the_files_of_a_repository(monkeypatch: pytest.MonkeyPatch, files: dict[str, Path]) -> None:
    with hub("owner/name", files) as (url, seen):
        serve(monkeypatch, url)
        found = list_gguf_files("owner/name")
        assert [file.path for file in found] == ["a-Q8_0.GGUF", "b/m-Q4_K_M-00001-of-00002.gguf"]
        assert {file.revision for file in found} == {COMMIT}
        assert all(file.sha256 and len(file.sha256) == 64 for file in found)
        assert found[0].size_bytes == len("a-Q8_0.GGUF")
        assert len(seen) == 1
        assert "Authorization" not in seen[0][1]
        assert file_url("owner/name", found[1]) == (
            f"{url}/owner/name/resolve/{COMMIT}/b/m-Q4_K_M-00001-of-00002.gguf"
        )


def test_the_person_s_token_is_sent(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, Path], tmp_path: Path
) -> None:
    with hub("owner/name", files) as (url, seen):
        serve(monkeypatch, url)
        (tmp_path / "hf").mkdir()
        (tmp_path / "hf" / "token").write_text("stored\n", encoding="utf-8")
        list_gguf_files("owner/name")
        monkeypatch.setenv("HF_TOKEN", "given")
        list_gguf_files("owner/name")
        assert [headers["Authorization"] for _, headers in seen] == [
            "Bearer stored",
            "Bearer given",
        ]


def test_a_token_never_travels_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    assert token() is None
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    assert token() == "secret"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_missing_and_private_look_alike(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with http_server({API: Answer(status)}) as (url, _):
        serve(monkeypatch, url)
        with pytest.raises(KnownError) as caught:
            list_gguf_files("owner/name")
    assert not isinstance(caught.value, UnreachableError)
    assert "HF_TOKEN" in caught.value.next_step


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_cannot_answer_now(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with http_server({API: Answer(status)}) as (url, _):
        serve(monkeypatch, url)
        with pytest.raises(UnreachableError):
            list_gguf_files("owner/name")


def test_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server({}) as (url, _):
        pass
    serve(monkeypatch, url)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        list_gguf_files("owner/name")


def test_a_repository_without_gguf(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server({API: listing({})}) as (url, _):
        serve(monkeypatch, url)
        with pytest.raises(KnownError, match="holds no GGUF file"):
            list_gguf_files("owner/name")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"sha": "main", "siblings": []}', b"[" * 100_000]
)
def test_answers_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    with http_server({API: Answer(body=body)}) as (url, _):
        serve(monkeypatch, url)
        with pytest.raises(KnownError, match="cannot be understood"):
            list_gguf_files("owner/name")


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {"rfilename": 5, "size": 1},
        {"rfilename": "../../etc/passwd.gguf", "size": 1},
        {"rfilename": "/etc/a.gguf", "size": 1},
        {"rfilename": "a\\b.gguf", "size": 1},
        {"rfilename": "a\n.gguf", "size": 1},
        {"rfilename": "a.gguf", "size": -1},
        {"rfilename": "a.gguf", "size": True},
        {"rfilename": "a.gguf"},
    ],
)
def test_odd_entries_are_passed_over(monkeypatch: pytest.MonkeyPatch, entry: Any) -> None:
    good = {"rfilename": "good.gguf", "size": 3, "lfs": {"sha256": "no digest"}}
    body = json.dumps({"sha": COMMIT, "siblings": [entry, good]}).encode()
    with http_server({API: Answer(body=body)}) as (url, _):
        serve(monkeypatch, url)
        (file,) = list_gguf_files("owner/name")
    assert (file.path, file.sha256) == ("good.gguf", None)


@pytest.mark.parametrize(
    "name", ["", "name", "a/b/c", "../..", "a/..", "a b/c", "a/b?x", "-a/b", "a/" + "b" * 200]
)
def test_what_is_no_repository_is_not_asked_for(name: str) -> None:
    assert not is_repository_name(name)
    with pytest.raises(KnownError, match="not the name of a repository"):
        list_gguf_files(name)


@pytest.mark.parametrize("address", ["ftp://x", "huggingface.co", "https://", "file:///etc"])
def test_a_bad_mirror_is_said(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(KnownError, match="HF_ENDPOINT"):
        endpoint()
