"""One file from the Hub onto the disk: connections, hash and journal working side by side."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.clock import Clock, Pulse, first_of
from app.downloads.disk import DiskThreads, hash_some
from app.downloads.fetch import (
    Fetcher,
    LinkExpiredError,
    OtherFileError,
    RangeIgnoredError,
)
from app.downloads.giving_up import gave_up
from app.downloads.hashing import new_digest
from app.downloads.journal import Picture
from app.downloads.limits import Limits
from app.downloads.link import Link, LinkSource
from app.downloads.pieces import LARGEST_PIECE, LOOK_AGAIN_SECONDS, Board, Span, piece_bytes
from app.downloads.recent import BLOCK_BYTES, Recent
from app.downloads.refusals import ServerBusyError
from app.downloads.restore import Partial
from app.downloads.retry import Backoff
from app.downloads.space import is_full
from app.downloads.staff import Staff
from app.downloads.stream import WireError
from app.downloads.types import MIB

AHEAD_BYTES = 4 * MIB
_CHECKPOINT_BYTES = 2 * MIB  # half, so that bytes go on coming during a sync
_HASH_BYTES = 8 * MIB
_HASH_LEAST_BYTES = 4 * MIB  # at once, but for the last ones
_CHECKPOINT_SECONDS = 5.0
_IGNORED_RANGES = 2


class NoSpace(Exception):  # noqa: N818 - the job waits and goes on
    """The disk is full."""


@dataclass
class Tools:
    """What transfers share. space_left: False when the disk is nearly full."""

    limits: Limits
    clock: Clock
    disk: DiskThreads
    space_left: Callable[[], bool] = field(default=lambda: True)


@dataclass
class Trouble:
    """Why nothing moves, and when (on the clock) the next try comes."""

    reason: str
    until: float


class FileTransfer:
    """Runs once. etag: the server's name for the content, as of the first answer."""

    def __init__(self, partial: Partial, links: LinkSource, tools: Tools) -> None:
        self.size = partial.size
        self.etag: str | None = None
        self.trouble: Trouble | None = None
        self._partial = partial
        self._links = links
        self._tools = tools
        self._digest = new_digest(partial.picture.hash_state)
        self._hash_state = self._digest.state()
        self._board = Board(partial.size, partial.picture.ranges.copy(), tools.limits.connections)
        self._recent = Recent()
        self._fetchers: dict[int, Fetcher] = {}
        self._moved = Pulse()
        self._staffing = Pulse()  # a worker has left, or there is nothing left to do
        self._journaled = Pulse()
        self._due = asyncio.Event()
        self._ignored_ranges = 0
        self._dirty = False

    @property
    def done_bytes(self) -> int:
        return self._board.written.total

    @property
    def verified_bytes(self) -> int:
        return self._digest.length

    async def run(self) -> str:
        """Everything fetched, hashed and journaled; the hash of what is in the file.

        Raises KnownError, FileChanged, NoSpace; what has come by then is in the journal.
        """
        try:
            await self._together()
        except BaseExceptionGroup as group:
            raise _first(group) from None
        finally:
            for fetcher in self._fetchers.values():
                fetcher.close()
            await self._last_checkpoint()
        return self._digest.hexdigest()

    async def _together(self) -> None:
        async with asyncio.TaskGroup() as group:
            journaling = group.create_task(self._keep_journal())
            hashing = group.create_task(self._hash())
            workers: list[asyncio.Task[None]] = []
            staff, before = Staff(), self._board.written.total
            while not self._board.complete:
                self._board.set_connections(self._tools.limits.connections)
                limit = self._tools.limits.connections
                for number in range(staff.wanted(limit, self._board.written.total - before)):
                    if number not in self._fetchers:
                        self._fetchers[number] = Fetcher(self, self._tools.limits)
                        workers.append(group.create_task(self._work(number)))
                await first_of(
                    self._tools.limits.changed,
                    self._staffing,
                    within_seconds=staff.look_again_seconds(),
                )
            for worker in workers:
                worker.cancel()  # it may be waiting for another try of what has come meanwhile
            await hashing
            journaling.cancel()

    async def _work(self, number: int) -> None:
        fetcher = self._fetchers[number]
        watching = asyncio.ensure_future(fetcher.watch(self._tools.clock))
        try:
            await self._fetch_spans(fetcher, number)
        except OSError as error:
            raise _disk_trouble(error) from error
        finally:
            watching.cancel()
            fetcher.close()
            del self._fetchers[number]
            self._staffing.fire()

    async def _fetch_spans(self, fetcher: Fetcher, number: int) -> None:
        backoff, link = Backoff(), None
        while not self._board.complete and number < self._tools.limits.connections:
            whole = self._ignored_ranges >= _IGNORED_RANGES
            if whole:
                span = self._board.take_gap() if number == 0 else None
            else:
                alone = len(self._fetchers) == 1
                piece = piece_bytes(fetcher.latency_seconds, fetcher.bytes_per_second)
                span = self._board.take(LARGEST_PIECE if alone else piece)
            if span is None:
                await first_of(self._moved, within_seconds=LOOK_AGAIN_SECONDS)
                continue
            before = span.position
            try:
                link = await self._links.get()
                await fetcher.fetch(span, link, whole)
                backoff.succeeded()
            except WireError as error:
                if span.position > before:
                    backoff.succeeded()
                self._board.release(span)
                span = None
                await self._after(error, link, backoff)
            finally:
                if span is not None:
                    self._board.release(span)
                self._moved.fire()

    async def _after(self, error: WireError, link: Link | None, backoff: Backoff) -> None:
        """What an error asks for: a new link, a wait, or giving up."""
        if isinstance(error, RangeIgnoredError):
            self._ignored_ranges += 1
        if isinstance(error, OtherFileError):
            self.etag = None
        seconds = backoff.next_seconds(error)
        if (failure := gave_up(error, backoff.failures)) is not None:
            raise failure from error
        if isinstance(error, LinkExpiredError | OtherFileError) and link is not None:
            await self._renew(link)
        if backoff.failures == 1 and not isinstance(error, ServerBusyError):
            return  # a single hiccup; go on at once
        now = self._tools.clock.monotonic()
        self.trouble = Trouble(str(error), now + seconds)
        await self._tools.clock.sleep(seconds)

    async def _renew(self, link: Link) -> None:
        """Asks the Hub, which also learns whether the file is another one now."""
        try:
            await self._links.get(expired=link)
        except WireError as error:
            self.trouble = Trouble(str(error), self._tools.clock.monotonic())

    async def credit(self, fetcher: Fetcher) -> None:
        while not _has_credit(fetcher):
            await self._journaled.wait()

    def claim(self, fetcher: Fetcher, span: Span, most: int) -> int:
        return self._board.claim(span, most) if _has_credit(fetcher) else 0

    def buffer(self) -> bytearray:
        return self._recent.lend()

    def put_back(self, buffer: bytearray) -> None:
        self._recent.put_back(buffer)

    def write(self, offset: int, data: memoryview) -> None:
        self._partial.file.write_at(offset, data)

    def stored(self, fetcher: Fetcher, offset: int, count: int, buffer: bytearray) -> None:
        self._board.written.add(offset, offset + count)
        self._recent.keep(offset, count, buffer)
        self._dirty = True
        self.trouble = None
        if fetcher.received_bytes - fetcher.journaled_bytes >= _CHECKPOINT_BYTES:
            self._due.set()
        self._moved.fire()
        if self._board.complete:
            self._staffing.fire()

    async def _hash(self) -> None:
        while self._digest.length < self.size:
            end = self._board.frontier
            at = self._digest.length
            if end < self.size:
                end -= end % 64
                if end - at < _HASH_LEAST_BYTES:
                    await self._moved.wait()
                    continue
            blocks = self._recent.take(at, min(end, at + _HASH_BYTES))
            try:
                await self._tools.disk.hash(
                    lambda e=end, b=blocks: hash_some(self._partial.file, self._digest, e, b)  # type: ignore[misc]
                )
            except OSError as error:
                raise _disk_trouble(error) from error
            finally:
                for block in blocks:
                    self._recent.put_back(block.buffer)
                # Also when this was cancelled meanwhile: the thread has come to its end.
                self._hash_state = self._digest.state() or self._hash_state
                self._dirty = True

    async def _keep_journal(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_CHECKPOINT_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            if not self._tools.space_left():
                raise NoSpace
            if self._dirty:
                await self._checkpoint()

    async def _checkpoint(self) -> None:
        """The picture is taken first, so that all it claims is on disk when the sync is over."""
        picture = Picture(self._board.written.copy(), self._hash_state)
        marks = [(fetcher, fetcher.received_bytes) for fetcher in self._fetchers.values()]
        self._dirty = False
        try:
            await self._tools.disk.sync(lambda: self._partial.checkpoint(picture))
        except OSError as error:
            raise _disk_trouble(error) from error
        for fetcher, received in marks:
            fetcher.journaled_bytes = received
        self._journaled.fire()

    async def _last_checkpoint(self) -> None:
        if self._dirty:
            await self._checkpoint()


def _has_credit(fetcher: Fetcher) -> bool:
    return fetcher.received_bytes - fetcher.journaled_bytes <= AHEAD_BYTES - BLOCK_BYTES


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The reason that the person is told: a full disk before what followed from it."""
    flat: list[BaseException] = []
    for error in group.exceptions:
        flat += [_first(error)] if isinstance(error, BaseExceptionGroup) else [error]
    for kind in (NoSpace, KnownError):
        for error in flat:
            if isinstance(error, kind):
                return error
    return flat[0]


def _disk_trouble(error: OSError) -> Exception:
    if is_full(error):
        return NoSpace()
    return KnownError(
        tr("The file could not be written."),
        tr("The disk or the folder reported an error."),
        tr("Check the disk, or choose another folder, and try again."),
        repr(error),
    )
