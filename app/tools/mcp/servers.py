"""The servers that a person has declared, and their form in the settings."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.tools.mcp.types import Listing, ServerStatus, State

Transport = Literal["stdio", "http"]

KEYS = frozenset(
    {"command", "args", "env", "cwd", "url", "headers", "enabled", "disabled", "approved", "off"}
)
"""What of an entry is read and written here."""
MAX_SERVERS = 50
_MAX_NAME = 60
_MAX_TEXT = 8_000
_MAX_ITEMS = 100
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_()]*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = frozenset({"accept", "content-type", "content-length", "host", "connection"})


@dataclass(frozen=True)
class McpServer:
    """transport: over the pipes of a program that is started (command, arguments, environment,
    folder), or over HTTP (url, headers). approved: the `fingerprint` of what the person allowed to
    run. off: the server's names of the tools that are not offered."""

    name: str
    transport: Transport
    command: str = ""
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    enabled: bool = True
    approved: str = ""
    off: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Of all that decides what runs, or where it is asked; another one has to be allowed
        again."""
        parts = [self.transport, self.command, list(self.arguments), self.environment, self.folder]
        text = json.dumps([*parts, self.url, self.headers], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def is_approved(self) -> bool:
        """A server on the network runs no program here."""
        return self.transport == "http" or self.approved == self.fingerprint

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that are not shown in clear."""
        return tuple(value for _, value in (*self.environment, *self.headers) if value)


def problem(server: McpServer) -> str:
    """What is wrong with it, in a sentence; "" when nothing is."""
    if not server.name.strip() or len(server.name) > _MAX_NAME or not server.name.isprintable():
        return tr("A server needs a name of at most {number} characters.", number=_MAX_NAME)
    if server.transport == "stdio":
        return _program_problem(server)
    return _address_problem(server)


def _program_problem(server: McpServer) -> str:
    if not server.command.strip():
        return tr("There is no command to start it with.")
    texts = (server.command, server.folder, *server.arguments, *_flat(server.environment))
    if any("\0" in text or len(text) > _MAX_TEXT for text in texts):
        return tr("One of its texts is too long or has a NUL character in it.")
    if len(server.arguments) > _MAX_ITEMS or len(server.environment) > _MAX_ITEMS:
        return tr("It has more than {number} arguments or variables.", number=_MAX_ITEMS)
    for name, _ in server.environment:
        if not _VARIABLE.fullmatch(name):
            return tr("“{name}” is no name of a variable.", name=name)
    return ""


def _address_problem(server: McpServer) -> str:
    try:
        address = urlsplit(server.url)
        host, _ = address.hostname, address.port
    except ValueError:
        return tr("Its address cannot be read.")
    if address.scheme not in ("http", "https") or not host or len(server.url) > _MAX_TEXT:
        return tr("Its address has to begin with https:// (or http:// on this machine).")
    if any(sign.isspace() or not sign.isprintable() for sign in server.url):
        return tr("Its address has a space in it.")
    if address.username is not None or address.password is not None:
        return tr("Leave name and password out of the address; use a header instead.")
    if len(server.headers) > _MAX_ITEMS:
        return tr("It has more than {number} headers.", number=_MAX_ITEMS)
    for name, value in server.headers:
        if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
            return tr("“{name}” cannot be used as a header.", name=name)
        if not value.isascii() or not value.isprintable() or len(value) > _MAX_TEXT:
            return tr(
                "The value of the header “{name}” has signs that a header cannot have.", name=name
            )
    if address.scheme == "http" and server.headers and not is_local(host):
        return tr("Headers would go over the line readable by others; use an https:// address.")
    return ""


def is_local(host: str) -> bool:
    """This machine."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_servers(value: JsonObject) -> tuple[tuple[McpServer, ...], list[str]]:
    """The usable ones, and what is wrong with others, in sentences."""
    servers: list[McpServer] = []
    complaints: list[str] = []
    for name, entry in list(value.items())[:MAX_SERVERS]:
        server = read_server(name, entry)
        wrong = problem(server) if server is not None else tr("It is no description of a server.")
        if wrong or server is None:
            complaints.append(
                tr("The server “{name}” cannot be used. {why}", name=name[:_MAX_NAME], why=wrong)
            )
        else:
            servers.append(server)
    if len(value) > MAX_SERVERS:
        complaints.append(tr("Only the first {number} servers are used.", number=MAX_SERVERS))
    return tuple(servers), complaints


def read_server(name: str, entry: JsonValue) -> McpServer | None:
    """None for something else than a server. What is written here is what other programs write in
    their `mcpServers`, with keys of our own."""
    if not isinstance(entry, dict):
        return None
    url = _text(entry.get("url"))
    arguments, off = entry.get("args"), entry.get("off")
    return McpServer(
        name,
        "http" if url and not _text(entry.get("command")) else "stdio",
        _text(entry.get("command")),
        tuple(_text(item) for item in arguments) if isinstance(arguments, list) else (),
        _pairs(entry.get("env")),
        _text(entry.get("cwd")),
        url,
        _pairs(entry.get("headers")),
        entry.get("enabled") is not False and entry.get("disabled") is not True,
        _text(entry.get("approved")),
        frozenset(item for item in off if isinstance(item, str))
        if isinstance(off, list)
        else frozenset(),
    )


def write_servers(servers: Iterable[McpServer]) -> JsonObject:
    return {server.name: write_server(server) for server in servers}


def write_server(server: McpServer) -> JsonObject:
    entry: JsonObject = {}
    if server.transport == "stdio":
        entry |= {"command": server.command, "args": list(server.arguments)}
        if server.environment:
            entry["env"] = dict(server.environment)
        if server.folder:
            entry["cwd"] = server.folder
    else:
        entry["url"] = server.url
        if server.headers:
            entry["headers"] = dict(server.headers)
    entry["enabled"] = server.enabled
    if server.approved:
        entry["approved"] = server.approved
    if server.off:
        entry["off"] = [*sorted(server.off)]
    return entry


def resting(server: McpServer, listing: Listing | None) -> ServerStatus:
    """The status of a server that does not run."""
    state = State.IDLE if server.is_approved else State.UNAPPROVED
    return ServerStatus(server.name, state if server.enabled else State.OFF, listing)


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def _pairs(value: JsonValue) -> tuple[tuple[str, str], ...]:
    return (
        tuple((key, _text(item)) for key, item in value.items()) if isinstance(value, dict) else ()
    )


def _flat(pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (text for pair in pairs for text in pair)
