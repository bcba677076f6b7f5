"""HTTP/1.1 as downloads need it: GET and HEAD, ranges, TLS, proxies, bodies without copies."""

import asyncio
import base64
import http.client
import io
import re
import ssl
import urllib.request
from collections.abc import Mapping
from email.message import Message
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import truststore

from app.core.contacts import note_contact, note_received
from app.core.errors import KnownError
from app.core.language import mark, tr
from app.downloads.dial import connect
from app.downloads.stream import Stream, UnreachableError, WireError

WHY = mark("Downloading models")
_HEAD_LIMIT = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_CONNECT_SECONDS = 20


class Response:
    """status and headers (names in any case); the body by `read_into`, on a worker thread."""

    def __init__(self, stream: Stream, status: int, headers: Message, body: bool) -> None:
        self.status = status
        self.headers = headers
        self._stream = stream
        encoding = headers.get("Transfer-Encoding", "").lower()
        self._chunked = body and encoding == "chunked"
        if body and encoding not in ("", "chunked", "identity"):
            raise WireError(tr("an unknown transfer encoding: {encoding}", encoding=encoding[:40]))
        lengths = set(headers.get_all("Content-Length", []))
        if len(lengths) > 1:
            raise WireError(tr("the answer names two lengths"))
        length = next(iter(lengths)) if lengths and not self._chunked else None
        if length is not None and not re.fullmatch(r"\d{1,18}", length.strip()):
            raise WireError(tr("the answer's length is not a number"))
        self.length = int(length) if length is not None else None
        self._left: int | None = self.length if body else 0
        if self._chunked:
            self._left = 0
        self._over = not body or (self._left == 0 and not self._chunked)
        closing = "close" in headers.get("Connection", "").lower()
        torn = self._chunked and bool(lengths)  # whoever stands between may have read it otherwise
        self._keeps = (
            not closing and not torn and (not body or self._chunked or self.length is not None)
        )

    @property
    def reusable(self) -> bool:
        """The body is over and the connection may be used again."""
        return self._over and self._keeps and not self._stream.ended

    @property
    def brisk(self) -> bool:
        """Bytes come so fast that large reads do not have to wait."""
        return self._stream.brisk

    def read_into(self, into: memoryview, wanted: int | None = None) -> int:
        """Fills the buffer (or gets at least `wanted`) unless the body ends; 0 is its end.

        Raises WireError when it ends too early.
        """
        filled, least = 0, len(into) if wanted is None else wanted
        while filled < least and not self._over:
            if self._chunked and self._left == 0:
                self._next_chunk()
                continue
            room = len(into) - filled
            count = room if self._left is None else min(room, self._left)
            view = into[filled : filled + count]
            got = self._stream.receive(view, min(count, least - filled))
            if got == 0:
                if self._left is None:
                    self._over = True
                elif filled == 0:
                    raise WireError(tr("the answer ended too early"))
                break
            filled += got
            if self._left is not None:
                self._left -= got
                self._over = self._left == 0 and not self._chunked
                if self._chunked and self._left == 0:
                    self._stream.read_until(b"\r\n", 16)
        return filled

    def drain(self, limit: int = 64 * 1024) -> bytes:
        """The rest of a short body; a long one makes the connection unusable."""
        data, piece = bytearray(), bytearray(16 * 1024)
        while len(data) < limit and (count := self.read_into(memoryview(piece), 1)):
            data += piece[:count]
        return bytes(data)

    def _next_chunk(self) -> None:
        line = (self._stream.read_until(b"\r\n", 1024)).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", line):
            raise WireError(tr("the answer's chunks make no sense"))
        self._left = int(line, 16)
        if self._left == 0:
            while self._stream.read_until(b"\r\n", _HEAD_LIMIT) != b"\r\n":
                pass
            self._over = True


