"""From a file's name to an address that gives its bytes, renewed when it expires."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import quote

from app.core.hub_access import HubAccess
from app.core.language import tr
from app.downloads.refusals import busy_or_none, known_refusal
from app.downloads.stream import WireError
from app.downloads.types import DownloadRequest, FileChange, FileRequest
from app.downloads.wire import Connection, Response, join_url, origin_of, split_url

_MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
USER_AGENT = "glm-launcher"


class FileChanged(Exception):  # noqa: N818 - a question for the person rather than an error
    """The server has another file under this name now."""

    def __init__(self, change: FileChange) -> None:
        super().__init__(change.path)
        self.change = change


class RedirectLoopError(WireError):
    """The server sends from one address to the next without end."""


@dataclass(frozen=True)
class Link:
    """headers: to be sent with it (the token, where the Hub gives the bytes itself)."""

    url: str
    headers: Mapping[str, str]
    number: int


class LinkSource:
    """Links for one file; several connections share one. For one asyncio loop."""

    def __init__(self, hub: HubAccess, request: DownloadRequest, file: FileRequest) -> None:
        self._hub = hub
        self._request = request
        self._file = file
        self._link: Link | None = None
        self._lock = asyncio.Lock()
        self._number = 0

    async def get(self, expired: Link | None = None) -> Link:
        """The link in use; a new one when that one is `expired`.

        Raises WireError, ServerBusyError, FileChanged, and KnownError for what no retry can mend.
        """
        async with self._lock:
            if self._link is None or self._link is expired:
                self._link = None
                self._link = await self._resolve()
            return self._link

    async def _resolve(self) -> Link:
        revision = quote(self._request.commit, safe="")
        base = f"{self._hub.endpoint()}/{quote(self._request.repo)}/resolve/{revision}"
        url = f"{base}/{quote(self._file.path)}"
        home = origin_of(split_url(url))
        self._number += 1
        for _ in range(_MAX_REDIRECTS):
            headers = self._headers(url, home)
            response = await _head(url, headers)
            if response.status not in _REDIRECTS:
                self._check_status(response)
                self._check_unchanged(response.headers, response.headers.get("Content-Length"))
                return Link(url, headers, self._number)
            self._check_unchanged(response.headers, None)
            following = join_url(url, response.headers.get("Location", ""))
            if origin_of(split_url(following)) != home:
                return Link(following, {"User-Agent": USER_AGENT}, self._number)
            url = following
        raise RedirectLoopError(tr("the server redirects without end"))

    def _headers(self, url: str, home: tuple[str, str]) -> dict[str, str]:
        """The token goes to the Hub alone, and never over a line that others can read."""
        headers = {"User-Agent": USER_AGENT}
        token, parts = self._hub.token(), split_url(url)
        safe = parts.scheme == "https" or parts.hostname in _LOCAL_HOSTS
        if token and safe and origin_of(parts) == home:
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _check_status(self, response: Response) -> None:
        if response.status == 200:
            return
        busy = busy_or_none(response.status, response.headers)
        if busy is not None:
            raise busy
        raise known_refusal(self._request.repo, self._file.path, response.status, response.headers)

    def _check_unchanged(self, headers: Message, length: str | None) -> None:
        """What the Hub says about the file against what was listed. The redirect's own length is
        not the file's."""
        told = headers.get("X-Linked-Size") or length
        size = int(told) if told is not None and re.fullmatch(r"\d{1,18}", told) else None
        etag = (headers.get("X-Linked-ETag") or "").removeprefix("W/").strip('"').lower()
        sha256 = etag if re.fullmatch(r"[0-9a-f]{64}", etag) else None
        commit = headers.get("X-Repo-Commit")
        wanted = self._file
        other_size = size is not None and size != wanted.size_bytes
        other_hash = None not in (sha256, wanted.sha256) and sha256 != wanted.sha256
        if wanted.sha256 is None:
            other_hash = commit is not None and commit != self._request.commit
        if other_size or other_hash:
            now = wanted.size_bytes if size is None else size
            raise FileChanged(FileChange(wanted.path, now, sha256, commit))


async def _head(url: str, headers: Mapping[str, str]) -> Response:
    parts = split_url(url)
    connection = await Connection.open(parts)
    try:
        async with asyncio.timeout(30):
            return await connection.request("HEAD", parts, headers)
    except TimeoutError as error:
        raise WireError(tr("the Hub did not answer")) from error
    finally:
        connection.close()
