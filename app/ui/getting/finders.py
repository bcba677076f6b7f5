"""From a repository and a quantization's name to what a download is asked for. Blocking."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.catalog.hub import Hub
from app.catalog.quantizations import Quantization
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.requests import request_for
from app.downloads.types import DownloadRequest
from app.planning.offers import dated_group

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Listed:
    """repo: its present name. ref: the branch or tag that was listed, None for a commit."""

    repo: str
    quantizations: tuple[Quantization, ...]
    ref: str | None = "main"


class Lister(Protocol):
    def __call__(self, repo: str, cancel: CancelToken, revision: str = "") -> Listed:
        """What a repository holds, at its newest commit or that of a branch, tag or commit. Blocks;
        raises KnownError."""
        ...


def hub_lister(hub: Hub) -> Lister:
    def listed(repo: str, cancel: CancelToken, revision: str = "") -> Listed:
        cancel.raise_if_cancelled()
        found = hub.repository(repo, revision or None)
        cancel.raise_if_cancelled()
        ref = None if _COMMIT.fullmatch(revision) else revision or "main"
        return Listed(found.repo, dated_group(hub, found), ref)

    return listed


def by_name(
    lister: Lister, repo: str, quant: str, title: str
) -> Callable[[CancelToken], DownloadRequest]:
    def find(cancel: CancelToken) -> DownloadRequest:
        listed = lister(repo, cancel)
        named = [one for one in listed.quantizations if one.name.lower() == quant.lower()]
        if not named or not named[0].offered:
            raise KnownError(
                tr("{repo} does not offer {quant} any more.", repo=repo, quant=quant),
                named[0].problem if named else tr("Its files have been renamed or removed."),
                tr("Choose another quantization on the Models page."),
            )
        return request_for(listed.repo, named[0].files, title, listed.ref)

    return find
