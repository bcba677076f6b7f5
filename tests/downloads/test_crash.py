"""The downloading process is killed at 50 moments, and nothing is lost."""

import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.downloads.types import DownloadRequest
from tests.downloads.helpers import offer, partials
from tests.hub.content import PatternContent
from tests.hub.server import HubServer, hub_environment

KILLS = 50
SHARD_BYTES = 100_000_000
CONNECTIONS = 4


class _Zygote:
    def __init__(self, hub: HubServer) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.downloads.crash_zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=hub_environment(hub),
            cwd=Path(__file__).parents[2],
        )

    def run(self, order: dict[str, object], hub: HubServer, kill_after: int | None) -> int:
        """Exit code; the child is killed when the hub has sent so many bytes more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        goal = hub.sent_bytes + (kill_after or 0)
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        child = int(self._process.stdout.readline())
        over = threading.Event()
        if kill_after is not None:
            killer = threading.Thread(target=_kill_at, args=(hub, goal, child, over))
            killer.start()
        code = int(self._process.stdout.readline())
        over.set()
        if kill_after is not None:
            hub.count_bytes(0)
            killer.join()
        return code

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)


def _kill_at(hub: HubServer, goal: int, child: int, over: threading.Event) -> None:
    while not hub.wait_until_sent(goal, 0.05):
        if over.is_set():
            return
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_at_fifty_moments_and_whole_every_time(hub: HubServer, tmp_path: Path) -> None:
    shards = {
        f"Q4_K_M/GLM-Q4_K_M-0000{n}-of-00003.gguf": PatternContent(SHARD_BYTES + n, n)
        for n in (1, 2, 3)
    }
    request = offer(hub, shards)
    hub.send_buffer_bytes = 64 * 1024
    moments = random.Random(46)
    zygote = _Zygote(hub)
    kills = sets = 0
    try:
        while kills < KILLS:
            folder = tmp_path / str(sets)
            order = _order(hub, request, folder)
            while True:
                after = moments.randrange(30_000_000) if kills < KILLS else None
                code = zygote.run(order, hub, after)
                if code == 0:
                    break
                assert code == -signal.SIGKILL
                kills += 1
                _nothing_usable_is_wrong(request, folder)
            _check(request, folder)
            sets += 1
    finally:
        zygote.close()
    # Each kill may cost 4 MiB per connection; besides, the server counts a piece of 1 MiB before
    # it is sent, of which the client may have seen nothing.
    twice = hub.sent_bytes - sets * request.size_bytes
    assert twice <= KILLS * CONNECTIONS * (4 + 1) * 2**20


def _order(hub: HubServer, request: DownloadRequest, folder: Path) -> dict[str, object]:
    return {
        "repo": request.repo,
        "commit": request.commit,
        "files": [[f.path, f.size_bytes, f.sha256] for f in request.files],
        "folder": str(folder),
        "endpoint": hub.endpoint,
        "connections": CONNECTIONS,
    }


def _nothing_usable_is_wrong(request: DownloadRequest, folder: Path) -> None:
    """Whatever has its final name after a kill is complete."""
    sizes = {f.sha256: f.size_bytes for f in request.files}
    for blob in folder.glob("models--*/blobs/*"):
        if blob.name in sizes:
            assert blob.stat().st_size == sizes[blob.name]


def _check(request: DownloadRequest, folder: Path) -> None:
    for file in request.files:
        (path,) = folder.glob(f"models--*/snapshots/{request.commit}/{file.path}")
        with path.open("rb") as data:
            assert hashlib.file_digest(data, "sha256").hexdigest() == file.sha256
    assert partials(folder) == []
