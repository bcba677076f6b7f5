"""Servers out of a block that was written for another program, such as Claude, Cursor, VS Code."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from urllib.parse import urlsplit

from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.tools.mcp.servers import MAX_SERVERS, McpServer, problem, read_server

MAX_CHARACTERS = 200_000
_FENCE = re.compile(r"\A\s*```\w*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_COMMENT_LINE = re.compile(r"^\s*//.*$", re.MULTILINE)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_PLACEHOLDER = re.compile(
    r"\$\{[^}]*\}|<[^<>]+>|\b(?:your|my)[-_ ]?\w*(?:key|token|secret)\b", re.IGNORECASE
)
_WRAPPERS = ("mcpServers", "servers", "mcp_servers", "context_servers")
_ADDRESSES = ("url", "serverUrl", "httpUrl")


@dataclass(frozen=True)
class Block:
    """servers: usable, none of them allowed to run yet. complaints: what was left out, and why.
    notes: what is still to be done with those that are taken."""

    servers: tuple[McpServer, ...] = ()
    complaints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_block(text: str) -> Block:
    """Everything that can be taken; nothing is taken over or run by reading it."""
    if not text.strip():
        return Block()
    if len(text) > MAX_CHARACTERS:
        return Block(complaints=(tr("The text is far too long for a list of servers."),))
    try:
        document = _parsed(text)
    except (ValueError, RecursionError) as error:
        return Block(complaints=(_not_json(error),))
    entries = _entries(document)
    if not entries:
        return Block(complaints=(tr("There is no server in it: each has a “command” or a “url”."),))
    servers: list[McpServer] = []
    complaints: list[str] = []
    for name, entry in list(entries.items())[:MAX_SERVERS]:
        server, wrong = _server(name, entry)
        if server is not None:
            servers.append(server)
        else:
            complaints.append(f"“{name[:60]}”: {wrong}")
    return Block(tuple(servers), tuple(complaints), tuple(_notes(servers)))


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or with a number behind it when another server has it."""
    others = {one.casefold() for one in taken}
    number, found = 2, name
    while found.casefold() in others:
        found, number = f"{name} {number}", number + 1
    return found


def _parsed(text: str) -> JsonValue:
    fenced = _FENCE.match(text)
    text = (fenced[1] if fenced else text).strip().lstrip("\ufeff")
    if text.startswith('"'):  # cut out of the middle of a file
        text = "{" + text.rstrip().rstrip(",") + "}"
    try:
        found: JsonValue = json.loads(text)
    except ValueError:
        found = json.loads(_TRAILING_COMMA.sub(r"\1", _COMMENT_LINE.sub("", text)))
    return found


def _entries(document: JsonValue) -> JsonObject:
    if not isinstance(document, dict):
        return {}
    inner = document.get("mcp")
    for holder in (document, inner if isinstance(inner, dict) else {}):
        for key in _WRAPPERS:
            found = holder.get(key)
            if isinstance(found, dict):
                return found
    if _is_entry(document):
        return {_guessed_name(document): document}
    return {key: value for key, value in document.items() if _is_entry(value)}


def _is_entry(value: JsonValue) -> bool:
    return isinstance(value, dict) and (
        isinstance(value.get("command"), str)
        or any(isinstance(value.get(key), str) for key in _ADDRESSES)
    )


def _guessed_name(entry: JsonObject) -> str:
    arguments = entry.get("args")
    texts = (
        [one for one in arguments if isinstance(one, str)] if isinstance(arguments, list) else []
    )
    for text in (*texts, entry.get("command")):
        if isinstance(text, str) and not text.startswith("-") and PurePath(text).name:
            return PurePath(text).name.partition("@")[0].removeprefix("server-") or text
    address = next((entry[key] for key in _ADDRESSES if isinstance(entry.get(key), str)), "")
    return urlsplit(str(address)).hostname or "server"


def _server(name: str, entry: JsonValue) -> tuple[McpServer | None, str]:
    if not isinstance(entry, dict):
        return None, tr("It is no description of a server.")
    if str(entry.get("type", entry.get("transport", ""))).lower() == "sse":
        return None, tr("It speaks the older SSE transport, which is not supported.")
    address = next((entry[key] for key in _ADDRESSES if isinstance(entry.get(key), str)), None)
    server = read_server(" ".join(name.split()), {**entry, "url": address})
    if server is None:
        return None, tr("It is no description of a server.")
    # Whoever wrote the block allows nothing for the person.
    server = replace(server, approved="", off=frozenset())
    wrong = problem(server)
    return (None, wrong) if wrong else (server, "")


def _notes(servers: Iterable[McpServer]) -> Iterable[str]:
    for server in servers:
        pairs = (*server.environment, *server.headers)
        names = [name for name, value in pairs if _PLACEHOLDER.search(value)]
        if names:
            yield tr(
                "“{server}”: put your own value in for {names}; what is there is a placeholder.",
                server=server.name,
                names=", ".join(names),
            )
        elif any(_PLACEHOLDER.search(one) for one in (*server.arguments, server.url)):
            yield tr("“{server}”: its command has a placeholder to fill in.", server=server.name)


def _not_json(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return tr("This is no JSON: line {line} is not understood.", line=error.lineno)
    return tr("This is no JSON.")
