"""The library itself talks to the server, unmodified."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi, RepoFile
from huggingface_hub.errors import (
    DisabledRepoError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub.content import BytesContent, PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer, RateLimit, hub_environment

REPO = "maker/GLM-4.6-GGUF"
SHARDS = tuple(f"Q4_K_M/GLM-4.6-Q4_K_M-0000{n}-of-00003.gguf" for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def api(hub: HubServer) -> HfApi:
    files = {shard: PatternContent(300_000, n) for n, shard in enumerate(SHARDS)}
    hub.world.add(REPO, {**files, "README.md": BytesContent(b"# GLM\n")})
    return HfApi(endpoint=hub.endpoint, token=False)


def test_model_info_lists_sizes_and_hashes(hub: HubServer, api: HfApi) -> None:
    info = api.model_info(REPO, files_metadata=True)

    repo = hub.world.repos[REPO]
    assert info.sha == repo.head
    siblings = {s.rfilename: s for s in info.siblings or ()}
    lfs = siblings[SHARDS[0]].lfs
    assert lfs is not None
    assert (lfs.size, lfs.sha256) == (
        300_000,
        repo.commits[repo.head][SHARDS[0]].content.sha256,
    )


def test_the_tree_comes_in_pages(hub: HubServer, api: HfApi) -> None:
    hub.world.page_size = 2

    files = [e for e in api.list_repo_tree(REPO, recursive=True) if isinstance(e, RepoFile)]

    assert {f.path for f in files} == {*SHARDS, "README.md"}
    assert len(files) == 4
    assert all(f.lfs for f in files)
    assert [e.path for e in api.list_repo_tree(REPO)] == ["Q4_K_M", "README.md"]
    inside = [e.path for e in api.list_repo_tree(REPO, "Q4_K_M")]
    assert inside == list(SHARDS)


def test_search_whoami_refs_and_paths(hub: HubServer, api: HfApi) -> None:
    hub.world.add("other/thing", {"a.txt": BytesContent(b"a")}, downloads=5)
    hub.world.tokens["hf_good"] = "someone"

    assert [m.id for m in api.list_models(search="glm")] == [REPO]
    assert [m.id for m in api.list_models(author="other")] == ["other/thing"]
    assert api.whoami(token="hf_good")["name"] == "someone"
    assert api.list_repo_refs(REPO).branches[0].target_commit == hub.world.repos[REPO].head
    assert [f.path for f in api.get_paths_info(REPO, [SHARDS[1]])] == [SHARDS[1]]


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        # The library takes a bare 401 for "not found" over https alone.
        (lambda api: api.model_info("no/body"), HfHubHTTPError),
        (lambda api: api.model_info("private/one"), HfHubHTTPError),
        (lambda api: api.model_info("no/body", token="hf_other"), RepositoryNotFoundError),
        (lambda api: api.model_info(REPO, revision="nope"), RevisionNotFoundError),
        (lambda api: api.auth_check("gated/one"), GatedRepoError),
        (lambda api: api.auth_check("gated/one", token="hf_other"), GatedRepoError),
        (lambda api: api.model_info("disabled/one"), DisabledRepoError),
        (lambda api: api.whoami(token="hf_wrong"), HfHubHTTPError),
        (lambda api: list(api.list_repo_tree(REPO, "nowhere")), EntryNotFoundError),
    ],
)
def test_refusals_are_the_librarys_own_errors(
    hub: HubServer, api: HfApi, ask: Callable[[HfApi], object], error: type[Exception]
) -> None:
    content = {"a.gguf": BytesContent(b"GGUF")}
    hub.world.add("private/one", content, private=True, allowed={"owner"})
    hub.world.add("gated/one", content, gated=True, allowed={"owner"})
    hub.world.add("disabled/one", content, disabled=True)
    hub.world.tokens.update(hf_owner="owner", hf_other="other")

    with pytest.raises(error):
        ask(api)
    api.auth_check("gated/one", token="hf_owner")
    assert api.model_info("private/one", token="hf_owner").private


def test_a_renamed_repository_is_followed(hub: HubServer, api: HfApi) -> None:
    hub.world.renamed["maker/old-name"] = REPO

    assert api.model_info("maker/old-name").id == REPO


def test_rate_limit_headers_are_understood(hub: HubServer, api: HfApi) -> None:
    hub.rate_limit = RateLimit(remaining=0, reset_seconds=55)

    with pytest.raises(HfHubHTTPError, match="Retry after 55 seconds"):
        api.model_info(REPO)


def _download(hub: HubServer, home: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {**hub_environment(hub), "HF_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_hf_hub_download_takes_the_bytes_from_the_cdn(hub: HubServer, tmp_path: Path) -> None:
    hub.misbehave(SHARDS[1], Fault(cut_after=1000))
    script = (
        "import json; from huggingface_hub import hf_hub_download as get\n"
        f"print(json.dumps([get({REPO!r}, p) for p in {[*SHARDS, 'README.md']!r}]))"
    )

    result = _download(hub, tmp_path, script)

    assert result.returncode == 0, result.stderr
    repo = hub.world.repos[REPO]
    for path, name in zip(json.loads(result.stdout), [*SHARDS, "README.md"], strict=True):
        content = repo.commits[repo.head][name].content
        assert Path(path).read_bytes() == content.read(0, content.size)
        assert f"snapshots{os.sep}{repo.head}" in path
    assert hub.requests_to("cdn", SHARDS[0])
