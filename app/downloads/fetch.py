"""One connection: requests for spans, answers into the file."""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import SplitResult

from app.core.language import tr
from app.downloads.clock import Clock
from app.downloads.limits import Limits
from app.downloads.link import Link, RedirectLoopError
from app.downloads.pieces import Span
from app.downloads.recent import BLOCK_BYTES
from app.downloads.refusals import busy_or_none
from app.downloads.stream import WireError
from app.downloads.wire import Connection, Response, join_url, origin_of, split_url

_PULL_SECONDS = 0.25
_MAX_REDIRECTS = 10
_REDIRECTS = (301, 302, 303, 307, 308)
STALL_SECONDS = 30.0
_LEAST_BYTES = 16 * 1024
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_EXPIRED = (401, 403, 404, 410)


T = TypeVar("T")
Tell = Callable[[int, int, bytearray], None]


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

    def claim(self, fetcher: "Fetcher", span: Span, most: int) -> int:
        """How many bytes to receive next; 0 when the span is over or the journal has to catch up.
        On any thread."""
        ...

    def buffer(self) -> bytearray:
        """BLOCK_BYTES of memory, on any thread; the sink's again with `stored` or `put_back`."""
        ...

    def put_back(self, buffer: bytearray) -> None: ...

    def write(self, offset: int, data: memoryview) -> None:
        """Put it into the file, on any thread. Raises OSError."""
        ...

    def stored(self, fetcher: "Fetcher", offset: int, count: int, buffer: bytearray) -> None:
        """The first `count` bytes of the buffer are in the file now."""
        ...


@dataclass
class _Whole:
    """An answer that holds the whole file, read up to `position`."""

    response: Response
    position: int


class Fetcher:
    """received_bytes and journaled_bytes: how far this connection is ahead of the journal.
    latency_seconds: from the last request to its answer. bytes_per_second: of the last span."""

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self._sink = sink
        self._limits = limits
        self._connection: Connection | None = None
        self._whole: _Whole | None = None
        self._held_back = False
        self.received_bytes = 0
        self.journaled_bytes = 0
        self.latency_seconds = 0.0
        self.bytes_per_second = 0.0

    async def fetch(self, span: Span, link: Link, whole: bool = False) -> None:
        """Bring the span; its position says how far it got. whole: without a range, skipping what
        comes before the span. Every block has been stored when this returns or raises.

        Raises WireError, KnownError for proxies, OSError of the file.
        """
        try:
            kept, self._whole = self._whole, None
            if whole and kept is not None and kept.position <= span.position:
                response, skipped = kept.response, kept.position
            else:
                started = time.monotonic()
                response, skipped = await self._ask(span, link, whole), 0
                self.latency_seconds = time.monotonic() - started
            if response.status == 200:
                await self._skip(response, span.position - skipped)
            await self._receive(response, span)
            if whole:
                self._whole = _Whole(response, span.position)
            elif not response.reusable:
                self.close()
        except BaseException:
            self.close()
            raise

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
                connection.stream.abort(StalledError(tr("the server has stopped sending")))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._whole = None

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
            following = join_url(url, response.headers.get("Location", ""))
            if origin_of(split_url(following)) != origin_of(split_url(url)):
                headers.pop("Authorization", None)
            if url.startswith("https:") and not following.startswith("https:"):
                raise WireError(tr("the server redirects to an unsafe address"))
            url = following
        raise RedirectLoopError(tr("the server redirects without end"))

    async def _send(self, url: SplitResult, headers: Mapping[str, str]) -> Response:
        kept = self._connection
        if kept is not None and kept.origin == origin_of(url) and not kept.stream.ended:
            with contextlib.suppress(WireError):  # closed meanwhile: a new connection decides
                return await kept.request("GET", url, headers)
        self.close()
        self._connection = await Connection.open(url)
        return await self._connection.request("GET", url, headers)

    async def _receive(self, response: Response, span: Span) -> None:
        loop = asyncio.get_running_loop()
        started, before = time.monotonic(), span.position

        def tell(offset: int, count: int, buffer: bytearray) -> None:
            loop.call_soon_threadsafe(self._sink.stored, self, offset, count, buffer)

        while span.left > 0:
            await self._held(self._sink.credit(self))
            budget = self._limits.grain_bytes
            if budget is None:
                budget = span.left
            else:
                await self._held(self._limits.take(budget))
            await self._on_line(lambda most=budget: self._pull(response, span, most, tell))  # type: ignore[misc]
        seconds = time.monotonic() - started
        self.bytes_per_second = (span.position - before) / seconds if seconds else 0.0

    def _pull(self, response: Response, span: Span, budget: int, tell: Tell) -> None:
        """From the socket into the file, on a worker thread: `budget` bytes, or fewer where the
        span ends, the journal is behind, or some time has passed.

        Raises WireError when nothing came, OSError of the file.
        """
        deadline, first, over = time.monotonic() + _PULL_SECONDS, True, False
        while not over and (most := self._sink.claim(self, span, min(budget, BLOCK_BYTES))):
            buffer, offset, count = self._sink.buffer(), span.position, 0
            try:
                while count < most and not over:
                    step = memoryview(buffer)[count : min(most, count + BLOCK_BYTES)]
                    filled, over = _fill(response, step, deadline, must=first)
                    self._sink.write(offset + count, step[:filled])
                    first, count = False, count + filled
            finally:
                self.received_bytes += count
                span.position += count
                if count:
                    tell(offset, count, buffer)
                else:
                    self._sink.put_back(buffer)
            budget -= count

    async def _skip(self, response: Response, count: int) -> None:
        piece = bytearray(BLOCK_BYTES)
        while count > 0:
            wanted = memoryview(piece)[: min(count, BLOCK_BYTES)]
            got = await self._on_line(lambda view=wanted: response.read_into(view, 1))  # type: ignore[misc]
            if got == 0:
                raise WireError(tr("the answer ended too early"))
            count -= got

    async def _on_line(self, work: Callable[[], T]) -> T:
        if self._connection is None:
            raise WireError(tr("the connection was closed"))
        return await self._connection.stream.on_thread(work)

    async def _held(self, waiting: Awaitable[None]) -> None:
        """Our own waits are not the server's silence."""
        self._held_back = True
        await waiting


