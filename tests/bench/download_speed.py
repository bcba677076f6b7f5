"""Loopback throughput of a verified download against curl and `hf download`, in the same run.

Ours is measured inside a running program, with SHA-256 on; the others as whole processes. curl does
not verify; what it takes to hash afterwards or in a pipe is printed beside it. All of them get the
file from the same server, in a process of its own, which leaves the sending to the system. Ours
needs a second processor core for the hash: on two cores that others use too, curl alone is ahead.
"""

import hashlib
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.hub_access import HubAccess
from app.downloads.facade import download
from app.downloads.types import DownloadRequest, FileRequest, Target
from tests.hub.content import FileContent
from tests.hub.server import HubServer, hub_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

SIZE = 1_000_000_000
ROUNDS = 5
REPO, NAME = "bench/model", "model.gguf"


def _serve(path: Path, sha256: str, pipe: "Connection") -> None:
    with HubServer() as hub:
        repo = hub.world.add(REPO, {NAME: FileContent(path, sha256)})
        pipe.send((hub.endpoint, repo.head, hub_environment(hub)))
        pipe.recv()


def main() -> int:
    if not hasattr(os, "pread"):
        print("skipped: the server of this benchmark needs a POSIX system")
        return 0
    memory = Path("/dev/shm")  # the disk is not what is measured
    base = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=base, prefix="download-speed-") as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> int:
    source = folder / "source.bin"
    sha256 = _make(source)
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(source, sha256, theirs))
    server.start()
    endpoint, commit, environment = pipe.recv()
    try:
        _compare(folder, endpoint, commit, environment, sha256)
    finally:
        pipe.send("stop")
        server.join()
    return 0


def _make(path: Path) -> str:
    digest, block = hashlib.sha256(), os.urandom(1_000_000)
    with path.open("wb") as file:
        for number in range(SIZE // len(block)):
            piece = number.to_bytes(8, "little") + block[8:]
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _compare(
    folder: Path, endpoint: str, commit: str, environment: dict[str, str], sha256: str
) -> None:
    request = DownloadRequest(REPO, commit, (FileRequest(NAME, SIZE, sha256),))
    url = f"{endpoint}/{REPO}/resolve/{commit}/{NAME}"
    out = folder / "out"

    def ours() -> None:
        download(request, Target("folder", out), HubAccess(lambda: endpoint))

    def run(command: list[str]) -> None:
        out.mkdir(exist_ok=True)
        subprocess.run(command, env=environment, check=True, capture_output=True)

    def curl_and_hash() -> None:
        run(["curl", "-sSfL", "-o", str(out / NAME), url])
        run(["sha256sum", str(out / NAME)])

    def curl_piped() -> None:
        pipe = 'curl -sSfL "$1" | tee "$2" | sha256sum'
        run(["sh", "-c", pipe, "sh", url, str(out / NAME)])

    contestants: dict[str, Callable[[], None]] = {"ours": ours}
    if shutil.which("curl"):
        contestants["curl"] = lambda: run(["curl", "-sSfL", "-o", str(out / NAME), url])
    if shutil.which("curl") and shutil.which("sha256sum"):
        contestants["curl, then sha256sum"] = curl_and_hash
        contestants["curl | tee | sha256sum"] = curl_piped
    if (hf := Path(sys.executable).with_name("hf")).exists():
        contestants["hf download"] = lambda: run(
            [str(hf), "download", REPO, NAME, "--local-dir", str(out)]
        )
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    idle = _peak_bytes() if sys.platform != "win32" else 0
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            shutil.rmtree(out, ignore_errors=True)
            started = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - started)
    _print(seconds)
    if sys.platform != "win32":
        print(f"memory above idle: {(_peak_bytes() - idle) / 1e6:.0f} MB at most")


def _peak_bytes() -> int:
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _print(seconds: dict[str, list[float]]) -> None:
    busy = f", load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} processor cores{busy}, {ROUNDS} rounds in turns")
    speeds = {name: SIZE / 1e6 / statistics.median(times) for name, times in seconds.items()}
    for name, speed in speeds.items():
        print(f"{name:23} {speed:7.0f} MB/s   (median of {ROUNDS}, {SIZE / 1e9:.0f} GB)")
    for name in speeds:
        if name != "ours":
            pairs = zip(seconds[name], seconds["ours"], strict=True)
            ratio = statistics.median(theirs / ours for theirs, ours in pairs)
            print(f"ours / {name}: ratio {ratio:.2f} (median of the rounds)")


if __name__ == "__main__":
    sys.exit(main())
