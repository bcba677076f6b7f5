"""Bytes from a socket straight into the buffer of whoever wants them, on worker threads."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from app.core.language import tr

T = TypeVar("T")
_SPARE_BYTES = 64 * 1024
_BRISK_BYTES = 64 * 1024
_ALL = getattr(socket, "MSG_WAITALL", 0)


class WireError(Exception):
    """The connection or the answer was no good; another try may be.

    from_server: a server answered, so the network is there.
    """

    from_server = True


class UnreachableError(WireError):
    """No connection: no network, no name, nobody listening, or the line broke."""

    from_server = False


class Stream:
    """A connected, blocking socket. `receive`, `read_until` and `send` belong on a worker thread,
    one at a time; `abort` may come from any thread and ends them. received: bytes so far.
    brisk: the line gives more than a few packets at a time."""

    def __init__(self, sock: socket.socket, flags: int = _ALL) -> None:
        """flags: _ALL lets the system fill buffers of its own accord; 0 for TLS."""
        self.received = 0
        self.brisk = False
        self._sock = sock
        self._flags = flags
        self._left = bytearray()
        self._lock = threading.Lock()
        self._busy = False
        self._ended = False
        self._closed = False
        self._error: WireError | None = None

    @property
    def ended(self) -> bool:
        return self._ended

    def wrap(self, wrapper: Callable[[socket.socket], socket.socket]) -> None:
        """Go on through what `wrapper` makes of the socket (TLS). Raises what it raises."""
        plain = self._sock
        with self._lock:
            if self._ended:
                raise self._error or UnreachableError(tr("the connection was closed"))
            # A second handle on the connection, by which it can be aborted meanwhile.
            self._sock = plain.dup()
            self._busy = True
        wrapped = plain
        try:
            wrapped = wrapper(plain)
        finally:
            with self._lock:
                self._busy = False
                self._sock.close()
                self._sock, self._flags = wrapped, 0
                self._ended = self._ended or wrapped is plain
                self._close_when_idle()

    def send(self, data: bytes) -> None:
        """Raises WireError."""
        with self._using():
            self._sock.sendall(data)

    def abort(self, error: WireError | None = None) -> None:
        """Drop the connection; whoever waits in `receive` gets the error."""
        with self._lock:
            self._error = self._error or error
            self._ended = True
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown, which would take the rest of the stream for plain bytes.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            self._close_when_idle()

    def receive(self, into: memoryview, wanted: int) -> int:
        """At least `wanted` bytes into the buffer, fewer when the stream ends.

        Raises WireError when it broke and no byte was left to give.
        """
        count = min(len(into), len(self._left))
        if count:
            into[:count] = self._left[:count]
            del self._left[:count]
        if count < wanted and not self._ended:
            with self._using():
                count = self._fill(into, count, wanted)
        if count == 0 and self._error is not None:
            raise self._error
        return count

    def _fill(self, into: memoryview, count: int, wanted: int) -> int:
        while count < wanted:
            # A slow line is looked at as bytes come, a fast one need not wake us for each packet.
            flags = self._flags if self.brisk and wanted == len(into) else 0
            try:
                got = self._sock.recv_into(into[count:], len(into) - count, flags)
            except OSError as error:
                self.abort(UnreachableError(tr("the connection broke: {error}", error=error)))
                got = 0
            if got == 0:
                self._ended = True
                break
            self.received += got
            count += got
            self.brisk = got >= _BRISK_BYTES
        return count

    def read_until(self, mark: bytes, limit: int) -> bytes:
        """Up to and with the mark. Raises WireError when it does not come."""
        piece = bytearray(_SPARE_BYTES)
        while (end := self._left.find(mark)) < 0:
            if len(self._left) > limit:
                raise WireError(tr("the answer's head is too long"))
            held = bytes(self._left)
            self._left.clear()
            count = self.receive(memoryview(piece), 1)
            if count == 0:
                raise WireError(tr("the connection was closed before an answer came"))
            self._left += held + piece[:count]
        if end > limit:
            raise WireError(tr("the answer's head is too long"))
        data = bytes(self._left[: end + len(mark)])
        del self._left[: end + len(mark)]
        return data

    async def on_thread(self, work: Callable[[], T]) -> T:
        """Run `work`, which uses this stream, beside the loop; cancelling aborts the stream and
        waits for the thread."""
        future = asyncio.get_running_loop().run_in_executor(None, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self.abort()
            while not future.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([future])
            if not future.cancelled():
                future.exception()
            raise

    @contextlib.contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock:
            if self._ended:
                raise self._error or UnreachableError(tr("the connection was closed"))
            self._busy = True
        try:
            yield
        except OSError as error:
            raise UnreachableError(tr("the connection broke: {error}", error=error)) from error
        finally:
            with self._lock:
                self._busy = False
                self._close_when_idle()

    def _close_when_idle(self) -> None:
        """Once it has ended; a socket that a thread reads from is closed when that thread is done,
        since its number may belong to another file by then."""
        if self._ended and not self._busy and not self._closed:
            self._closed = True
            self._sock.close()
