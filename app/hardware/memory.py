"""System memory, and what a container leaves of it (cgroup v2 and v1)."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from app.hardware.facts import SystemFacts
from app.hardware.files import read_int, read_text
from app.hardware.types import Memory, MemoryLimit


def read_memory(facts: SystemFacts, root: Path) -> Memory:
    total, available = facts.memory()
    swap_total, swap_free = facts.swap()
    return Memory(
        total_bytes=total or None,
        available_bytes=available,
        swap_total_bytes=swap_total,
        swap_free_bytes=swap_free,
        limit=container_limit(root, total or None),
    )


def container_limit(root: Path, total: int | None) -> MemoryLimit | None:
    """The tightest limit on the way from this process's cgroup to the root of the hierarchy.

    memory.high counts like memory.max: above it the kernel throttles the process to a crawl.
    None when nothing limits below the memory of the machine.
    """
    limits = [limit for limit in (*_limits_v2(root), *_limits_v1(root)) if limit.limit_bytes > 0]
    tightest = min(limits, key=lambda limit: limit.limit_bytes, default=None)
    if tightest is None or (total is not None and tightest.limit_bytes >= total):
        return None
    return tightest


def cgroup_folders(root: Path, controller: str | None) -> Iterator[Path]:
    """This process's cgroup and all above it, innermost first. controller None means version 2.

    Inside a container the path in /proc/self/cgroup may be the host's: then the mounted folder
    itself is ours.
    """
    mounted = _mount(root, controller)
    if mounted is None:
        return
    mount_point, mount_root = mounted
    own = PurePosixPath(_own_path(root, controller) or "/")
    inside = own.relative_to(mount_root) if own.is_relative_to(mount_root) else PurePosixPath()
    for folder in (inside, *inside.parents):
        path = mount_point / folder
        if ".." not in folder.parts and path.is_dir():
            yield path


def _limits_v2(root: Path) -> Iterator[MemoryLimit]:
    for folder in cgroup_folders(root, None):
        for name in ("memory.max", "memory.high"):
            limit = read_int(folder / name)
            if limit is not None:
                used = read_int(folder / "memory.current")
                cache = _statistic(folder, "inactive_file")
                yield MemoryLimit(limit, f"cgroup v2 {name}", _without_cache(used, cache))


def _limits_v1(root: Path) -> Iterator[MemoryLimit]:
    for folder in cgroup_folders(root, "memory"):
        limit = read_int(folder / "memory.limit_in_bytes")
        if limit is not None:
            used = read_int(folder / "memory.usage_in_bytes")
            cache = _statistic(folder, "total_inactive_file")
            source = "cgroup v1 memory.limit_in_bytes"
            yield MemoryLimit(limit, source, _without_cache(used, cache))


def _without_cache(used: int | None, cache: int) -> int | None:
    return None if used is None else max(0, used - cache)


def _statistic(folder: Path, key: str) -> int:
    for line in (read_text(folder / "memory.stat") or "").splitlines():
        name, _, value = line.partition(" ")
        if name == key and value.isdigit():
            return int(value)
    return 0


def _own_path(root: Path, controller: str | None) -> str | None:
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            continue
        names = parts[1].split(",")
        if (controller is None and parts[0] == "0") or controller in names:
            return parts[2]
    return None


def _mount(root: Path, controller: str | None) -> tuple[Path, str] | None:
    """Where the hierarchy is mounted, and which folder of it."""
    for line in (read_text(root / "proc/self/mountinfo", 1_000_000) or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        right = (
            kind[0] == "cgroup2"
            if controller is None
            else kind[0] == "cgroup" and controller in kind[2].split(",")
        )
        if right:
            return root / fields[4].lstrip("/"), fields[3]
    fallback = root / "sys/fs/cgroup" / (controller or "")
    return (fallback, "/") if fallback.is_dir() else None
