"""The connection under a request: names are looked up once, checked, and connected to as checked.

Nobody else looks a name up for a tool. What a name stands for could change between the check and
the connection (DNS rebinding), so the connection goes to the very address that was checked, while
the certificate is held against the name.
"""

import base64
import contextlib
import re
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import httpcore2

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.tasks import TimedOut, run_bounded
from app.tools.tool import ToolFailure
from app.tools.web.addresses import is_public, not_public

Resolver = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]
Proxies = Callable[[str, str], SplitResult | None]

_LOOK_UP_SECONDS = 8.0
_CONNECT_SECONDS = 8.0
_PATIENCE_SECONDS = 3.0  # where there is another address to try
_SILENCE_SECONDS = 15.0
_MAX_ADDRESSES = 4
_PROXY_HEAD = 16 * 1024


def system_resolver(host: str, port: int) -> Sequence[str]:
    """IP addresses in the order in which the system would try them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


def system_connect(address: str, port: int, seconds: float) -> socket.socket:
    """address: an IP address, not a name. Raises OSError."""
    sock = socket.create_connection((address, port), seconds)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def system_proxies(scheme: str, host: str) -> SplitResult | None:
    """What the system or the environment names now."""
    proxies = urllib.request.getproxies()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or urllib.request.proxy_bypass(host):
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


@dataclass(frozen=True)
class Reach:
    """How far connections go. trusted: hosts and ports that the person typed in, wherever they
    are; everything else has to be public."""

    resolver: Resolver = system_resolver
    connect: Connect = system_connect
    proxies: Proxies = system_proxies
    trusted: frozenset[tuple[str, int]] = frozenset()


class Line(httpcore2.NetworkBackend):
    """For one request and its redirects: their time and their cancelling. received: bytes since
    the last `begin`.

    Raises ToolFailure for places that are off limits, TimedOut, Cancelled, and what httpcore2
    raises.
    """

    def __init__(self, reach: Reach, seconds: float, cancel: CancelToken) -> None:
        self.received = 0
        self._reach, self._cancel = reach, cancel
        self._scheme = "https"
        self._deadline = time.monotonic() + seconds
        self._handles: list[socket.socket] = []
        cancel.on_cancel(self.abort)

    def begin(self, scheme: str) -> None:
        """For the next hop, of which the scheme says the proxy."""
        self._scheme, self.received = scheme, 0

    def left(self, most: float = _SILENCE_SECONDS) -> float:
        """Seconds that the next step may take. Raises TimedOut, Cancelled."""
        self._cancel.raise_if_cancelled()
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimedOut
        return min(most, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the line has one of its own
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        addresses = self._checked(host, port)
        proxy = self._reach.proxies(self._scheme, host)
        if proxy is None:
            sock = self._connect_first(addresses, port)
        else:
            sock = self._through(proxy, addresses[0], port)
        return _Stream(self, sock)

    def keep(self, handle: socket.socket) -> None:
        """A second handle on a connection, by which it is aborted whatever wraps the first."""
        self._handles.append(handle)
        if self._cancel.cancelled:
            self.abort()

    def abort(self) -> None:
        for handle in list(self._handles):
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def broken(self, error: OSError, kind: type[Exception]) -> Exception:
        """What to raise for a connection that failed."""
        if self._cancel.cancelled:
            return Cancelled()
        return TimedOut() if isinstance(error, TimeoutError) else kind(str(error))

    def close(self) -> None:
        for handle in self._handles:
            handle.close()
        self._handles.clear()

    def _checked(self, host: str, port: int) -> Sequence[str]:
        """All of them have to be public: a name that stands for both kinds is a trap."""
        addresses = self._look_up(host, port)
        inside = (host, port) in self._reach.trusted
        if not inside and not all(is_public(address) for address in addresses):
            raise not_public(host)
        return addresses[:_MAX_ADDRESSES]

    def _look_up(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = run_bounded(
                lambda _: self._reach.resolver(host, port),
                self._cancel,
                self.left(_LOOK_UP_SECONDS),
            )
        except TimedOut:
            raise ToolFailure(f"the name {host} could not be looked up in time") from None
        except (OSError, UnicodeError):
            why = "it is wrong, or there is no network"
            if self._reach.proxies(self._scheme, host) is not None:
                why = "names are looked up on this machine, although it has a proxy"
            raise ToolFailure(f"the name {host} was not found; {why}") from None
        if not addresses:
            raise ToolFailure(f"the name {host} has no address")
        return addresses

    def _connect_first(self, addresses: Sequence[str], port: int) -> socket.socket:
        error: OSError = OSError("no address")
        for number, address in enumerate(addresses, 1):
            most = _CONNECT_SECONDS if number == len(addresses) else _PATIENCE_SECONDS
            try:
                sock = self._reach.connect(address, port, self.left(most))
            except OSError as failed:  # TimeoutError is one
                error = failed
                continue
            self.keep(sock.dup())
            return sock
        raise httpcore2.ConnectError(str(error))

    def _through(self, proxy: SplitResult, address: str, port: int) -> socket.socket:
        """To the checked address as well: a proxy that looks names up could be led inside."""
        if proxy.scheme != "http" or not proxy.hostname:
            raise ToolFailure(
                "this machine names a proxy that cannot be used for pages; only proxies whose "
                "address begins with http:// are supported"
            )
        sock = self._connect_first(
            self._look_up(proxy.hostname, proxy.port or 80), proxy.port or 80
        )
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        head = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{_login(proxy)}\r\n"
        stream = _Stream(self, sock)
        try:
            stream.write(head.encode("latin-1"))
            status = _proxy_status(stream)
        except BaseException:
            sock.close()
            raise
        if status != 200:
            sock.close()
            raise ToolFailure(
                "the proxy of this machine asks for a name and a password"
                if status == 407
                else f"the proxy of this machine did not open the way (status {status})"
            )
        return sock


class _Stream(httpcore2.NetworkStream):
    def __init__(self, line: Line, sock: socket.socket) -> None:
        self._line, self._sock = line, sock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        self._sock.settimeout(self._line.left())
        try:
            data = self._sock.recv(max_bytes)
        except OSError as error:
            raise self._line.broken(error, httpcore2.ReadError) from error
        self._line.received += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._sock.settimeout(self._line.left())
        try:
            self._sock.sendall(buffer)
        except OSError as error:
            raise self._line.broken(error, httpcore2.WriteError) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        try:
            self._sock.settimeout(self._line.left())
            self._sock = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise ToolFailure(
                f"the connection to {server_hostname} is not safe: its certificate could not be "
                "checked"
            ) from error
        except OSError as error:
            self.close()
            raise self._line.broken(error, httpcore2.ConnectError) from error
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as the base class has it
        return {"socket": self._sock, "server_addr": None}.get(info)


def _login(proxy: SplitResult) -> str:
    if proxy.username is None:
        return ""
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return f"Proxy-Authorization: Basic {base64.b64encode(login).decode()}\r\n"


def _proxy_status(stream: _Stream) -> int:
    """Byte by byte: what follows the head belongs to the other side."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = stream.read(1)
        if not piece or len(head) > _PROXY_HEAD:
            raise ToolFailure("the proxy of this machine gave no sensible answer")
        head += piece
    match = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    return int(match[1]) if match else 0
