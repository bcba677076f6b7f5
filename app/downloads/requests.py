"""From what the catalogue lists and the settings say to what a download is asked for."""

import os
from collections.abc import Iterable
from pathlib import Path

from app.catalog.names import RepoFile
from app.downloads.types import DownloadRequest, FileRequest, Target


def request_for(
    repo: str, files: Iterable[RepoFile], title: str, ref: str | None = "main"
) -> DownloadRequest:
    """files: of one listing, in the order in which they shall come. ref: the branch or tag that was
    listed, which a Hugging Face cache notes; None for a commit.

    Raises ValueError without files, or with files of several listings.
    """
    listed = tuple(files)
    commits = {file.revision for file in listed}
    if len(commits) != 1:
        raise ValueError("a request is for files of one commit")
    wanted = tuple(FileRequest(file.path, file.size_bytes, file.sha256) for file in listed)
    return DownloadRequest(repo, commits.pop(), wanted, title=title, ref=ref)


def models_target(models_folder: str) -> Target:
    """models_folder: what the person has chosen; empty for the Hugging Face cache."""
    if models_folder.strip():
        return Target("folder", Path(models_folder.strip()).expanduser())
    return Target("hub-cache", hub_cache())


def hub_cache() -> Path:
    """The cache that other programs use, found as huggingface_hub finds it."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return _folder(os.environ[name])
    home = os.environ.get("HF_HOME")
    if not home:
        caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        home = str(Path(caches) / "huggingface")
    return _folder(home) / "hub"


def _folder(text: str) -> Path:
    return Path(os.path.expandvars(text)).expanduser()
