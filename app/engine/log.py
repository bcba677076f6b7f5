"""llama.cpp's own log: into Python's logging (logger "llama.cpp"), never to standard error."""

import atexit
import logging
import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from app.engine.bindings import SILENT_LOG_CALLBACK, lib, text
from app.engine.protocol import BufferUse

_KEPT_LINES = 500
_CONTINUATION = 5
_LEVELS = {1: logging.DEBUG, 2: logging.INFO, 3: logging.WARNING, 4: logging.ERROR}
_BUFFER = re.compile(r"\w+: +(\S.*?) +(model|KV|RS|compute|output) buffer size = +([\d.]+) MiB")
# What llama_decode reports as an error and a warning when the person pressed Stop.
_ABORTED = re.compile(
    r"decode, ret = 2|compute status: 1$|failed with error 1$|removing memory module entries"
)
_KINDS: dict[str, Literal["weights", "kv", "compute", "output"]] = {
    "model": "weights",
    "KV": "kv",
    "RS": "kv",
    "compute": "compute",
    "output": "output",
}

_logger = logging.getLogger("llama.cpp")


class LlamaLog:
    """The last lines of the log. llama.cpp has one log per process, so there is one of these."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._collectors: list[list[str]] = []
        self._partial = ""
        self._level = logging.INFO
        self._callback = lib.llama_log_callback(self._receive)  # kept: C holds only a pointer
        self._installed = False

    def install(self) -> None:
        if not self._installed:
            self._installed = True
            lib.llama_log_set(self._callback, None)
            atexit.register(lib.llama_log_set, SILENT_LOG_CALLBACK, None)

    @contextmanager
    def collect(self) -> Iterator[list[str]]:
        """The lines logged inside the block, by any thread."""
        lines: list[str] = []
        with self._lock:
            self._collectors.append(lines)
        try:
            yield lines
        finally:
            with self._lock:
                self._collectors = [kept for kept in self._collectors if kept is not lines]

    def tail(self, count: int = 40) -> str:
        with self._lock:
            return "\n".join(list(self._lines)[-count:])

    def _receive(self, level: int, message: bytes | None, _user_data: object) -> None:
        with self._lock:
            if level != _CONTINUATION:
                self._level = _LEVELS.get(level, logging.INFO)
            level_now = self._level
            *lines, self._partial = (self._partial + text(message)).split("\n")
            if level_now > logging.DEBUG:  # most lines are; they would push the others out
                self._lines.extend(lines)
                for collector in self._collectors:
                    collector.extend(lines)
        for line in lines:
            level_of_line = logging.DEBUG if _ABORTED.search(line) else level_now
            if _logger.isEnabledFor(level_of_line):
                _logger.log(level_of_line, "%s", line)


llama_log = LlamaLog()


def buffers(lines: Iterable[str]) -> tuple[BufferUse, ...]:
    """What the log of a load says each device's buffers take."""
    sizes: defaultdict[tuple[str, Literal["weights", "kv", "compute", "output"]], int]
    sizes = defaultdict(int)
    for line in lines:
        if match := _BUFFER.match(line):
            device, kind, mebibytes = match.groups()
            sizes[device, _KINDS[kind]] += round(float(mebibytes) * 2**20)
    return tuple(BufferUse(device, kind, size) for (device, kind), size in sizes.items())
