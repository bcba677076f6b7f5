"""GET with every bound that a stranger's server makes necessary."""

import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpcore2
import truststore

from app import __version__
from app.core.cancel import CancelToken
from app.core.contacts import note_contact, note_received
from app.core.tasks import TimedOut
from app.core.units import duration
from app.tools.tool import ToolFailure
from app.tools.web.addresses import Address, check_name, join_address, parse_address
from app.tools.web.line import Line, Reach

MAX_BYTES = 4_000_000
"""Of what is kept of an answer, unpacked; of a PDF, which is nothing in part, MAX_PDF_BYTES."""
MAX_PDF_BYTES = 25_000_000
MAX_REDIRECTS = 5
TOTAL_SECONDS = 20.0
"""For all redirects together, looking up names included."""
USER_AGENT = f"GLM-Launcher/{__version__} (desktop program; a person asked for this page)"

_PDF = "application/pdf"
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """address: where it came from in the end. media_type: lower case, without parameters, "" when
    the server names none. cut: there was more than MAX_BYTES."""

    address: Address
    status: int
    media_type: str
    charset: str
    body: bytes = field(repr=False)
    cut: bool = False


def system_tls() -> ssl.SSLContext:
    """Trusts what the system trusts."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class WebClient:
    """Thread-safe; keeps no cookies and no connections. reach: where it may connect to."""

    def __init__(
        self,
        reach: Reach | None = None,
        tls: Callable[[], ssl.SSLContext] = system_tls,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._reach, self._tls = reach or Reach(), tls
        self._total_seconds = total_seconds

    def get(
        self,
        text: str,
        why: str,
        cancel: CancelToken,
        *,
        headers: Mapping[str, str] | None = None,
        redirects: int = MAX_REDIRECTS,
    ) -> Answer:
        """why: for the record of contacted hosts. headers go to the first host alone.

        Raises ToolFailure, Cancelled.
        """
        address, sent = parse_address(text), dict(headers or {})
        line = Line(self._reach, self._total_seconds, cancel)
        seen: set[str] = set()
        try:
            for _ in range(redirects + 1):
                seen.add(str(address))
                answer = self._once(address, why, line, sent)
                cancel.raise_if_cancelled()
                if isinstance(answer, Answer):
                    return answer
                address = join_address(address, answer)
                if str(address) in seen:
                    raise ToolFailure("the server redirects in a circle")
                sent = {}
        except TimedOut:
            raise ToolFailure(
                f"{address.host} did not answer within {duration(self._total_seconds)}"
            ) from None
        if redirects == 0:
            raise ToolFailure("the server redirects to another address, which is not followed here")
        raise ToolFailure(f"the server redirects more than {redirects} times")

    def _once(
        self, address: Address, why: str, line: Line, headers: Mapping[str, str]
    ) -> Answer | str:
        """The answer, or where the server redirects to."""
        if (address.host, address.port) not in self._reach.trusted:
            check_name(address)
        note_contact(address.host, why)
        line.begin(address.scheme)
        try:
            with httpcore2.ConnectionPool(
                self._tls() if address.scheme == "https" else None, network_backend=line
            ) as pool:
                return _ask(pool, address, headers)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.ProxyError) as error:
            line.left()  # being out of time or cancelled breaks a connection, too
            raise ToolFailure(_broken(address, error)) from error
        finally:
            line.close()
            note_received(address.host, why, line.received)


def _ask(
    pool: httpcore2.ConnectionPool, address: Address, headers: Mapping[str, str]
) -> Answer | str:
    named = {
        "Host": address.authority,
        "User-Agent": USER_AGENT,
        "Accept": "text/html,application/xhtml+xml,text/*;q=0.9,application/json;q=0.9,*/*;q=0.5",
        "Accept-Language": "en,zh;q=0.8,*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **headers,
    }
    url = httpcore2.URL(
        scheme=address.scheme, host=address.host, port=address.port, target=address.target
    )
    with pool.stream("GET", url, headers=list(named.items())) as response:
        given = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        if response.status in _REDIRECTS and given.get("location"):
            return given["location"]
        media_type, _, parameters = given.get("content-type", "").partition(";")
        media_type = media_type.strip().lower()
        most = MAX_PDF_BYTES if media_type == _PDF else MAX_BYTES
        encoding = given.get("content-encoding", "")
        body, cut = _bounded(_unpacked(response.iter_stream(), encoding, most), most)
    return Answer(
        address,
        response.status,
        media_type,
        _charset(parameters),
        body,
        cut,
    )


def _bounded(pieces: Iterator[bytes], most: int) -> tuple[bytes, bool]:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > most:
            return bytes(data[:most]), True
    return bytes(data), False


def _unpacked(pieces: Iterator[bytes], encoding: str, most: int) -> Iterator[bytes]:
    """A little packed data can be thousands of times as much: it is unpacked in small steps, and
    no further than somebody asks for the next one."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ToolFailure("the page is packed in a way that was not asked for")
    unpacker, packed = zlib.decompressobj(47), 0  # gzip or zlib, as its head says
    try:
        for piece in pieces:
            packed += len(piece)
            if packed > most:
                raise ToolFailure("the page is larger than anything that can be read here")
            rest = piece
            while rest:
                yield unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
            if unpacker.eof:
                return
        yield unpacker.flush(_PIECE)
    except zlib.error:
        raise ToolFailure("the page cannot be unpacked; the server sent it damaged") from None


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'").lower()[:40]
    return ""


def _broken(address: Address, error: Exception) -> str:
    if isinstance(error, httpcore2.ConnectError):
        return f"{address.host} does not accept a connection"
    return f"the connection to {address.host} broke before the page was there"
