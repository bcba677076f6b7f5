"""The program as a person starts it: a process of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("llama_cpp")
ROOT = Path(__file__).parents[2]
TIMEOUT_SECONDS = 90.0


@contextmanager
def _running(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    state = Path(os.environ["XDG_STATE_HOME"])
    process = subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, state / "glm-launcher" / "log" / "glm-launcher.log"
    finally:
        process.kill()
        process.wait()


def _wait_for(log: Path, words: str, process: subprocess.Popen[bytes]) -> None:
    tick = threading.Event()
    end = time.monotonic() + TIMEOUT_SECONDS
    while not (log.exists() and words in log.read_text(encoding="utf-8")):
        assert process.poll() is None, "the program ended"
        assert time.monotonic() < end, f"{words!r} never came"
        tick.wait(0.05)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_it_starts_loads_the_demo_model_and_ends_politely() -> None:
    with _running() as (process, log):
        _wait_for(log, "The window is open", process)
        _wait_for(log, "Ready: ", process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_SECONDS) == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ending_it_in_the_middle_of_loading() -> None:
    with _running() as (process, log):
        _wait_for(log, "The window is open", process)
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_SECONDS) == 0
