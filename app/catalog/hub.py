"""What a repository of the Hub holds, over its HTTP API, with the standard library alone.

`HF_ENDPOINT` (a mirror) and `HF_TOKEN` are honoured as other programs do.
"""

import http.client
import json
import os
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from app.core.errors import KnownError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_MAX_ANSWER_BYTES = 32_000_000
_MAX_FILES = 20_000
_TIMEOUT_SECONDS = 15
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class UnreachableError(KnownError):
    """The Hub did not answer: what ships with the program has to do."""


@dataclass(frozen=True)
class RepoFile:
    """path: inside the repository. sha256: of the content, None for small files kept in git.
    revision: the commit that this was listed at."""

    path: str
    size_bytes: int
    sha256: str | None
    revision: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def is_repository_name(text: str) -> bool:
    """`owner/name`."""
    return _NAME.fullmatch(text) is not None and ".." not in text


def list_gguf_files(repo: str, revision: str | None = None) -> tuple[RepoFile, ...]:
    """The repository's GGUF files at its newest commit or that of a branch, tag or commit, sorted
    by path.

    Raises UnreachableError without a connection, KnownError when there is no such repository, it is
    private or gated, or it holds no GGUF file.
    """
    if not is_repository_name(repo):
        raise KnownError(
            f"{repo} is not the name of a repository.",
            "A repository is called owner/name.",
            "Check the name; unsloth/GLM-4.6-GGUF is one.",
        )
    at = f"/revision/{quote(revision, safe='')}" if revision else ""
    value = _ask(f"{endpoint()}/api/models/{quote(repo)}{at}?blobs=true", repo)
    files = _files(value)
    if files is None:
        raise _odd(repo, "The answer was not a list of files.")
    found = tuple(sorted((f for f in files if f.name.lower().endswith(".gguf")), key=_by_path))
    if not found:
        raise KnownError(
            f"{repo} holds no GGUF file.",
            "GGUF is the format that the engine loads; this repository has another one.",
            "Look for a repository of the same model whose name ends in -GGUF.",
        )
    return found


def endpoint() -> str:
    """Raises KnownError when HF_ENDPOINT is no address."""
    address = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or "https://huggingface.co"
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise KnownError(
            "The address in HF_ENDPOINT cannot be used.",
            "It has to begin with https:// and name a host.",
            "Correct or remove this environment variable.",
            address[:200],
        )
    return address


def token() -> str | None:
    """The person's token: HF_TOKEN, or what other programs have stored for the Hub. None when it
    would travel unencrypted to another machine."""
    address = urlsplit(endpoint())
    if address.scheme != "https" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        return None
    given = os.environ.get("HF_TOKEN", "").strip()
    if given:
        return given
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    try:
        stored = (Path(home).expanduser() / "token").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return stored or None


def file_url(repo: str, file: RepoFile) -> str:
    return f"{endpoint()}/{quote(repo)}/resolve/{quote(file.revision)}/{quote(file.path)}"


def _by_path(file: RepoFile) -> str:
    return file.path


def _files(value: Any) -> list[RepoFile] | None:  # noqa: ANN401 - JSON of a stranger
    """None when the answer is not what it should be. Entries that make no sense are left out."""
    if not isinstance(value, dict) or not isinstance(value.get("siblings"), list):
        return None
    revision = value.get("sha")
    if not isinstance(revision, str) or not _COMMIT.fullmatch(revision):
        return None
    files: list[RepoFile] = []
    for entry in value["siblings"][:_MAX_FILES]:
        path = entry.get("rfilename") if isinstance(entry, dict) else None
        size = entry.get("size") if isinstance(entry, dict) else None
        if not isinstance(path, str) or type(size) is not int or size < 0 or not _safe(path):
            continue
        lfs = entry.get("lfs")
        sha256 = lfs.get("sha256") if isinstance(lfs, dict) else None
        valid = isinstance(sha256, str) and _SHA256.fullmatch(sha256)
        files.append(RepoFile(path, size, sha256 if valid else None, revision))
    return files


def _safe(path: str) -> bool:
    """No way out of the folder that the files will be stored in, and printable."""
    parts = path.split("/")
    return path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(parts)


def _ask(url: str, repo: str) -> Any:  # noqa: ANN401 - JSON of a stranger
    headers = {"User-Agent": "glm-launcher", "Accept": "application/json"}
    bearer = token()
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - endpoint() checks
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            data = answer.read(_MAX_ANSWER_BYTES + 1)
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(repo, error.code) from error
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(
            f"{urlsplit(url).hostname} cannot be reached.",
            "There is no connection, or it did not answer in time.",
            "Check the connection and try again.",
            repr(error),
        ) from error
    if len(data) > _MAX_ANSWER_BYTES:
        raise _odd(repo, "The answer is too large.")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _odd(repo, "The answer was not readable.") from error


def _refused(repo: str, status: int) -> KnownError:
    if status in (401, 403, 404):
        return KnownError(
            f"There is no repository {repo}, or it is not open to you.",
            "The Hub does not tell the one from the other.",
            "Check the name. For a private or gated repository, accept its terms on the Hub and "
            "set HF_TOKEN.",
            f"HTTP {status}",
        )
    if status == 429:
        return UnreachableError(
            "The Hub has had too many questions from here.",
            "It limits how many it answers.",
            "Wait a few minutes, or set HF_TOKEN, with which the limit is higher.",
            f"HTTP {status}",
        )
    return UnreachableError(
        "The Hub cannot answer now.", f"It reported error {status}.", "Try again later."
    )


def _odd(repo: str, why: str) -> KnownError:
    return KnownError(
        f"What the Hub says about {repo} cannot be understood.", why, "Try again later."
    )
