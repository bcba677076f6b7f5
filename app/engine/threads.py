"""How many threads to compute with: one per physical core that this process may use."""

import ctypes
import os
import platform
from pathlib import Path

_CPUS = Path("/sys/devices/system/cpu")


def physical_cores() -> int:
    """At least 1. Siblings of one core count once; cores outside the affinity mask do not count."""
    if hasattr(os, "sched_getaffinity"):
        return len({_core_of(cpu) for cpu in os.sched_getaffinity(0)})
    if platform.system() == "Darwin":
        return _sysctl("hw.perflevel0.physicalcpu") or _sysctl("hw.physicalcpu") or 1
    return max(1, (os.cpu_count() or 2) // 2)


def _core_of(cpu: int) -> str:
    try:
        return (_CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip()
    except OSError:  # a container without sysfs: every logical CPU counts as a core
        return str(cpu)


def _sysctl(name: str) -> int:
    value, size = ctypes.c_int32(), ctypes.c_size_t(4)
    failed = ctypes.CDLL(None).sysctlbyname(
        name.encode(), ctypes.byref(value), ctypes.byref(size), None, 0
    )
    return 0 if failed else value.value
