"""How fast system memory can be read: measured once, kept, with the nominal figure beside it."""

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.hardware.files import read_text

BUDGET_SECONDS = 0.3
METHOD = (
    "64-bit words summed with numpy, every usable core on a buffer of its own, beyond the cache"
)
_CHUNK_BYTES = 4 << 20
_LEAST_BYTES = 64 << 20
_MOST_BYTES = 1 << 30
_WARM_UP_SHARE = 0.55

Buffer = npt.NDArray[np.int64]


def measure(
    cores: int,
    cache_bytes: int | None,
    available_bytes: int | None,
    clock: Callable[[], float] = time.perf_counter,
) -> int | None:
    """Bytes per second read by `cores` threads in at most `BUDGET_SECONDS`.

    Every thread fills a buffer of its own (which places it in memory near its core) and then sums
    it piece by piece until the time is up; numpy holds no lock while it does. Together the buffers
    are four times the last-level cache, but at most a sixteenth of the free memory. None when
    that is too little to tell.
    """
    wanted = min(max(4 * (cache_bytes or 0), _LEAST_BYTES), _MOST_BYTES)
    if available_bytes is not None:
        wanted = min(wanted, available_bytes // 16)
    share = wanted // cores // _CHUNK_BYTES * _CHUNK_BYTES
    if share <= 0:
        return None
    start = clock()
    ready = threading.Barrier(cores, timeout=BUDGET_SECONDS)
    stop = start + BUDGET_SECONDS
    spans: list[tuple[int, float, float]] = []

    def work() -> None:
        try:
            buffer = _fill(share, start + BUDGET_SECONDS * _WARM_UP_SHARE, clock)
            ready.wait()
        except (MemoryError, threading.BrokenBarrierError):
            ready.abort()
            return
        begin = clock()
        done = _read_until(buffer, stop, clock)
        spans.append((done, begin, clock()))

    threads = [
        threading.Thread(target=work, name="ram-bandwidth", daemon=True) for _ in range(cores)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _rate(spans)


def _fill(size: int, stop: float, clock: Callable[[], float]) -> Buffer:
    """Touches every page; a slow machine gets a smaller buffer."""
    buffer: Buffer = np.empty(size // 8, dtype=np.int64)
    step = _CHUNK_BYTES // 8
    for begin in range(0, buffer.size, step):
        buffer[begin : begin + step] = begin
        if clock() >= stop:
            return buffer[: begin + step]
    return buffer


def _read_until(buffer: Buffer, stop: float, clock: Callable[[], float]) -> int:
    step = _CHUNK_BYTES // 8
    done = 0
    while True:
        for begin in range(0, buffer.size, step):
            piece = buffer[begin : begin + step]
            np.add.reduce(piece)
            done += piece.nbytes
            if clock() >= stop:
                return done


def _rate(spans: Sequence[tuple[int, float, float]]) -> int | None:
    if not spans:
        return None
    seconds = max(end for _, _, end in spans) - min(begin for _, begin, _ in spans)
    total = sum(done for done, _, _ in spans)
    return round(total / seconds) if seconds > 0 and total else None


def cache_bytes(root: Path) -> int | None:
    """The last-level caches of all cores together (Linux)."""
    found: dict[str, int] = {}
    for folder in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cache/index3"):
        size = read_text(folder / "size") or ""
        shared = read_text(folder / "shared_cpu_list") or folder.parent.parent.name
        if size.endswith("K") and size[:-1].isdigit():
            found[shared] = int(size[:-1]) * 1024
    return sum(found.values()) or None


class BandwidthCache:
    """What was measured, kept per machine: the key is whatever identifies its memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: Sequence[object]) -> int | None:
        """None when nothing usable is kept."""
        text = read_text(self._path(key))
        try:
            value = json.loads(text) if text else None
        except (ValueError, RecursionError):
            return None
        rate = value.get("bytes_per_second") if isinstance(value, dict) else None
        return rate if isinstance(rate, int) and not isinstance(rate, bool) and rate > 0 else None

    def store(self, key: Sequence[object], bytes_per_second: int) -> None:
        """A folder that cannot be written to costs the next start 0.3 s, nothing more."""
        path = self._path(key)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({"bytes_per_second": bytes_per_second}), encoding="utf-8")
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()

    def _path(self, key: Sequence[object]) -> Path:
        digest = hashlib.sha256(repr(tuple(key)).encode()).hexdigest()[:16]
        return self._folder / f"ram-bandwidth-{digest}.json"


def usable_threads(cores: int | None) -> int:
    """More threads than this saturate nothing further and cost start-up time."""
    return max(1, min(cores or 1, 32))
