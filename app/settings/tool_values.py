"""How what people allow tools comes out of the settings file."""

from app.core.json import JsonValue

MOST = 500
_LONGEST = 1_000


def read_permissions(value: JsonValue) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Tool and scope. What makes no sense is left out: it allows nothing."""
    kept: dict[tuple[str, str], None] = {}
    for item in _list(value):
        entry = item if isinstance(item, dict) else {}
        tool, scope = entry.get("tool"), entry.get("scope", "")
        if _sound(tool) and isinstance(scope, str) and len(scope) <= _LONGEST:
            kept[str(tool), scope] = None
    return tuple(kept)[:MOST], []


def write_permissions(permissions: tuple[tuple[str, str], ...]) -> JsonValue:
    return [{"tool": tool, "scope": scope} for tool, scope in permissions]


def read_tool_folders(value: JsonValue) -> tuple[tuple[tuple[str, bool], ...], list[str]]:
    """Path, and whether tools may write there."""
    kept: dict[str, bool] = {}
    for item in _list(value):
        entry = item if isinstance(item, dict) else {}
        path = entry.get("path")
        if _sound(path):
            kept[str(path)] = entry.get("write") is True
    return tuple(kept.items())[:MOST], []


def write_tool_folders(folders: tuple[tuple[str, bool], ...]) -> JsonValue:
    return [{"path": path, "write": write} for path, write in folders]


def read_names(value: JsonValue) -> tuple[tuple[str, ...], list[str]]:
    kept = dict.fromkeys(str(item) for item in _list(value) if _sound(item))
    return tuple(kept)[:MOST], []


def _list(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ValueError("is not a list")
    return value


def _sound(value: JsonValue) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST
