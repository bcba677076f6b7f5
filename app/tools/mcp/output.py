"""The last lines that a server wrote beside its messages."""

import re
import threading
from collections import deque
from collections.abc import Iterable

MAX_LINES = 400
MAX_LINE = 1_000
_MASK = "•••"
_SHORTEST_SECRET = 6
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Output:
    """Bounded; written on the servers' thread, read on any. secrets: never shown, whoever prints
    them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = [one for one in secrets if len(one) >= _SHORTEST_SECRET]
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """As it comes from the pipe."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()[: 4 * MAX_LINE]
        for line in lines[-MAX_LINES:]:
            self.add(line.decode("utf-8", "replace"))

    def end(self) -> None:
        """What came without a line's end counts as a line."""
        rest, self._rest = self._rest, b""
        if rest:
            self.add(rest.decode("utf-8", "replace"))

    def add(self, line: str) -> None:
        clean = _CONTROLS.sub("", _ESCAPES.sub("", line[: 4 * MAX_LINE]).expandtabs(4)).rstrip()
        if not clean:
            return
        for secret in self._secrets:
            clean = clean.replace(secret, _MASK)
        with self._lock:
            self._lines.append(clean[:MAX_LINE])

    @property
    def text(self) -> str:
        with self._lock:
            return "\n".join(self._lines)

    @property
    def last(self) -> str:
        """The last line, "" when there is none."""
        with self._lock:
            return self._lines[-1] if self._lines else ""
