"""What servers had when they were last asked, kept over restarts.

With it the model is offered a server's tools before the server runs, and a prompt begins as it did
the last time: another list of tools would have the whole conversation read again.
"""

import json
import logging
import os
import tempfile
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from app.core.json import JsonObject, JsonValue
from app.tools.mcp.types import Listing, McpPrompt, McpResource, McpTool, PromptArgument

_VERSION = 1
_MAX_BYTES = 16_000_000
_log = logging.getLogger(__name__)


def load(path: Path) -> dict[str, Listing]:
    """By a server's fingerprint. A file that cannot be used is as good as none."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        return {}
    servers = document.get("servers")
    entries = servers.items() if isinstance(servers, dict) else ()
    found = ((key, _listing(entry)) for key, entry in entries)
    return {key: listing for key, listing in found if listing is not None}


def save(path: Path, listings: dict[str, Listing], wanted: Collection[str]) -> None:
    """Only those of the wanted fingerprints. A disk that does not take it costs one question at the
    next start."""
    servers = {key: asdict(listing) for key, listing in listings.items() if key in wanted}
    document = json.dumps({"version": _VERSION, "servers": servers}, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(document)
        Path(name).replace(path)
    except OSError:
        _log.warning("The lists of tools could not be kept", exc_info=True)


def _listing(entry: JsonValue) -> Listing | None:
    if not isinstance(entry, dict):
        return None
    left_out = entry.get("left_out")
    return Listing(
        tuple(_tool(one) for one in _objects(entry, "tools")),
        tuple(_resource(one) for one in _objects(entry, "resources")),
        tuple(_prompt(one) for one in _objects(entry, "prompts")),
        left_out if isinstance(left_out, int) else 0,
    )


def _tool(entry: JsonObject) -> McpTool:
    parameters = entry.get("parameters")
    return McpTool(
        _text(entry, "name"),
        _text(entry, "title"),
        _text(entry, "description"),
        parameters if isinstance(parameters, dict) else {},
        _claim(entry, "reads_only"),
        _claim(entry, "destructive"),
        _text(entry, "why_not"),
    )


def _resource(entry: JsonObject) -> McpResource:
    size = entry.get("size_bytes")
    return McpResource(
        _text(entry, "uri"),
        _text(entry, "name"),
        _text(entry, "description"),
        _text(entry, "media_type"),
        size if isinstance(size, int) else None,
    )


def _prompt(entry: JsonObject) -> McpPrompt:
    return McpPrompt(
        _text(entry, "name"),
        _text(entry, "title"),
        _text(entry, "description"),
        tuple(
            PromptArgument(
                _text(one, "name"), _text(one, "description"), one.get("required") is True
            )
            for one in _objects(entry, "arguments")
        ),
    )


def _text(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _claim(entry: JsonObject, key: str) -> bool | None:
    value = entry.get(key)
    return value if isinstance(value, bool) else None


def _objects(entry: JsonObject, key: str) -> list[JsonObject]:
    value = entry.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
