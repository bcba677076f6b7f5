"""Servers that other programs on this machine have been told of. Their files are only read."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.cancel import CancelToken
from app.tools.mcp.paste import Block, read_block

_MAX_BYTES = 16_000_000
_KEYS = ("mcpServers", "servers", "mcp")


@dataclass(frozen=True)
class Elsewhere:
    """program: whose they are."""

    program: str
    block: Block


def servers_elsewhere(
    cancel: CancelToken,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Elsewhere, ...]:
    """Of each program that has any. Reads files; raises Cancelled, and nothing for what is in
    them."""
    found: list[Elsewhere] = []
    for program, path in _files(home or Path.home(), environment or os.environ):
        cancel.raise_if_cancelled()
        block = read_block(_part(_text(path)))
        if block.servers:
            found.append(Elsewhere(program, block))
    return tuple(found)


def _text(path: Path) -> str:
    """ "" for what cannot be read or is too large."""
    try:
        # A pipe or a device would never end.
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _part(text: str) -> str:
    """What is about servers in a file that may hold much else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text  # with comments, perhaps
    if not isinstance(document, dict):
        return ""
    return json.dumps({key: document[key] for key in _KEYS if key in document})


def _files(home: Path, environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    settings = _settings_folder(home, environment)
    return [
        ("Claude Desktop", settings / "Claude" / "claude_desktop_config.json"),
        ("Claude Code", home / ".claude.json"),
        ("Cursor", home / ".cursor" / "mcp.json"),
        ("VS Code", settings / "Code" / "User" / "mcp.json"),
        ("Windsurf", home / ".codeium" / "windsurf" / "mcp_config.json"),
        ("LM Studio", home / ".lmstudio" / "mcp.json"),
        ("Gemini CLI", home / ".gemini" / "settings.json"),
    ]


def _settings_folder(home: Path, environment: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    name, usual = _PLACES.get(sys.platform, _PLACES["linux"])
    return Path(environment.get(name) or usual(home))


_PLACES: Mapping[str, tuple[str, Callable[[Path], Path]]] = {
    "win32": ("APPDATA", lambda home: home / "AppData" / "Roaming"),
    "linux": ("XDG_CONFIG_HOME", lambda home: home / ".config"),
}