class Connection:
    """One TCP or TLS connection; one request at a time. For one asyncio loop."""

    def __init__(self, stream: Stream, origin: tuple[str, str], absolute: bool) -> None:
        self.stream = stream
        self.origin = origin
        self._absolute = absolute
        self._noted_bytes = 0
        self._proxy_headers: dict[str, str] = {}

    @classmethod
    async def open(cls, url: SplitResult) -> "Connection":
        """Through the proxy that the system or the environment names now.

        Raises WireError; KnownError for addresses and proxies that cannot be used.
        """
        host, secure = url.hostname or "", url.scheme == "https"
        port = url.port or (443 if secure else 80)
        proxy = proxy_for(url)
        note_contact(host, WHY)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                if proxy is None:
                    stream = await _dial(host, port, _tls() if secure else None)
                    return cls(stream, origin_of(url), absolute=False)
                stream = await _dial(proxy.hostname or "", proxy.port or 80, None)
                if secure:
                    try:
                        await _tunnel(stream, host, port, proxy)
                    except BaseException:
                        stream.abort()
                        raise
                connection = cls(stream, origin_of(url), absolute=not secure)
                if not secure:
                    connection._proxy_headers = _proxy_login(proxy)
                return connection
        except TimeoutError as error:
            raise UnreachableError(tr("{host} did not answer", host=host)) from error
        except ssl.SSLCertVerificationError as error:
            raise KnownError(
                tr("The connection to {host} is not safe.", host=host),
                tr("Its certificate could not be checked."),
                tr(
                    "Check the clock of this machine, and ask whoever runs the "
                    "network or the mirror."
                ),
                str(error),
            ) from error
        except (OSError, ValueError) as error:
            raise UnreachableError(
                tr("{host} cannot be reached: {error}", host=host, error=error)
            ) from error

    async def request(self, method: str, url: SplitResult, headers: Mapping[str, str]) -> Response:
        """Sends it and waits for the head of the answer. Raises WireError."""
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        target = f"{url.scheme}://{url.netloc}{path}" if self._absolute else path
        if re.search(r"[\x00-\x20\x7f-\U0010ffff]", target):
            raise WireError(tr("the address holds characters that no address may have"))
        host = url.netloc.rpartition("@")[2]
        named = {"Host": host, "Accept-Encoding": "identity", **self._proxy_headers, **headers}
        if any(re.search(r"[\r\n\x00]", value) for value in named.values()):
            raise WireError(tr("a header holds a line break"))
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in named.items())]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

        def ask() -> Response:
            self.stream.send(head)
            return _read_head(self.stream, body=method != "HEAD")

        self._note_received()
        return await self.stream.on_thread(ask)

    def close(self) -> None:
        self.stream.abort()
        self._note_received()

    def _note_received(self) -> None:
        """What came since the last time, for the record of contacted hosts."""
        host = urlsplit(f"//{self.origin[1]}").hostname or ""
        note_received(host, WHY, self.stream.received - self._noted_bytes)
        self._noted_bytes = self.stream.received


def origin_of(url: SplitResult) -> tuple[str, str]:
    return url.scheme, url.netloc.rpartition("@")[2].lower()


def split_url(url: str) -> SplitResult:
    """Raises WireError unless it is an http or https address with a host."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise WireError(tr("not an address")) from error
    if not sound:
        raise WireError(tr("not an address"))
    return parts


def join_url(base: str, location: str) -> str:
    """Where a redirect leads. Raises WireError when it is no http or https address."""
    try:
        joined = urljoin(base, location)
    except ValueError as error:
        raise WireError(tr("the server redirects to something that is no address")) from error
    split_url(joined)
    return joined


def proxy_for(url: SplitResult) -> SplitResult | None:
    """Asked for every connection, so that a changed proxy is used from then on.

    Raises KnownError for kinds of proxies that are not supported.
    """
    host = url.hostname or ""
    proxies = urllib.request.getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or urllib.request.proxy_bypass(host):
        return None
    proxy = urlsplit(address if "://" in address else f"http://{address}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise KnownError(
            tr("The proxy that this machine names cannot be used."),
            tr("Only proxies whose address begins with http:// are supported."),
            tr("Change the proxy setting, or name this host in NO_PROXY."),
            f"{proxy.scheme}://{proxy.hostname}",
        )
    return proxy


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


async def _dial(host: str, port: int, tls: ssl.SSLContext | None) -> Stream:
    stream = Stream(await connect(host, port))
    if tls is not None:
        await _start_tls(stream, tls, host)
    return stream


async def _start_tls(stream: Stream, tls: ssl.SSLContext, host: str) -> None:
    try:
        await stream.on_thread(
            lambda: stream.wrap(lambda plain: tls.wrap_socket(plain, server_hostname=host))
        )
    except BaseException:
        stream.abort()
        raise


async def _tunnel(stream: Stream, host: str, port: int, proxy: SplitResult) -> None:
    login = "".join(f"{k}: {v}\r\n" for k, v in _proxy_login(proxy).items())
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    ask = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n".encode("latin-1")

    def connect_through() -> Response:
        stream.send(ask)
        return _read_head(stream, body=False)

    answer = await stream.on_thread(connect_through)
    if answer.status == 407:
        raise KnownError(
            tr("The proxy asks for a name and a password."),
            "",
            tr("Put them into the proxy's address, as http://name:password@host:port."),
        )
    if answer.status != 200:
        raise WireError(tr("the proxy answered {status}", status=answer.status))
    await _start_tls(stream, _tls(), host)


def _read_head(stream: Stream, body: bool) -> Response:
    while True:
        data = stream.read_until(b"\r\n\r\n", _HEAD_LIMIT)
        match = _STATUS_LINE.match(data)
        if match is None:
            raise WireError(tr("the answer is not HTTP"))
        status = int(match[1])
        if status >= 200:
            break
    try:
        headers = http.client.parse_headers(io.BytesIO(data[match.end() :]))
    except (http.client.HTTPException, ValueError) as error:
        raise WireError(tr("the answer's head makes no sense")) from error
    return Response(stream, status, headers, body and status not in (204, 304))


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Trusts what the system trusts."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
