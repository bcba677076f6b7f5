"""Tells the person in the terminal what goes on, and runs commands with a sign of life."""

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_STEP = re.compile(r"\[(\d+)/(\d+)\]")
_QUIET_SECONDS = 30.0
_LIVE_SECONDS = 0.5


class CommandError(Exception):
    """A command ended with an error; `tail` holds the end of what it printed."""

    def __init__(self, what: str, log: Path, tail: Sequence[str]) -> None:
        super().__init__(what)
        self.what, self.log, self.tail = what, log, tuple(tail)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Activity:
    """One line that stays alive: rewritten in a terminal, repeated now and then elsewhere."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._started = time.monotonic()
        self._live = sys.stderr.isatty()
        self._step = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="activity", daemon=True)

    def __enter__(self) -> Self:
        if not self._live:
            say(f"{self._what} …")
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self._live:
            sys.stderr.write("\r\x1b[K")
        say(f"{self._what}: {'failed' if kind else 'done'} after {self._elapsed()}")

    def read(self, line: str) -> None:
        if match := _STEP.search(line):
            self._step = f", step {match[1]} of {match[2]}"

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"

    def _tick(self) -> None:
        while not self._done.wait(_LIVE_SECONDS if self._live else _QUIET_SECONDS):
            line = f"{self._what}{self._step} ({self._elapsed()})"
            if self._live:
                sys.stderr.write(f"\r\x1b[K{line}")
                sys.stderr.flush()
            else:
                say(f"  still at it: {line}")


def run(
    what: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
) -> None:
    """Run a command with its output going to `log`. Raises CommandError."""
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: deque[str] = deque(maxlen=25)
    with (
        Activity(what) as activity,
        log.open("w", encoding="utf-8", errors="replace") as sink,
        subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **env} if env else None,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - for the type checker
        for line in process.stdout:
            sink.write(line)
            tail.append(line.rstrip())
            activity.read(line)
        if process.wait() != 0:
            raise CommandError(what, log, tail)
