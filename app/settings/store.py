"""The settings file: read once, changed in memory, written whole."""

import json
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.language import tr
from app.settings.declared import ALL
from app.settings.setting import Setting

VERSION = 1
_MAX_BYTES = 16 * 1024 * 1024

T = TypeVar("T")
_MISSING = object()
_NEWER = (
    "The settings were written by a newer version of the program. They are used as far as this "
    "version knows them, and changes are not saved."
)


class SettingsStore:
    """`get` and `set` touch memory only and may be called from any thread; `load` and `save` touch
    the disk and belong on a worker thread."""

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._values: JsonObject = {}
        self._newer_version: int | None = None
        self._revision = 0
        self._saved_revision = 0
        self._listeners: dict[str, list[Callable[[Any], None]]] = {}

    @property
    def path(self) -> Path:
        return self._path

    @property
    def read_only(self) -> bool:
        """The file was written by a newer version; saving would lose what that one knows."""
        return self._newer_version is not None

    @property
    def dirty(self) -> bool:
        """Something was changed since the last save."""
        with self._lock:
            return self._revision != self._saved_revision

    def load(self) -> list[str]:
        """Read the file; returns what a person should know about it, in sentences.

        A missing file is no problem. A broken one is set aside under another name, and the
        defaults hold; so they do for single values that cannot be used. Never raises for what is in
        the file or on the disk.
        """
        try:
            values, version = _parse(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except OSError as error:
            return [f"The settings could not be read ({_reason(error)}); the defaults are used."]
        except ValueError as error:
            return [self._set_aside(str(error))]
        with self._lock:
            self._values = values
            self._newer_version = version if version > VERSION else None
        problems = [_NEWER] if version > VERSION else []
        return problems + [problem for setting in ALL for problem in self.check(setting)]

    def get(self, setting: Setting[T]) -> T:
        """The value, or the default when there is none or none that can be used."""
        return self._read(setting)[0]

    def check(self, setting: Setting[T]) -> list[str]:
        """What is wrong with the stored value, in sentences."""
        return self._read(setting)[1]

    def set(self, setting: Setting[T], value: T) -> None:
        """Whoever listens is told on this thread, when it is another value now."""
        raw = setting.write(value)
        before = self.get(setting)
        with self._lock:
            if self._values.get(setting.key, _MISSING) != raw:
                self._values[setting.key] = raw
                self._revision += 1
        self._tell(setting, before)

    def reset(self, setting: Setting[T]) -> None:
        """Back to the default, also to what the default will be in later versions."""
        before = self.get(setting)
        with self._lock:
            if self._values.pop(setting.key, _MISSING) is not _MISSING:
                self._revision += 1
        self._tell(setting, before)

    def subscribe(self, setting: Setting[T], callback: Callable[[T], None]) -> Callable[[], None]:
        """callback gets every new value, on the thread that set it. Returns what ends that."""
        listeners = self._listeners.setdefault(setting.key, [])
        listeners.append(callback)

        def end() -> None:
            if callback in listeners:
                listeners.remove(callback)

        return end

    def _tell(self, setting: Setting[T], before: T) -> None:
        now = self.get(setting)
        if now != before:
            for listener in tuple(self._listeners.get(setting.key, ())):
                listener(now)

    def save(self) -> None:
        """Write everything at once, through a temporary file. Raises KnownError."""
        with self._write_lock:
            with self._lock:
                newer, revision = self._newer_version, self._revision
                document = {"version": VERSION, "settings": dict(self._values)}
            if newer is not None:
                raise KnownError(
                    tr("The settings were not saved."),
                    tr("They were written by a newer version of the program."),
                    tr("Update this one, or remove the file to start afresh."),
                    str(self._path),
                )
            try:
                _write(self._path, json.dumps(document, indent=2) + "\n")
            except OSError as error:
                raise KnownError(
                    tr("The settings were not saved."),
                    tr("The file could not be written: {error}.", error=_reason(error)),
                    tr("Check the folder {parent}.", parent=self._path.parent),
                    repr(error),
                ) from error
            with self._lock:
                self._saved_revision = max(self._saved_revision, revision)

    def _read(self, setting: Setting[T]) -> tuple[T, list[str]]:
        with self._lock:
            if setting.key not in self._values:
                return setting.default, []
            raw = self._values[setting.key]
        try:
            return setting.read(raw)
        except ValueError as error:
            complaint = f"The setting “{setting.label}” {error}; its default is used."
            return setting.default, [complaint]

    def _set_aside(self, problem: str) -> str:
        stamp = f"{self._now():%Y%m%d-%H%M%S}"
        aside = self._path.with_name(f"{self._path.name}.broken-{stamp}")
        try:
            self._path.replace(aside)
        except OSError as error:
            kept = f"It could not be renamed ({_reason(error)})"
        else:
            kept = f"It was renamed to {aside.name}"
        return f"The settings file {problem}. {kept}, and the defaults are used."


def _parse(raw: bytes) -> tuple[JsonObject, int]:
    """Raises ValueError with the end of a sentence about the file."""
    if len(raw) > _MAX_BYTES:
        raise ValueError("is far too large")
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("is damaged") from None
    values = document.get("settings") if isinstance(document, dict) else None
    version = document.get("version") if isinstance(document, dict) else None
    if not isinstance(values, dict) or not isinstance(version, int) or isinstance(version, bool):
        raise ValueError("is not a settings file")
    return values, version


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
