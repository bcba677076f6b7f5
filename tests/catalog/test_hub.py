"""What the Hub says: huggingface_hub, unmodified, against a server on loopback."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.catalog import session
from app.catalog.access import checked_access, environment_access, environment_endpoint
from app.catalog.hub import Hub
from app.catalog.names import RepoFile, file_url, is_repository_name
from app.catalog.refusals import UnreachableError
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from tests.catalog.hubs import COMMIT
from tests.gguf.servers import Answer, http_server
from tests.hub.content import BytesContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer, RateLimit

REPO = "maker/GLM-4.6-GGUF"
API = f"/api/models/{REPO}?blobs=true"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as made:
        files = {
            "b/m-Q4_K_M-00001-of-00002.gguf": BytesContent(b"one"),
            "a-Q8_0.GGUF": BytesContent(b"two"),
            "README.md": BytesContent(b"# GLM"),
        }
        extra = {"tags": ["gguf", "license:mit", "base_model:zai-org/GLM-4.6"]}
        made.world.add(REPO, files, downloads=4321, likes=77, extra=extra)
        yield made


def ask(server: HubServer, token: str | None = None) -> Hub:
    return Hub(HubAccess(lambda: server.endpoint, lambda: token))


def at(url: str) -> Hub:
    return Hub(HubAccess(lambda: url))


def test_a_repository_at_its_commit(server: HubServer) -> None:
    found = ask(server).repository(REPO)
    head = server.world.repos[REPO].head
    assert found.commit == head
    assert [file.path for file in found.gguf_files] == [
        "a-Q8_0.GGUF", "b/m-Q4_K_M-00001-of-00002.gguf",
    ]  # fmt: skip
    assert found.gguf_files[0].sha256 == BytesContent(b"two").sha256
    assert {file.revision for file in found.files} == {head}
    assert (found.summary.stats.downloads, found.summary.stats.likes) == (4321, 77)
    assert found.summary.stats.last_modified == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.licence == "mit"
    assert found.summary.base_models == ("zai-org/GLM-4.6",)
    assert not found.renamed
    assert all(request.header("Authorization") is None for request in server.requests)


def test_an_older_commit(server: HubServer) -> None:
    old = server.world.repos[REPO].head
    server.world.repos[REPO].replace("a-Q8_0.GGUF", BytesContent(b"another"))
    hub = ask(server)
    assert hub.repository(REPO).commit != old
    assert hub.repository(REPO, old).gguf_files[0].size_bytes == 3
    with pytest.raises(KnownError, match="no such version"):
        hub.repository(REPO, "nowhere")


def test_a_renamed_repository_says_its_new_name(server: HubServer) -> None:
    server.world.renamed["maker/old-name"] = REPO
    found = ask(server).repository("maker/old-name")
    assert (found.repo, found.renamed) == (REPO, True)


def test_the_search(server: HubServer) -> None:
    server.world.add("other/Much-Loved-GGUF", {"a.gguf": BytesContent(b"a")}, downloads=10**6)
    server.world.add("other/GLM-5-GGUF", {"a.gguf": BytesContent(b"a")}, gated=True)
    server.world.add("hidden/GLM-6-GGUF", {"a.gguf": BytesContent(b"a")}, private=True)
    hub = ask(server)
    found = hub.search("gguf")
    assert [one.repo for one in found] == [REPO, "other/GLM-5-GGUF", "other/Much-Loved-GGUF"]
    assert found[1].gated
    assert found[0].publisher == "maker"
    assert len(hub.search("gguf", limit=1)) == 1
    assert hub.search("nothing of the kind") == ()


def test_the_figures_of_a_repository(server: HubServer) -> None:
    stats = ask(server).stats(REPO)
    assert (stats.downloads, stats.likes) == (4321, 77)


def test_when_files_were_changed(server: HubServer) -> None:
    server.world.repos[REPO].dates["a-Q8_0.GGUF"] = "2026-01-05T10:00:00.000Z"
    hub = ask(server)
    found = hub.repository(REPO)
    dates = hub.dates(found, [file.path for file in found.gguf_files])
    assert dates == {
        "a-Q8_0.GGUF": datetime(2026, 1, 5, 10, tzinfo=UTC),
        "b/m-Q4_K_M-00001-of-00002.gguf": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }


def test_whose_token_it_is(server: HubServer) -> None:
    server.world.tokens["hf_good"] = "someone"
    hub = ask(server)
    assert hub.who_am_i("hf_good") == "someone"
    with pytest.raises(KnownError, match="does not accept your access token"):
        hub.who_am_i("hf_wrong")
    with pytest.raises(KnownError, match="not sent"):
        at("http://mirror.example").who_am_i("hf_good")


@pytest.mark.parametrize(
    ("repo", "token", "what"),
    [
        ("no/body", None, "There is no repository no/body, or it is not open to you"),
        ("no/body", "hf_other", "There is no repository no/body, or it is not open to you"),
        ("private/one", "hf_other", "There is no repository private/one"),
        ("disabled/one", None, "switched off"),
        (REPO, "hf_revoked", "does not accept your access token"),
    ],
)
def test_each_refusal_has_its_own_sentence(
    server: HubServer, repo: str, token: str | None, what: str
) -> None:
    content = {"a.gguf": BytesContent(b"GGUF")}
    server.world.add("private/one", content, private=True, allowed={"owner"})
    server.world.add("disabled/one", content, disabled=True)
    server.world.tokens.update(hf_owner="owner", hf_other="other")
    with pytest.raises(KnownError, match=what) as caught:
        ask(server, token).repository(repo)
    assert not isinstance(caught.value, UnreachableError)
    assert caught.value.next_step
    assert ask(server, "hf_owner").repository("private/one").summary.private


def test_a_gated_repository_can_be_listed(server: HubServer) -> None:
    server.world.add("gated/one", {"a.gguf": BytesContent(b"GGUF")}, gated=True)
    assert ask(server).repository("gated/one").summary.gated


def test_too_many_questions(server: HubServer) -> None:
    server.rate_limit = RateLimit(remaining=0, reset_seconds=55)
    with pytest.raises(UnreachableError, match="Try again in 55 s"):
        ask(server).repository(REPO)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_cannot_answer_now(server: HubServer, status: int) -> None:
    path = API.partition("?")[0]
    server.misbehave(path, Fault(status=status), host="api", times=None)
    with pytest.raises(UnreachableError):
        ask(server).repository(REPO)


def test_no_connection() -> None:
    with http_server({}) as (url, _):
        pass
    with pytest.raises(UnreachableError, match="cannot be reached"):
        at(url).repository(REPO)


def test_a_hub_that_does_not_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.catalog.hub.TIMEOUT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UnreachableError, match="in time"):
            at(f"http://127.0.0.1:{port}").repository(REPO)


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with http_server({}) as (url, _):
        pass
    monkeypatch.setenv("http_proxy", url)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(UnreachableError):
        at("http://hub.example").repository(REPO)
    monkeypatch.delenv("http_proxy")


def test_what_a_changed_proxy_sees(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library makes its connections once; a proxy set later must count all the same."""
    assert ask(server).repository(REPO)
    with http_server({f"http://hub.example{API}": Answer(503)}) as (proxy, seen):
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(UnreachableError):
            at("http://hub.example").repository(REPO)
    assert any("hub.example" in target for target, _ in seen)


