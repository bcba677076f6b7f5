"""What the Hub holds, asked through huggingface_hub. Blocking; for worker threads."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.catalog.access import environment_access
from app.catalog.names import RepoFile, is_repository_name, is_safe_path
from app.catalog.refusals import UnreachableError, not_a_name, odd, switched_off, told
from app.catalog.session import TIMEOUT_SECONDS, api, offline
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Hub", "HubStats", "RepoFile", "RepoSummary", "Repository", "UnreachableError"]

_MAX_FILES = 20_000
_MAX_FOUND = 200
_LONGEST_TEXT = 200
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DATED_AT_ONCE = 100


@dataclass(frozen=True)
class HubStats:
    """downloads: of the last 30 days, as the Hub counts. None where it does not say."""

    downloads: int | None = None
    likes: int | None = None
    last_modified: datetime | None = None


@dataclass(frozen=True)
class RepoSummary:
    """As a search finds it. gated: its files are for people who have accepted its terms."""

    repo: str
    stats: HubStats
    gated: bool = False
    private: bool = False
    base_models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def publisher(self) -> str:
        return self.repo.partition("/")[0]


@dataclass(frozen=True)
class Repository:
    """At one commit. repo: its present name. asked: the name that was asked for."""

    summary: RepoSummary
    commit: str
    files: tuple[RepoFile, ...]
    asked: str
    licence: str = ""

    @property
    def repo(self) -> str:
        return self.summary.repo

    @property
    def renamed(self) -> bool:
        return self.repo.lower() != self.asked.lower()

    @property
    def gguf_files(self) -> tuple[RepoFile, ...]:
        return tuple(file for file in self.files if ".gguf" in file.name.lower())


class Hub:
    """Thread-safe. Every method raises UnreachableError when the Hub gives no usable answer (what
    ships with the program has to do then) and KnownError when it refuses."""

    def __init__(self, access: HubAccess | None = None) -> None:
        """access: by default what the environment says."""
        self.access = access or environment_access()

    def repository(self, repo: str, revision: str | None = None) -> Repository:
        """With sizes and hashes of all files, at the commit that `revision` names now."""
        _check_name(repo)
        if revision is not None and not 0 < len(revision) <= _LONGEST_TEXT:
            raise not_a_name(f"{repo}@{revision}")
        client, endpoint = self._client()
        with told(endpoint, repo):
            info = client.model_info(
                repo, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS
            )
            return _repository(repo, info)

    def search(self, text: str, limit: int = 40) -> tuple[RepoSummary, ...]:
        """Repositories with GGUF files whose name holds the text: GLM models first, then by
        downloads."""
        client, endpoint = self._client()
        most = max(1, min(limit, _MAX_FOUND))
        with told(endpoint, f"“{text[:_LONGEST_TEXT]}”"):
            found = [_summary(info) for info in _models(client, text.strip(), most)]
        usable = [one for one in found if is_repository_name(one.repo)]
        return tuple(sorted(usable, key=lambda one: "glm" not in one.repo.lower()))

    def stats(self, repo: str) -> HubStats:
        """Cheap: without the list of files."""
        _check_name(repo)
        client, endpoint = self._client()
        with told(endpoint, repo):
            info = client.model_info(
                repo, expand=["downloads", "likes", "lastModified"], timeout=TIMEOUT_SECONDS
            )
            return _stats(info)

    def dates(self, repository: Repository, paths: Iterable[str]) -> dict[str, datetime]:
        """When each file was last changed, as far as the Hub says."""
        client, endpoint = self._client()
        wanted = list(paths)
        dates: dict[str, datetime] = {}
        with told(endpoint, repository.repo):
            for start in range(0, len(wanted), _DATED_AT_ONCE):
                infos = client.get_paths_info(
                    repository.repo,
                    wanted[start : start + _DATED_AT_ONCE],
                    expand=True,
                    revision=repository.commit,
                )
                for info in infos:
                    changed = getattr(info, "last_commit", None)
                    if changed is not None and isinstance(changed.date, datetime):
                        dates[info.path] = _aware(changed.date)
        return dates

    def who_am_i(self, token: str) -> str:
        """The name of the account that a token belongs to; KnownError when it is not accepted."""
        from app.catalog.access import is_private_line

        endpoint = self.access.endpoint()
        if not is_private_line(endpoint):
            raise KnownError(
                tr("The token was not sent."),
                tr("The connection to this mirror is not encrypted, so that others could read it."),
                tr("Use a mirror whose address begins with https://."),
            )
        client = api(endpoint, token)
        with told(endpoint, tr("your account")):
            name = client.whoami()["name"]
            if not isinstance(name, str):
                raise TypeError("a name is a text")
            return name[:_LONGEST_TEXT]

    def _client(self) -> "tuple[HfApi, str]":
        endpoint = self.access.endpoint()
        if offline():
            raise switched_off()
        return api(endpoint, self.access.token()), endpoint


def _check_name(repo: str) -> None:
    if not is_repository_name(repo):
        raise not_a_name(repo)


def _models(client: "HfApi", text: str, most: int) -> list[Any]:
    """One page and one try: `HfApi.list_models` would try again for half a minute while somebody
    waits for an answer that the shipped list can give."""
    from huggingface_hub import ModelInfo
    from huggingface_hub.utils import (  # type: ignore[attr-defined] # public, but not marked so
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    wanted = {"filter": "gguf", "sort": "downloads", "limit": str(most)}
    if text:
        wanted["search"] = text[:_LONGEST_TEXT]
    answer = get_session().get(
        f"{client.endpoint}/api/models",
        params=wanted,
        headers=build_hf_headers(token=client.token, library_name=client.library_name),
        timeout=TIMEOUT_SECONDS,
    )
    hf_raise_for_status(answer)
    items = _first(answer.json(), most)
    return [ModelInfo(**{"siblings": None, **item}) for item in items]  # type: ignore[no-untyped-call]


def _first(items: Iterable[Any], count: int) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found.append(item)
        if len(found) >= count:
            break
    return found


def _repository(asked: str, info: Any) -> Repository:  # noqa: ANN401 - a stranger's answer
    commit = info.sha
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise odd(asked, tr("It names no commit."))
    if not isinstance(info.siblings, list):
        raise odd(asked, tr("The answer was not a list of files."))
    files = (_file(sibling, commit) for sibling in info.siblings[:_MAX_FILES])
    kept = sorted((file for file in files if file is not None), key=lambda file: file.path)
    summary = _summary(info)
    if not is_repository_name(summary.repo):
        raise odd(asked, tr("Its name is not one that a repository can have."))
    licences = [tag.removeprefix("license:") for tag in summary.tags if tag.startswith("license:")]
    return Repository(summary, commit, tuple(kept), asked, licences[0] if licences else "")


def _file(sibling: Any, commit: str) -> RepoFile | None:  # noqa: ANN401
    """None for entries that make no sense."""
    path, size = sibling.rfilename, sibling.size
    if not isinstance(path, str) or type(size) is not int or size < 0 or not is_safe_path(path):
        return None
    sha256 = getattr(sibling.lfs, "sha256", None)
    valid = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
    return RepoFile(path, size, sha256 if valid else None, commit)


def _summary(info: Any) -> RepoSummary:  # noqa: ANN401
    tags = tuple(tag for tag in info.tags or () if isinstance(tag, str))[:200]
    bases = dict.fromkeys(
        tag.rpartition(":")[2] for tag in tags if tag.startswith("base_model:") and "/" in tag
    )
    return RepoSummary(
        str(info.id),
        _stats(info),
        gated=bool(info.gated),
        private=bool(info.private),
        base_models=tuple(bases),
        tags=tags,
    )


def _stats(info: Any) -> HubStats:  # noqa: ANN401
    changed = info.last_modified
    return HubStats(
        _count(info.downloads),
        _count(info.likes),
        _aware(changed) if isinstance(changed, datetime) else None,
    )


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
