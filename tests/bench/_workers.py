"""Workers on loopback, GPUs to llama.cpp, and a process that loads models over them."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.placement import Placement
from tests.bench._loads import Report, as_report, as_request

ROOT = Path(__file__).resolve().parent.parent.parent
_WAIT_SECONDS = 60.0


class Loader:
    """Asks the loading process, one request after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def load(self, path: Path, placement: Placement, *, dry: bool) -> Report:
        """Raises KnownError when llama.cpp refused, RuntimeError when the process ended."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("started without pipes")
        self._process.stdin.write(as_request(path, placement, dry=dry) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"llama.cpp ended the process with {self._process.wait()}")
        return as_report(line)


@contextmanager
def workers(count: int) -> Iterator[list[str]]:
    """Endpoints of so many workers; they are ended afterwards."""
    ports = [_free_port() for _ in range(count)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.engine.rpc_worker", f"127.0.0.1:{port}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        for port, process in zip(ports, processes, strict=True):
            _wait_until_listening(port, process)
        yield [f"127.0.0.1:{port}" for port in ports]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def loader(endpoints: list[str]) -> Iterator[Loader]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench._loads", *endpoints],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        try:
            yield Loader(process)
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError("a worker ended")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        return
    raise RuntimeError("a worker does not listen")