def test_offline_on_purpose(server: HubServer, tmp_path: Path) -> None:
    """The switch is read when the library is imported, so in a process of its own."""
    code = (
        "from app.catalog.hub import Hub\n"
        "from app.catalog.refusals import UnreachableError\n"
        "try:\n"
        f"    Hub().repository({REPO!r})\n"
        "except UnreachableError as error:\n"
        "    print(error)\n"
    )
    environment = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    ).stdout
    assert "HF_HUB_OFFLINE" in told
    assert server.requests == []


def _serving(value: bytes | dict[str, Any], **answer: Any) -> dict[str, Answer]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return {API: Answer(body=body, **answer)}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"{}", b'{"id": "a/b", "sha": "main", "siblings": []}',
     b'{"id": 5, "sha": "' + COMMIT.encode() + b'", "siblings": []}', b"[" * 100_000],
)  # fmt: skip
def test_answers_that_make_no_sense(body: bytes) -> None:
    with (
        http_server(_serving(body)) as (url, _),
        pytest.raises(UnreachableError, match="cannot be understood"),
    ):
        at(url).repository(REPO)


def test_answers_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_ANSWER_BYTES", 1000)
    body = json.dumps({"id": REPO, "sha": COMMIT, "siblings": [], "tags": ["x" * 2000]}).encode()
    with http_server(_serving(body)) as (url, _), pytest.raises(KnownError, match="too large"):
        at(url).repository(REPO)