def _fill(response: Response, step: memoryview, deadline: float, must: bool) -> tuple[int, bool]:
    """How much came, and whether it is time to stop. must: raise WireError when nothing came."""
    filled = got = 0
    late = False
    while filled < len(step):
        # A whole number of the hash's blocks, so that its state can be kept.
        rest = step[filled : filled + -filled % 64] if late else step[filled:]
        try:
            got = response.read_into(rest, len(rest) if response.brisk and not late else 1)
        except WireError:
            got = 0
            if must and filled == 0:
                raise
        if got == 0 and must and filled == 0:
            raise WireError(tr("the answer ended too early"))
        filled += got
        late = time.monotonic() > deadline
        if got == 0 or (late and filled % 64 == 0):
            return filled, True
    return filled, False


def check_answer(response: Response, span: Span, whole: bool, sink: Sink) -> None:
    """Is this the piece of the file that was asked for? Notes the ETag of the first answer.

    Raises WireError of the kind that says what to do about it.
    """
    status = response.status
    if status in _EXPIRED:
        raise LinkExpiredError(tr("the server answered {status}", status=status))
    if (busy := busy_or_none(status, response.headers)) is not None:
        raise busy
    if status == 416:
        raise OtherFileError(tr("the server says that the file is shorter"))
    if status not in (200, 206) or (status == 206 and whole):
        raise WireError(tr("the server answered {status}", status=status))
    etag = response.headers.get("ETag")
    if etag is not None and not etag.startswith("W/"):
        if sink.etag not in (None, etag):
            raise OtherFileError(tr("the file on the server is another one"))
        sink.etag = etag
    if status == 206:
        _check_range(response.headers.get("Content-Range", ""), span, sink.size)
    elif response.length not in (None, sink.size):
        raise OtherFileError(tr("the file on the server has another size"))
    elif not whole and span.position != 0:
        raise RangeIgnoredError(tr("the server sent the whole file instead of a part"))


def _check_range(header: str, span: Span, size: int) -> None:
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise WireError(tr("the server does not say which part it sends"))
    if match[3] not in ("*", str(size)):
        raise OtherFileError(tr("the file on the server has another size"))
    if int(match[1]) != span.position:
        raise WireError(tr("the server sent another part than was asked for"))
