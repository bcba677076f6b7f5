"""Written /proc and /sys trees."""

from collections.abc import Mapping
from pathlib import Path

Files = dict[str, str | int]
AVX2 = "sse4_2 avx avx2 fma f16c"
AVX512 = f"{AVX2} avx512f avx512vbmi avx512_vnni avx512_bf16"
AMX = f"{AVX512} avx_vnni amx_tile amx_int8 amx_bf16"
V1_NONE = "9223372036854771712"


def write(root: Path, files: Mapping[str, str | int]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    return root


def pci(
    root: Path,
    bus: str,
    vendor: str,
    device: str,
    *,
    driver: str | None,
    kind: str = "0x030000",
    files: Mapping[str, str | int] | None = None,
) -> Path:
    """A display adapter on the bus; its driver is a link, as in sysfs."""
    place = f"sys/bus/pci/devices/{bus}"
    base = {"vendor": f"0x{vendor}", "device": f"0x{device}", "class": kind}
    write(root, {f"{place}/{name}": text for name, text in {**base, **(files or {})}.items()})
    if driver is not None:
        target = root / "sys/bus/pci/drivers" / driver
        target.mkdir(parents=True, exist_ok=True)
        (root / place / "driver").symlink_to(target)
    return root / place


def cpuinfo(name: str, flags: str) -> Files:
    return {"proc/cpuinfo": f"processor\t: 0\nmodel name\t: {name}\nflags\t\t: {flags}\n"}


def linux(name: str = "Ubuntu 24.04.2 LTS", model: str = "") -> Files:
    files: Files = {
        "etc/os-release": f'NAME="x"\nPRETTY_NAME="{name}"\n',
        "proc/sys/kernel/osrelease": "6.8.0-60-generic",
    }
    if model:
        files["sys/class/dmi/id/product_name"] = model
    return files


def cgroup2(path: str, **values: str | int) -> Files:
    """A process in the cgroup `path` of a unified hierarchy."""
    files: Files = {
        "proc/self/cgroup": f"0::{path}",
        "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw",
    }
    folder = f"sys/fs/cgroup{path}".rstrip("/")
    return files | {f"{folder}/{name.replace('__', '.')}": text for name, text in values.items()}
