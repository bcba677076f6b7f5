"""One connection: requests for spans, answers into the file."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Mapping
from typing import Protocol
from urllib.parse import SplitResult, urljoin

from app.downloads.clock import Clock
from app.downloads.limits import Limits
from app.downloads.link import Link, RedirectLoopError
from app.downloads.pieces import Span
from app.downloads.refusals import busy_or_none
from app.downloads.stream import WireError
from app.downloads.types import MIB
from app.downloads.wire import Connection, Response, origin_of, split_url

BLOCK_BYTES = MIB
_MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
STALL_SECONDS = 30.0
_LEAST_BYTES = 16 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_EXPIRED = (401, 403, 404, 410)


class LinkExpiredError(WireError):
    """The signed link is no longer accepted."""


class RangeIgnoredError(WireError):
    """The server sent the whole file when asked for a part."""


class OtherFileError(WireError):
    """The bytes offered are not of the file that was begun."""


class StalledError(WireError):
    """Nothing, or next to nothing, came for a while."""


class Sink(Protocol):
    """What a fetcher needs of the transfer it works for."""

    size: int
    etag: str | None

    async def credit(self, fetcher: "Fetcher") -> None:
        """Wait until another block may be received before the journal knows of the last ones."""
        ...

    async def store(self, fetcher: "Fetcher", offset: int, data: memoryview) -> None:
        """Returns when the data is in the file."""
        ...


class Fetcher:
    """received_bytes and journaled_bytes: how far this connection is ahead of the journal."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self._sink = sink
        self._limits = limits
        self._connection: Connection | None = None
        self._buffers = (bytearray(BLOCK_BYTES), bytearray(BLOCK_BYTES))
        self._writing: list[asyncio.Future[None] | None] = [None, None]
        self._held_back = False
        self.received_bytes = 0
        self.written_bytes = 0
        self.journaled_bytes = 0

    async def fetch(self, span: Span, link: Link, whole: bool = False) -> None:
        """Bring the span; its position says how far it got. whole: without a range, skipping what
        comes before the span. Every block has been stored when this returns or raises.

        Raises WireError, KnownError for proxies, and what Sink.store raises.
        """
        try:
            response = await self._ask(span, link, whole)
            await self._receive(response, span)
            if not response.reusable:
                self.close()
        except BaseException:
            self.close()
            raise
        finally:
            await self._written()

    async def watch(self, clock: Clock) -> None:
        """Runs beside `fetch` and breaks a connection that gives next to nothing."""
        while True:
            connection, self._held_back = self._connection, False
            before = connection.stream.received if connection is not None else 0
            await clock.sleep(STALL_SECONDS)
            same = connection is not None and connection is self._connection
            if not same or connection is None or self._held_back:
                continue
            if connection.stream.received - before < _LEAST_BYTES:
                connection.stream.abort(StalledError("the server has stopped sending"))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _ask(self, span: Span, link: Link, whole: bool) -> Response:
        url, headers = link.url, dict(link.headers)
        if not whole:
            headers["Range"] = f"bytes={span.position}-{span.end - 1}"
            if self._sink.etag is not None:
                headers["If-Range"] = self._sink.etag
        for _ in range(_MAX_REDIRECTS):
            response = await self._send(split_url(url), headers)
            if response.status not in _REDIRECTS:
                check_answer(response, span, whole, self._sink)
                return response
            self.close()
            following = urljoin(url, response.headers.get("Location", ""))
            if origin_of(split_url(following)) != origin_of(split_url(url)):
                headers.pop("Authorization", None)
            if url.startswith("https:") and not following.startswith("https:"):
                raise WireError("the server redirects to an unsafe address")
            url = following
        raise RedirectLoopError("the server redirects without end")

    async def _send(self, url: SplitResult, headers: Mapping[str, str]) -> Response:
        kept = self._connection
        if kept is not None and kept.origin == origin_of(url) and not kept.stream.ended:
            with contextlib.suppress(WireError):  # closed meanwhile: a new connection decides
                return await kept.request("GET", url, headers)
        self.close()
        self._connection = await Connection.open(url)
        return await self._connection.request("GET", url, headers)

    async def _receive(self, response: Response, span: Span) -> None:
        if response.status == 200:
            await self._skip(response, span.position)
        turn = 0
        while span.left > 0:
            await self._held(self._sink.credit(self))
            await self._held(self._slot(turn))
            block = memoryview(self._buffers[turn])[: min(span.left, BLOCK_BYTES)]
            # Another connection may have taken a share of the span meanwhile.
            count = min(await self._fill(response, block), max(0, span.left))
            offset = span.position
            span.position += count
            self.received_bytes += count
            stored = self._sink.store(self, offset, block[:count])
            self._writing[turn] = asyncio.ensure_future(stored)
            turn = 1 - turn

    async def _skip(self, response: Response, count: int) -> None:
        while count > 0:
            piece = memoryview(self._buffers[0])[: min(count, BLOCK_BYTES)]
            got = await response.read_into(piece, 1)
            if got == 0:
                raise WireError("the answer ended too early")
            count -= got

    async def _fill(self, response: Response, block: memoryview) -> int:
        """As much of the block as comes; what came before a break is kept.

        Raises WireError when nothing came."""
        filled = 0
        while filled < len(block):
            grain = min(self._limits.grain_bytes, len(block) - filled)
            await self._held(self._limits.take(grain))
            try:
                count = await response.read_into(block[filled : filled + grain])
            except WireError:
                if filled == 0:
                    raise
                break
            filled += count
            if count < grain:
                break
        if filled == 0:
            raise WireError("the answer ended too early")
        return filled

    async def _held(self, waiting: Awaitable[None]) -> None:
        """Our own waits are not the server's silence."""
        self._held_back = True
        await waiting

    async def _slot(self, turn: int) -> None:
        writing, self._writing[turn] = self._writing[turn], None
        if writing is not None:
            await writing

    async def _written(self) -> None:
        """Wait for the blocks on their way to the file; raises what went wrong with them."""
        writing = [w for w in self._writing if w is not None]
        self._writing = [None, None]
        for result in await asyncio.gather(*writing, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result


def check_answer(response: Response, span: Span, whole: bool, sink: Sink) -> None:
    """Is this the piece of the file that was asked for? Notes the ETag of the first answer.

    Raises WireError of the kind that says what to do about it.
    """
    status = response.status
    if status in _EXPIRED:
        raise LinkExpiredError(f"the server answered {status}")
    if (busy := busy_or_none(status, response.headers)) is not None:
        raise busy
    if status == 416:
        raise OtherFileError("the server says that the file is shorter")
    if status not in (200, 206) or (status == 206 and whole):
        raise WireError(f"the server answered {status}")
    etag = response.headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        if sink.etag not in (None, etag):
            raise OtherFileError("the file on the server is another one")
        sink.etag = etag
    if status == 206:
        _check_range(response.headers.get("Content-Range", ""), span, sink.size)
    elif response.length not in (None, sink.size):
        raise OtherFileError("the file on the server has another size")
    elif not whole and span.position != 0:
        raise RangeIgnoredError("the server sent the whole file instead of a part")


def _check_range(header: str, span: Span, size: int) -> None:
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise WireError("the server does not say which part it sends")
    if match[3] not in ("*", str(size)):
        raise OtherFileError("the file on the server has another size")
    if int(match[1]) != span.position:
        raise WireError("the server sent another part than was asked for")
