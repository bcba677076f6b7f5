"""From a repository and a quantization's name to what a download is asked for. Blocking."""

from collections.abc import Callable
from dataclasses import dataclass

from app.catalog.hub import Hub
from app.catalog.quantizations import Quantization
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.downloads.requests import request_for
from app.downloads.types import DownloadRequest
from app.planning.offers import dated_group


@dataclass(frozen=True)
class Listed:
    """repo: its present name."""

    repo: str
    quantizations: tuple[Quantization, ...]


Lister = Callable[[str, CancelToken], Listed]
"""What a repository holds at its newest commit. Blocks; raises KnownError."""


def hub_lister(hub: Hub) -> Lister:
    def listed(repo: str, cancel: CancelToken) -> Listed:
        cancel.raise_if_cancelled()
        found = hub.repository(repo)
        cancel.raise_if_cancelled()
        return Listed(found.repo, dated_group(hub, found))

    return listed


def by_name(
    lister: Lister, repo: str, quant: str, title: str
) -> Callable[[CancelToken], DownloadRequest]:
    def find(cancel: CancelToken) -> DownloadRequest:
        listed = lister(repo, cancel)
        named = [one for one in listed.quantizations if one.name.lower() == quant.lower()]
        if not named or not named[0].offered:
            raise KnownError(
                f"{repo} does not offer {quant} any more.",
                named[0].problem if named else "Its files have been renamed or removed.",
                "Choose another quantization on the Models page.",
            )
        return request_for(listed.repo, named[0].files, title)

    return find
