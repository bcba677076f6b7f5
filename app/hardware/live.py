"""Live figures for a page that stays open: memory and load, gently.

Polling keeps a laptop's GPU awake, and a broken driver answers ever more slowly: the pace is slow
when nothing runs and backs off after every failure.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from app.core.language import tr
from app.hardware.children import DEADLINE_SECONDS, child_environment, module_command
from app.hardware.codec import MalformedError, from_json
from app.hardware.facts import SystemFacts
from app.hardware.live_types import LiveGpus, LiveSample
from app.hardware.memory import read_memory

WATCH_COMMAND = (*module_command("app.hardware.nvml_probe"), "--watch")
BUSY_SECONDS = 1.0
IDLE_SECONDS = 10.0
_LONGEST_SECONDS = 120.0


class Pace:
    """Seconds until the next look: short while the engine works, doubled by every failure."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._failures = 0
        self._idle_seconds = idle_seconds

    def after(self, *, failed: bool, busy: bool) -> float:
        self._failures = self._failures + 1 if failed else 0
        base = BUSY_SECONDS if busy else self._idle_seconds
        return float(min(_LONGEST_SECONDS, base * 2 ** min(self._failures, 10)))


class LiveMonitor:
    """Samples from one worker thread at a time; `close` and `abandon` from any.

    The driver is asked in a child that stays; when it hangs or dies, the last good figures are
    shown as stale and a new child is started at the next look. idle_seconds: the pace while the
    engine rests, for a page that somebody looks at. root: what takes the place of `/` to find a
    container's limit on memory; None leaves the limit out.
    """

    def __init__(
        self,
        facts: SystemFacts,
        environ: Mapping[str, str],
        command: Sequence[str] = WATCH_COMMAND,
        deadline_seconds: float = DEADLINE_SECONDS,
        *,
        idle_seconds: float = IDLE_SECONDS,
        root: Path | None = None,
    ) -> None:
        self._facts = facts
        self._root = root
        self._environ = child_environment(environ)
        self._command = list(command)
        self._deadline = deadline_seconds
        self._pace = Pace(idle_seconds)
        self._child: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._last = LiveGpus()
        self._lock = threading.Lock()
        self._closed = False

    def sample(self, *, busy: bool) -> LiveSample:
        """Blocks for at most the deadline. busy: the engine computes just now. Never raises for
        a driver's sake."""
        gpus = self._ask()
        if gpus.error:
            kept = tuple(replace(gpu, stale=True) for gpu in self._last.gpus)
            gpus = LiveGpus(kept, gpus.error)
        else:
            self._last = gpus
        failed = bool(gpus.error) or any(g.stale and g.state != "lost" for g in gpus.gpus)
        total, available = self._memory()
        return LiveSample(
            memory_total_bytes=total,
            memory_available_bytes=available,
            cpu_percent=self._facts.cpu_percent(),
            gpus=gpus.gpus,
            error=gpus.error,
            next_seconds=self._pace.after(failed=failed, busy=busy),
        )

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._end_child()

    def abandon(self) -> None:
        """Ends the child without waiting for its end, which `close` has to do; a look that goes on
        comes back at once."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()

    def _memory(self) -> tuple[int | None, int | None]:
        """Total and available, as this program may use them."""
        if self._root is None:
            total, available = self._facts.memory()
            return total or None, available
        memory = read_memory(self._facts, self._root)
        return memory.effective_total_bytes, memory.effective_available_bytes

    def _ask(self) -> LiveGpus:
        with self._lock:
            if self._closed:
                return LiveGpus(error=tr("Closed."))
            problem = self._start_child()
        if problem:
            return LiveGpus(error=problem)
        try:
            return from_json(LiveGpus, json.loads(self._exchange()))
        except (OSError, ValueError, MalformedError, queue.Empty) as error:
            with self._lock:
                self._end_child()
            hung = isinstance(error, queue.Empty)
            what = tr("does not answer") if hung else tr("stopped answering")
            return LiveGpus(error=tr("The NVIDIA driver {what}.", what=what))

    def _exchange(self) -> str:
        child = self._child
        if child is None or child.stdin is None:
            raise OSError("ended")
        child.stdin.write("\n")
        child.stdin.flush()
        return self._lines.get(timeout=self._deadline)

    def _start_child(self) -> str:
        if self._child is not None and self._child.poll() is None:
            return ""
        self._end_child()
        try:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                text=True,
                encoding="utf-8",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            return tr("The figures cannot be read: {strerror}.", strerror=error.strerror)
        self._lines = queue.SimpleQueue()
        reader = threading.Thread(
            target=_pump, args=(self._child.stdout, self._lines), name="live-gpus", daemon=True
        )
        reader.start()
        if self._closed:
            self._child.kill()
        return ""

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        try:
            child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return
        if child.stdin is not None:
            _close(child.stdin)


def _pump(lines: IO[str] | None, into: queue.SimpleQueue[str]) -> None:
    """An empty line tells that the child has ended."""
    if lines is not None:
        with lines:
            for line in lines:
                into.put(line)
    into.put("")


def _close(pipe: IO[str]) -> None:
    try:
        pipe.close()
    except OSError:
        return
