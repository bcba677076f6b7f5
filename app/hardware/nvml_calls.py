"""Calls into pynvml that never raise: a value, or NVML's error code."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

from app.hardware import nvml_codes as codes
from app.hardware.types import GpuState, Unread

_NOT_AVAILABLE_32 = 2**32 - 1
_MAX_SIZE = 2**62


@dataclass(frozen=True)
class Answer:
    value: object = None
    code: int = codes.SUCCESS
    text: str = ""

    @property
    def ok(self) -> bool:
        return self.code == codes.SUCCESS


class Nvml:
    """A module with pynvml's functions. Use it in the process and thread that made it."""

    def __init__(self, module: object) -> None:
        self._module = module
        self._failures = _exceptions_of(module)
        self._restarted = False

    def constant(self, name: str, default: int) -> int:
        value = getattr(self._module, name, default)
        return value if isinstance(value, int) else default

    def call(self, function: str, *arguments: object, **options: object) -> Answer:
        try:
            return Answer(getattr(self._module, function)(*arguments, **options))
        except self._failures as error:
            return _failure(error)

    def restart(self) -> bool:
        """Initialize once more after someone else in the process shut NVML down; once only."""
        if self._restarted:
            return False
        self._restarted = True
        return self.call("nvmlInit").ok


class Device:
    """One handle. Collects what could not be read and what is wrong with the device.

    fetch gets the handle anew: handles die when NVML is shut down. Nothing more is asked of a
    GPU that is lost; drivers have crashed on that.
    """

    def __init__(self, nvml: Nvml, fetch: Callable[[], Answer]) -> None:
        self._nvml = nvml
        self._fetch = fetch
        self._got = fetch()
        # A laptop's GPU that slept answers once that it is lost or unknown.
        asleep = self._got.code in (codes.GPU_IS_LOST, codes.UNKNOWN)
        if asleep or (self._got.code == codes.UNINITIALIZED and nvml.restart()):
            self._got = fetch()
        self.state: GpuState = "ok" if self._got.ok else "unreadable"
        self.notes: list[str] = []
        self.unread: list[Unread] = []
        if not self._got.ok:
            self._learn(self._got, "")

    @property
    def handle(self) -> Answer:
        return self._got

    def ask(self, function: str, *arguments: object, **options: object) -> Answer:
        """The raw answer; restarts NVML once when it was shut down under us."""
        if not self._got.ok:
            return self._got
        if self.state == "lost":
            return Answer(code=codes.GPU_IS_LOST, text="GPU is lost")
        answer = self._nvml.call(function, self._got.value, *arguments, **options)
        if answer.code == codes.UNINITIALIZED and self._nvml.restart():
            self._got = self._fetch()
            answer = self._nvml.call(function, self._got.value, *arguments, **options)
        return answer

    def read(self, field: str, function: str, *arguments: object) -> object:
        """The value, or None with an entry in `unread`."""
        answer = self.ask(function, *arguments)
        if answer.ok:
            return answer.value
        self._learn(answer, field)
        return None

    def note_failure(self, field: str, answer: Answer) -> None:
        self._learn(answer, field)

    def number(self, field: str, function: str, *arguments: object) -> int | None:
        """A positive number; 0 and NVML's "not available" are unknown."""
        return positive(self.read(field, function, *arguments))

    def text(self, field: str, function: str, *arguments: object) -> str | None:
        return plain_text(self.read(field, function, *arguments))

    def _learn(self, answer: Answer, field: str) -> None:
        if answer.code == codes.GPU_IS_LOST:
            self.state = "lost"
        elif answer.code == codes.RESET_REQUIRED:
            self.state = "reset required"
        note = codes.trouble(answer.code)
        if note and note not in self.notes and not _only_one_field(answer.code, field):
            self.notes.append(note)
        if field and self.state != "lost":
            self.unread.append(Unread(field, f"{answer.text} ({answer.code})"))


def positive(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value < _NOT_AVAILABLE_32 else None


def size(value: object) -> int | None:
    """A memory size; the sentinel 2^64-1 and other impossible values are unknown."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MAX_SIZE else None


def plain_text(value: object) -> str | None:
    """Text from bytes or str, printable, without NULs and edges; None when empty."""
    if isinstance(value, bytes):
        value = value.split(b"\0", 1)[0].decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    return "".join(c if c.isprintable() else "\ufffd" for c in value).strip() or None


def _only_one_field(code: int, field: str) -> bool:
    return bool(field) and code in (codes.NO_PERMISSION, codes.OPERATING_SYSTEM)


def _exceptions_of(module: object) -> tuple[type[Exception], ...]:
    own = (getattr(module, name, None) for name in ("NVMLError", "NVMLLibraryMismatchError"))
    found = [kind for kind in own if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*found, AttributeError, TypeError, ValueError, OSError, ctypes.ArgumentError)


def _failure(error: Exception) -> Answer:
    if isinstance(error, UnicodeDecodeError):
        return Answer(error.object)
    code = getattr(error, "value", None)
    if isinstance(code, int):
        return Answer(code=code, text=str(error))
    missing = isinstance(error, AttributeError | TypeError)
    if missing or type(error).__name__ == "NVMLLibraryMismatchError":
        return Answer(code=codes.FUNCTION_NOT_FOUND, text="Function Not Found")
    return Answer(code=codes.UNKNOWN, text=str(error) or type(error).__name__)
