"""What psutil and the platform module know, behind an interface that a test can write."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil


@dataclass(frozen=True)
class Volume:
    """device: the kernel's major:minor number where there is one."""

    total_bytes: int
    free_bytes: int
    mount: str | None = None
    filesystem: str | None = None
    device: str | None = None


class SystemFacts(Protocol):
    """Sizes are bytes. Every method may raise OSError."""

    def system(self) -> str:
        """Linux, Windows or Darwin."""
        ...

    def release(self) -> str: ...

    def architecture(self) -> str: ...

    def processor(self) -> str: ...

    def memory(self) -> tuple[int, int]:
        """Total and available."""
        ...

    def swap(self) -> tuple[int, int]:
        """Total and free."""
        ...

    def cores(self) -> tuple[int | None, int | None]:
        """Physical and logical."""
        ...

    def affinity(self) -> int | None:
        """How many logical cores this process may run on; None where the system has no such."""
        ...

    def cpu_percent(self) -> float | None:
        """Load of all cores since the last call; None where that is not known yet."""
        ...

    def load_average(self) -> float | None:
        """Processes that wanted a core in the last minute; None where the system does not say."""
        ...

    def volume(self, path: Path) -> Volume: ...


class RealFacts:
    """This machine. May block on a dead network disk: call it where that does no harm."""

    def system(self) -> str:
        return platform.system()

    def release(self) -> str:
        return platform.release()

    def architecture(self) -> str:
        return platform.machine()

    def processor(self) -> str:
        return _windows_processor() or platform.processor()

    def memory(self) -> tuple[int, int]:
        memory = psutil.virtual_memory()
        return memory.total, memory.available

    def swap(self) -> tuple[int, int]:
        swap = psutil.swap_memory()
        return swap.total, swap.free

    def cores(self) -> tuple[int | None, int | None]:
        return psutil.cpu_count(logical=False), psutil.cpu_count()

    def affinity(self) -> int | None:
        if not hasattr(psutil.Process, "cpu_affinity"):
            return None
        return len(psutil.Process().cpu_affinity() or ()) or None

    def cpu_percent(self) -> float | None:
        return psutil.cpu_percent(interval=None)

    def load_average(self) -> float | None:
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else None

    def volume(self, path: Path) -> Volume:
        usage = psutil.disk_usage(str(path))
        resolved = path.resolve()
        mounts = [
            part
            for part in psutil.disk_partitions(all=True)
            if resolved.is_relative_to(part.mountpoint)
        ]
        mount = max(mounts, key=lambda part: len(part.mountpoint), default=None)
        device = path.stat().st_dev
        number = f"{os.major(device)}:{os.minor(device)}" if hasattr(os, "major") else None
        if mount is None:
            return Volume(usage.total, usage.free, device=number)
        return Volume(usage.total, usage.free, mount.mountpoint, mount.fstype or None, number)


def _windows_processor() -> str | None:
    """The name on the box; Windows keeps it in the registry only."""
    if sys.platform == "win32":
        import winreg

        place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        except OSError:
            return None
    return None