def test_answers_that_come_a_byte_at_a_time_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TOTAL_SECONDS", 0.0)
    body = json.dumps({"id": REPO, "sha": COMMIT, "siblings": []}).encode()
    with (
        http_server(_serving(body)) as (url, _),
        pytest.raises(UnreachableError, match="did not answer in time"),
    ):
        at(url).repository(REPO)


@pytest.mark.parametrize("words", ["Invalid username or password.", "The token is expired"])
def test_a_token_that_has_run_out_is_not_a_missing_repository(words: str) -> None:
    headers = {"X-Error-Message": words}
    answers = {API: Answer(401, headers), "/api/whoami-v2": Answer(401, headers)}
    with http_server(answers) as (url, _):
        hub = Hub(HubAccess(lambda: url, lambda: "hf_old_token"))
        with pytest.raises(KnownError, match="does not accept your access token"):
            hub.repository(REPO)
        with pytest.raises(KnownError, match="does not accept your access token"):
            hub.who_am_i("hf_old_token")
        with pytest.raises(KnownError, match="There is no repository"):
            at(url).repository(REPO)


def test_answers_that_are_packed() -> None:
    answers = _serving(b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    with http_server(answers) as (url, _), pytest.raises(KnownError, match="packed"):
        at(url).repository(REPO)


@pytest.mark.parametrize(
    "entry",
    [
        {"rfilename": 5, "size": 1},
        {"rfilename": "../../etc/passwd.gguf", "size": 1},
        {"rfilename": "/etc/a.gguf", "size": 1},
        {"rfilename": "a\\b.gguf", "size": 1},
        {"rfilename": "a\n.gguf", "size": 1},
        {"rfilename": "C:a.gguf", "size": 1},
        {"rfilename": "CON.gguf", "size": 1},
        {"rfilename": "a./b.gguf", "size": 1},
        {"rfilename": "a.gguf", "size": -1},
        {"rfilename": "a.gguf", "size": True},
        {"rfilename": "a.gguf"},
    ],
)
def test_odd_entries_are_passed_over(entry: Any) -> None:
    lfs = {"sha256": "no digest", "size": 3, "pointerSize": 1}
    good = {"rfilename": "good.gguf", "size": 3, "lfs": lfs}
    with http_server(_serving({"id": REPO, "sha": COMMIT, "siblings": [entry, good]})) as (url, _):
        (file,) = at(url).repository(REPO).files
    assert (file.path, file.sha256) == ("good.gguf", None)


@pytest.mark.parametrize(
    "name", ["", "name", "a/b/c", "../..", "a/..", "a b/c", "a/b?x", "-a/b", "a/" + "b" * 200]
)
def test_what_is_no_repository_is_not_asked_for(name: str) -> None:
    assert not is_repository_name(name)
    with pytest.raises(KnownError, match="not the name of a repository"):
        at("http://127.0.0.1:9").repository(name)


@pytest.mark.parametrize(
    "address", ["ftp://x", "huggingface.co", "https://", "file:///etc", "https://a b", "http://[x"]
)
def test_a_bad_mirror_is_said(address: str) -> None:
    access = checked_access(lambda: address, lambda: None)
    with pytest.raises(KnownError, match="address of the Hub"):
        access.endpoint()


def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert environment_endpoint() == "https://huggingface.co"
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("stored\n", encoding="utf-8")
    access = environment_access()
    assert access.token() == "stored"
    monkeypatch.setenv("HF_TOKEN", "given")
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert (access.endpoint(), access.token()) == ("https://mirror.example", "given")


def test_a_token_never_travels_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    assert environment_access().token() is None
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    assert environment_access().token() == "secret"


def test_addresses_of_files() -> None:
    file = RepoFile("b/m 1.gguf", 1, None, COMMIT)
    assert file_url("https://hub.example", REPO, file) == (
        f"https://hub.example/{REPO}/resolve/{COMMIT}/b/m%201.gguf"
    )


def test_the_library_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, app.bootstrap, app.cli; print('huggingface_hub' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout
    assert told.strip() == "False"
