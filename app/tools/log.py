"""What tools did on this machine: one JSON line for every call, kept within bounds."""

import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr

Outcome = Literal["done", "failed", "stopped", "denied"]

MAX_BYTES = 1_000_000
_LONGEST_TEXT = 300
_MOST_ITEMS = 20
_DEEPEST = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """how: as in app.tools.consent.How. characters: of the result, which itself is not kept.
    arguments: long texts in them are cut when they are written."""

    at: datetime
    tool: str
    source: str
    effect: str
    scope: str
    arguments: JsonObject = field(default_factory=dict)
    how: str = ""
    outcome: str = "done"
    seconds: float | None = None
    characters: int | None = None


Note = Callable[[Entry], None]


class ToolLog:
    """A file and the one before it, each of at most MAX_BYTES. `note` may be called from any thread
    and never raises; the rest blocks, for worker threads."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._path, self._max_bytes = path, max_bytes
        self._lock = threading.Lock()

    @property
    def _before(self) -> Path:
        return self._path.with_name(f"{self._path.name}.1")

    def note(self, entry: Entry) -> None:
        line = json.dumps(_as_json(entry), ensure_ascii=False, separators=(",", ":"))
        data = line.encode("utf-8", "replace") + b"\n"
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                if self._size() + len(data) > self._max_bytes:
                    self._path.replace(self._before)
                handle = os.open(
                    self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _BINARY, 0o600
                )
                with os.fdopen(handle, "ab") as file:
                    file.write(data)
        except OSError as error:
            _log.warning("A tool call could not be logged: %s", error)

    def latest(self, most: int = 500) -> tuple[Entry, ...]:
        """The newest first. Raises KnownError."""
        found = [entry for line in reversed(self._lines()) if (entry := _entry(line)) is not None]
        return tuple(found[:most])

    def export(self, target: Path) -> int:
        """Everything there is, as JSON lines; how many lines. Raises KnownError."""
        lines = self._lines()
        try:
            target.write_bytes(b"".join(line + b"\n" for line in lines))
        except OSError as error:
            raise _failed("The log was not exported.", target, error) from error
        return len(lines)

    def clear(self) -> None:
        """Raises KnownError."""
        try:
            with self._lock:
                self._path.unlink(missing_ok=True)
                self._before.unlink(missing_ok=True)
        except OSError as error:
            raise _failed("The log was not cleared.", self._path, error) from error

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _lines(self) -> list[bytes]:
        lines: list[bytes] = []
        with self._lock:
            for path in (self._before, self._path):
                try:
                    with path.open("rb") as file:
                        lines += file.read(2 * self._max_bytes).split(b"\n")
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise _failed("The log could not be read.", path, error) from error
        return [line for line in lines if line]


_BINARY = getattr(os, "O_BINARY", 0)


def _as_json(entry: Entry) -> JsonObject:
    return {
        "at": entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        "tool": entry.tool,
        "source": entry.source,
        "effect": entry.effect,
        "scope": entry.scope[:_LONGEST_TEXT],
        "arguments": _bounded(entry.arguments),
        "how": entry.how,
        "outcome": entry.outcome,
        "seconds": None if entry.seconds is None else round(entry.seconds, 3),
        "characters": entry.characters,
    }


def _bounded(value: JsonValue, depth: int = 0) -> JsonValue:
    """Long texts end with how long they are: what a tool wrote is no business of the log."""
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        return "…"
    if isinstance(value, dict):
        some = list(value.items())[:_MOST_ITEMS]
        return {key[:_LONGEST_TEXT]: _bounded(item, depth + 1) for key, item in some}
    if isinstance(value, list):
        return [_bounded(item, depth + 1) for item in value[:_MOST_ITEMS]]
    return value


def _entry(line: bytes) -> Entry | None:
    """None for a line that was cut or meddled with."""
    try:
        data = json.loads(line)
        at = datetime.fromisoformat(data["at"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None

    def text(key: str) -> str:
        value = data.get(key)
        return value if isinstance(value, str) else ""

    arguments, seconds, size = (data.get(key) for key in ("arguments", "seconds", "characters"))
    return Entry(
        at,
        text("tool"),
        text("source"),
        text("effect"),
        text("scope"),
        arguments if isinstance(arguments, dict) else {},
        text("how"),
        text("outcome"),
        float(seconds) if isinstance(seconds, int | float) else None,
        size if isinstance(size, int) else None,
    )


def _failed(what: str, path: Path, error: OSError) -> KnownError:
    return KnownError(
        what, f"{error.strerror or 'The disk refuses'}.", tr("Check the folder."), str(path)
    )
