"""A TCP connection to the first address of a host that answers.

asyncio's own staggered connecting loses sockets when it is cancelled, which pausing does.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Any

RECEIVE_BUFFER_BYTES: int | None = None  # None: as the system adapts it to the line
_PATIENCE_SECONDS = 4.0
Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
_good_family: dict[str, int] = {}


async def connect(host: str, port: int) -> socket.socket:
    """Tries the addresses one after the other, first of the kind that worked the last time.

    The socket is a blocking one. Raises OSError. To be called within a time-out.
    """
    found = await _addresses(host, port)
    found = sorted(found, key=lambda info: info[0] != _good_family.get(host, info[0]))
    error = OSError(f"{host} has no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        last = number == len(found) - 1
        try:
            async with asyncio.timeout(None if last else _PATIENCE_SECONDS):
                sock = await _connect(family, kind, protocol, address)
        except OSError as failed:  # TimeoutError is one
            error = failed
            continue
        _good_family[host] = family
        return sock
    raise error


async def _addresses(host: str, port: int) -> Sequence[Address]:
    """On a thread that nobody waits for at the end of the program: without a network, looking up a
    name can take half a minute and cannot be stopped."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[Address]] = loop.create_future()

    def tell(found: Sequence[Address], error: OSError | None) -> None:
        if answer.done():
            return  # it was cancelled
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(found)

    def look_up() -> None:
        found: Sequence[Any] = []
        failed: OSError | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed = error if isinstance(error, OSError) else OSError(f"{host} is no name")
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, found, failed)

    threading.Thread(target=look_up, name="downloads-name", daemon=True).start()
    return await answer


async def _connect(
    family: int, kind: int, protocol: int, address: tuple[object, ...]
) -> socket.socket:
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if RECEIVE_BUFFER_BYTES is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        await asyncio.get_running_loop().sock_connect(sock, address)
        sock.setblocking(True)
    except BaseException:
        sock.close()
        raise
    return sock
