"""Whoever opens connections is known, so that none is missing from the record of contacts."""

import ast
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
CONNECTING = {
    "socket",
    "http.client",
    "urllib.request",
    "httpx2",
    "httpcore2",
    "huggingface_hub",
    "requests",
}
NOTING = {
    "catalog/session.py",
    "downloads/wire.py",
    "engine/devices.py",
    "gguf/fetch.py",
    "tools/mcp/http.py",
    "tools/web/client.py",
}
"""They say which hosts they contact."""
BELOW = {
    "downloads/dial.py",  # connections for wire.py
    "downloads/stream.py",
    "tools/web/line.py",  # for client.py
}
NOT_CONNECTING = {
    "catalog/hub.py",  # through the client of session.py
    "catalog/refusals.py",  # errors
    "tools/mcp/reasons.py",  # errors
    "hardware/scrub.py",  # the name of this machine
    "ui/application.py",  # a pair of sockets that wakes the event loop
}


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_nobody_else_connects() -> None:
    connecting = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if _imported(ast.parse(path.read_text(encoding="utf-8"))) & CONNECTING
    }
    assert connecting - NOTING - BELOW - NOT_CONNECTING == set()
    assert connecting >= NOTING


def test_those_who_connect_note_it() -> None:
    silent = {
        name for name in NOTING if "note_contact(" not in (APP / name).read_text(encoding="utf-8")
    }
    assert silent == set()
