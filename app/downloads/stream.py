"""Bytes from a socket straight into the buffer of whoever wants them."""

import asyncio

_SPARE_BYTES = 64 * 1024


class WireError(Exception):
    """The connection or the answer was no good; another try may be.

    from_server: a server answered, so the network is there.
    """

    from_server = True


class UnreachableError(WireError):
    """No connection: no network, no name, nobody listening, or the line broke."""

    from_server = False


class Stream(asyncio.BufferedProtocol):
    """Reads only while someone waits in `receive`, so nothing piles up. received: bytes so far."""

    def __init__(self) -> None:
        self.received = 0
        self._transport: asyncio.Transport | None = None
        self._spare = bytearray(_SPARE_BYTES)
        self._left = bytearray()
        self._target: memoryview | None = None
        self._filled = 0
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._error: BaseException | None = None

    @property
    def ended(self) -> bool:
        return self._ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self.use_transport(transport)

    def use_transport(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.pause_reading()

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise WireError("not connected")
        return self._transport

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        if self._target is None:
            return memoryview(self._spare)
        return self._target[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self.received += nbytes
        if self._target is None:
            self._left += memoryview(self._spare)[:nbytes]
            self.transport.pause_reading()
            return
        self._filled += nbytes
        if self._filled >= self._wanted:
            self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._wake()

    def _wake(self) -> None:
        self._target = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    def abort(self, error: WireError | None = None) -> None:
        """Drop the connection; whoever waits in `receive` gets the error."""
        self._error = self._error or error
        self._ended = True
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    async def receive(self, into: memoryview, wanted: int) -> int:
        """At least `wanted` bytes into the buffer, fewer when the stream ends.

        Raises WireError when it broke and no byte was left to give.
        """
        count = min(len(into), len(self._left))
        if count:
            into[:count] = self._left[:count]
            del self._left[:count]
        if count >= wanted or (count and self._ended):
            return count
        if not self._ended:
            self._target, self._filled, self._wanted = into, count, wanted
            self._waiter = asyncio.get_running_loop().create_future()
            self.transport.resume_reading()
            try:
                await self._waiter
            finally:
                self._target = self._waiter = None
                if not self._ended:
                    self.transport.pause_reading()
            count = self._filled
        if count == 0 and self._error is not None:
            if isinstance(self._error, WireError):
                raise self._error
            raise UnreachableError(f"the connection broke: {self._error}") from self._error
        return count

    async def read_until(self, mark: bytes, limit: int) -> bytes:
        """Up to and with the mark. Raises WireError when it does not come."""
        while (end := self._left.find(mark)) < 0:
            if len(self._left) > limit:
                raise WireError("the answer's head is too long")
            piece = bytearray(_SPARE_BYTES)
            held = bytes(self._left)
            self._left.clear()
            count = await self.receive(memoryview(piece), 1)
            if count == 0:
                raise WireError("the connection was closed before an answer came")
            # What came after the piece may be there already: TLS delivers in bursts.
            self._left[:0] = held + piece[:count]
        data = bytes(self._left[: end + len(mark)])
        del self._left[: end + len(mark)]
        return data
