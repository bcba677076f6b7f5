"""Does it fit? What a dry run found, against the memory that is there."""

import sys
from collections.abc import Iterable
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement
from app.core.units import count, gigabytes
from app.engine.devices import list_devices
from app.engine.dryrun import DryRun, is_host
from app.engine.protocol import BufferUse

_CGROUP = Path("/sys/fs/cgroup")
_MAPPED = "_Mapped"
_ROUND_TOKENS = 1024


def require_room(run: DryRun, placement: Placement, freed: Iterable[BufferUse] = ()) -> None:
    """Raises KnownError when the load cannot work. freed: buffers of the model that goes first.

    Only what is sure to fail is refused. Weights mapped from the file count for nothing: what does
    not fit is read from the disk again and again, which is slow but works.
    """
    freed = [use for use in freed if not use.device.endswith(_MAPPED)]
    memory = system_memory_available() + sum(u.size_bytes for u in freed if is_host(u.device))
    mapped = placement.mmap and not placement.mlock and not run.repacks
    weights = 0 if mapped else run.weights_bytes
    if run.device_free_bytes is None or (run.kv_on_host and mapped):
        _compare(run, weights + run.kv_bytes + run.host_bytes, memory)
        return
    pool = memory + run.device_free_bytes
    pool += sum(use.size_bytes for use in freed if not is_host(use.device))
    _compare(run, weights + run.kv_bytes + run.host_bytes + run.device_bytes, pool)


def _compare(run: DryRun, needed: int, available: int) -> None:
    if needed <= available:
        return
    # Compute buffers grow with the context too, though not from zero: this errs on the small side.
    growing = run.kv_bytes + run.host_bytes + run.device_bytes
    share = (available - needed + growing) / growing if growing else 0.0
    fits = min(int(share * run.context_tokens), run.trained_context_tokens)
    fits = fits // _ROUND_TOKENS * _ROUND_TOKENS
    raise KnownError(
        tr(
            "The model does not fit into the memory with a context of {context} tokens.",
            context=count(run.context_tokens),
        )
        if fits > 0
        else tr("The model does not fit into the memory."),
        tr(
            "It needs {needed} ({kv} of it for the context); {available} are free.",
            needed=gigabytes(needed),
            kv=gigabytes(run.kv_bytes),
            available=gigabytes(available),
        ),
        tr("Choose a context of about {fits} tokens or less.", fits=count(fits))
        if fits > 0
        else tr("Close other programs or choose a smaller model."),
        repr(run),
    )


def system_memory_available() -> int:
    """Bytes of system memory that can be had without swapping, container limits included."""
    if sys.platform != "linux":
        return next((d.free_bytes for d in list_devices() if d.kind == "cpu"), sys.maxsize)
    limits = [available for available in (_meminfo(), _cgroup()) if available is not None]
    return min(limits, default=sys.maxsize)


def _meminfo() -> int | None:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _cgroup() -> int | None:
    """What is left of the container's limit; page cache counts as free. None without a limit."""
    try:
        limit = (_CGROUP / "memory.max").read_text().strip()
        used = int((_CGROUP / "memory.current").read_text())
        fields = (_CGROUP / "memory.stat").read_text().split()
    except (OSError, ValueError):
        return None
    if limit == "max":
        return None
    stat = dict(zip(fields[::2], fields[1::2], strict=True))
    cache = int(stat.get("active_file", 0)) + int(stat.get("inactive_file", 0))
    return max(0, int(limit) - used + cache)
