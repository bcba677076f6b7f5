"""Which addresses a tool may talk to: those that anybody on the internet could reach."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from app.tools.tool import ToolFailure

PORTS = frozenset({80, 443, 8000, 8080, 8443})
MAX_CHARACTERS = 2_000

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Names that only mean something inside a network or a machine; they are not even looked up.
_INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?[]"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Beyond what Python's own lists hold in every version that the program runs on.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")  # the last: Azure's
)
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b:1::/48",  # NAT64 of one's own network
        "100::/64",  # discarded
        "2001::/23",  # Teredo, ORCHID and other protocols
        "2001:db8::/32",  # examples
        "2002::/16",  # 6to4
        "3fff::/20",  # examples
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)


@dataclass(frozen=True)
class Address:
    """A sound http or https address. host: ASCII, lower case, without brackets. target: path and
    query, escaped; the fragment is for the reader and not part of it."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The host, in brackets when it is an IPv6 address, and the port unless it is usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _usual_port(self.scheme) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_address(text: str) -> Address:
    """Raises ToolFailure with the reason for whatever is no plain http or https address."""
    text = text.strip()
    if len(text) > MAX_CHARACTERS:
        raise ToolFailure(f"the address is longer than {MAX_CHARACTERS:,} characters")
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in text):
        raise ToolFailure("the address holds signs that cannot be seen")
    if "://" not in text and re.match(r"[\w.-]+\.[a-zA-Z]{2,}(?:[:/?#]|$)", text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ToolFailure("that is not an address") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        raise ToolFailure("only addresses that begin with http:// or https:// can be fetched")
    if "@" in parts.netloc:
        raise ToolFailure("an address with a name or a password in it is not used")
    if "\\" in text or not parts.hostname:
        raise ToolFailure("that is not an address")
    if port is None:
        port = _usual_port(scheme)
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_QUERY_SAFE)}" if parts.query else ""
    return Address(scheme, _ascii_host(parts.hostname), port, path + query)


def join_address(base: Address, location: str) -> Address:
    """Where a redirect leads. Raises ToolFailure."""
    try:
        joined = urljoin(str(base), location.strip())
    except ValueError:
        raise ToolFailure("the server redirects to something that is no address") from None
    return parse_address(joined)


def check_name(address: Address) -> None:
    """Before the name is looked up. Raises ToolFailure."""
    if address.port not in PORTS:
        raise ToolFailure(
            f"port {address.port} is not used for pages; allowed are "
            f"{', '.join(str(port) for port in sorted(PORTS))}"
        )
    host = address.host
    if _literal(host) is not None:
        if not is_public(host):
            raise not_public(host)
        return
    if "." not in host or any(host == name or host.endswith(f".{name}") for name in _INNER_NAMES):
        raise not_public(address.host)


def is_public(address: str) -> bool:
    """An IP address that anybody on the internet could reach, and that is nobody's own network."""
    ip = _literal(address)
    if ip is None:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:  # an IPv4 address in the clothes of a network without IPv4
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.scope_id is not None or any(ip in network for network in _REFUSED_V6):
            return False
    elif any(ip in network for network in _REFUSED_V4):
        return False
    return ip.is_global and not (
        ip.is_multicast or ip.is_private or ip.is_reserved or ip.is_loopback or ip.is_link_local
    )


def not_public(host: str) -> ToolFailure:
    return ToolFailure(
        f"{host} is an address inside this machine or its network; only public pages are fetched"
    )


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _usual_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _ascii_host(host: str) -> str:
    if _literal(host) is not None:
        if "%" in host:
            raise not_public(host)
        return host
    try:
        name = host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise ToolFailure(f"{host[:100]} is not the name of a host") from None
    if not name or len(name) > 253 or not re.fullmatch(r"[a-z0-9_.-]+", name) or ".." in name:
        raise ToolFailure(f"{host[:100]} is not the name of a host")
    return name
