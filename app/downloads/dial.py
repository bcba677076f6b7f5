"""A TCP connection to the first address of a host that answers.

asyncio's own staggered connecting loses sockets when it is cancelled, which pausing does.
"""

import asyncio
import socket

RECEIVE_BUFFER_BYTES: int | None = None  # None: as the system adapts it to the line
_PATIENCE_SECONDS = 4.0
_good_family: dict[str, int] = {}


async def connect(host: str, port: int) -> socket.socket:
    """Tries the addresses one after the other, first of the kind that worked the last time.

    The socket is a blocking one. Raises OSError. To be called within a time-out.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
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
