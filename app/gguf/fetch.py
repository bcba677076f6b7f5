"""Byte ranges over HTTP, with the standard library alone."""

import http.client
import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from urllib.parse import urljoin, urlsplit

from app.core.cancel import CancelToken
from app.core.contacts import note_contact, note_received
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.gguf.remote import RangeReply
from app.gguf.window import MAX_HEADER_BYTES

WHY = mark("Reading a model's header")
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_SIZE = re.compile(r"\d{1,18}")
_MAX_REDIRECTS = 5
_CHUNK = 64 * 1024


class _AsItComes(urllib.request.HTTPErrorProcessor):
    """Every answer is handed over: redirects too, since their headers matter and a token must not
    follow them to another host."""

    def http_response(
        self, request: urllib.request.Request, response: http.client.HTTPResponse
    ) -> http.client.HTTPResponse:
        del request
        return response

    https_response = http_response


class HttpFetcher:
    """Fetches ranges over http and https. May be used from any thread.

    token: a bearer token for the host of the URL asked for, never sent to where it redirects.
    timeout_seconds: for the next bytes of an answer; deadline_seconds: for a whole range.
    """

    def __init__(
        self,
        token: str | None = None,
        timeout_seconds: float = 20,
        deadline_seconds: float = 120,
        cancel: CancelToken | None = None,
    ) -> None:
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds
        self._cancel = cancel or CancelToken()
        self._opener = urllib.request.build_opener(_AsItComes)

    def fetch(self, url: str, start: int, length: int) -> RangeReply:
        """Raises KnownError; Cancelled when the token was cancelled."""
        host = _host(url)
        try:
            with self._final_answer(url, start, length) as (answer, told):
                reply = self._reply(answer, told, start, length, host)
                note_received(urlsplit(answer.url).hostname or host, WHY, len(reply.data))
                return reply
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(host, error) from error

    @contextmanager
    def _final_answer(
        self, url: str, start: int, length: int
    ) -> Iterator[tuple[http.client.HTTPResponse, Message]]:
        """The answer at the end of all redirects, and what the first one says about the file."""
        current, told = url, Message()
        for _ in range(_MAX_REDIRECTS + 1):
            self._cancel.raise_if_cancelled()
            with self._ask(current, start, length, own_host=_same_host(url, current)) as answer:
                for name in ("X-Linked-ETag", "X-Linked-Size", "X-Repo-Commit"):
                    if name in answer.headers and name not in told:
                        told[name] = answer.headers[name]
                location = answer.headers.get("Location")
                if answer.status not in (301, 302, 303, 307, 308) or not location:
                    yield answer, told
                    return
            target = _joined(current, location)
            _host(target)
            if urlsplit(current).scheme == "https" and urlsplit(target).scheme != "https":
                raise _not_trusted(_host(url), "It redirects away from https.")
            current = target
        raise _not_trusted(_host(url), f"It redirected more than {_MAX_REDIRECTS} times.")

    def _ask(
        self, url: str, start: int, length: int, *, own_host: bool
    ) -> http.client.HTTPResponse:
        headers = {
            "Range": f"bytes={start}-{start + length - 1}",
            "Accept-Encoding": "identity",
            "User-Agent": "glm-launcher",
        }
        if self._token and own_host:
            headers["Authorization"] = f"Bearer {self._token}"
        note_contact(_host(url), WHY)
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - see _host
        answer: http.client.HTTPResponse = self._opener.open(request, timeout=self._timeout_seconds)
        return answer

    def _reply(
        self, answer: http.client.HTTPResponse, told: Message, start: int, length: int, host: str
    ) -> RangeReply:
        skip = 0
        if answer.status == 206:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != start:
                raise _not_trusted(host, "It sent another part of the file than was asked for.")
            total = int(found[3])
        elif answer.status == 200:
            # A server without ranges sends the file from its beginning.
            size = told.get("X-Linked-Size") or answer.headers.get("Content-Length") or ""
            total = int(size) if _SIZE.fullmatch(size) else 0
            skip = start
            if not total or skip > MAX_HEADER_BYTES:
                raise _not_trusted(host, "It cannot send parts of a file.")
        else:
            raise _refused(host, answer.status, answer.headers)
        wanted = max(min(length, total - start), 0)
        data = self._read(answer, skip + wanted)[skip:]
        if len(data) < wanted:
            raise _not_trusted(host, "The connection ended before the answer was complete.")
        etag = told.get("X-Linked-ETag") or answer.headers.get("ETag")
        return RangeReply(data, total, _bare(etag), told.get("X-Repo-Commit"))

    def _read(self, answer: http.client.HTTPResponse, length: int) -> bytes:
        """At most `length` bytes, however many are sent."""
        deadline = time.monotonic() + self._deadline_seconds
        data = bytearray()
        while len(data) < length:
            self._cancel.raise_if_cancelled()
            if time.monotonic() > deadline:
                raise TimeoutError(
                    tr("no end after {deadline:.0f} seconds", deadline=self._deadline_seconds)
                )
            # read1 gives what has arrived; read would wait for all of it past the deadline.
            piece = answer.read1(min(_CHUNK, length - len(data)))
            if not piece:
                break
            data += piece
        return bytes(data)


def _host(url: str) -> str:
    """The host of an address that may be opened. Raises KnownError for others."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise KnownError(
            tr("This address cannot be opened."),
            tr("Only http and https addresses are opened."),
            tr("Check the address."),
            url[:200],
        )
    return host


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        return location


def _same_host(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _bare(etag: str | None) -> str | None:
    return etag.removeprefix("W/").strip('"') if etag else None


def _unreachable(host: str, error: Exception) -> KnownError:
    return KnownError(
        tr("{host} cannot be reached.", host=host),
        tr("It did not answer in time.")
        if isinstance(error, TimeoutError)
        else tr("There is no connection, or it broke off."),
        tr("Check the network connection and try again."),
        repr(error),
    )


def _not_trusted(host: str, why: str) -> KnownError:
    return KnownError(
        tr("The answer of {host} cannot be used.", host=host),
        why,
        tr("Check the address, or try again later."),
    )


def _refused(host: str, status: int, headers: Message) -> KnownError:
    details = f"HTTP status {status}"
    if status in (401, 403):
        return KnownError(
            tr("{host} does not give out this file.", host=host),
            tr("It does not exist, or it is private or asks for a licence to be accepted first."),
            tr("Check the name; for a private model, set an access token."),
            details,
        )
    if status in (404, 410):
        return KnownError(
            tr("{host} does not have this file.", host=host),
            tr("It was moved, renamed or deleted."),
            tr("Refresh the list of files."),
            details,
        )
    if status == 429:
        wait = headers.get("Retry-After", "")
        return KnownError(
            tr("{host} has been asked too often.", host=host),
            tr("It accepts requests again in {wait} seconds.", wait=wait) if wait.isdigit() else "",
            tr("Try again later."),
            details,
        )
    return KnownError(
        tr("{host} could not answer.", host=host),
        tr("It reported the error {status}.", status=status),
        tr("Try again later."),
        details,
    )
