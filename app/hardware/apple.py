"""Apple silicon from sysctl: one memory for everything, of which the GPU may wire a part."""

from app.core.language import mark
from app.hardware.types import Gpu

SYSCTL_COMMAND = ("/usr/sbin/sysctl", "-a")
IOREG_COMMAND = ("/usr/sbin/ioreg", "-r", "-d", "1", "-c", "AGXAccelerator")
USUAL_LIMIT = mark("The GPU's share is macOS's usual one; the engine's own figure would be exact.")
_MEBIBYTE = 1 << 20
_GIBIBYTE = 1 << 30


def parse_sysctl(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, separator, value in pairs if separator}


def gpu_cores(ioreg: str | None) -> int | None:
    """From the line `"gpu-core-count" = 80`."""
    for line in (ioreg or "").splitlines():
        name, separator, value = line.partition("=")
        if separator and "gpu-core-count" in name and value.strip().isdigit():
            return int(value.strip())
    return None


def read_apple_gpu(sysctl: dict[str, str], ioreg: str | None = None) -> Gpu | None:
    """None on an Intel Mac or where sysctl names no Apple chip."""
    chip = sysctl.get("machdep.cpu.brand_string", "")
    if not chip.startswith("Apple "):
        return None
    total = _number(sysctl.get("hw.memsize"))
    wired = _number(sysctl.get("iogpu.wired_limit_mb", sysctl.get("debug.iogpu.wired_limit_mb")))
    notes = []
    if wired:
        limit: int | None = wired * _MEBIBYTE
    else:
        limit = default_wired_limit(total)
        notes.append(USUAL_LIMIT)
    if limit is not None and total is not None:
        limit = min(limit, total)
    cores = gpu_cores(ioreg)
    if cores:
        notes.append(f"{cores} GPU cores.")
    return Gpu(
        vendor="Apple",
        name=chip,
        index=0,
        unified=True,
        shared_limit_bytes=limit,
        visible=True,
        notes=tuple(notes),
    )


def default_wired_limit(total: int | None) -> int | None:
    """What macOS lets the GPU wire when iogpu.wired_limit_mb is 0: two thirds of up to 36 GiB,
    three quarters of more. Metal's recommendedMaxWorkingSetSize as llama.cpp's logs show it:
    21845 MiB of 32 GiB, 73728 of 96, 147456 of 192."""
    if total is None:
        return None
    return total * 2 // 3 if total <= 36 * _GIBIBYTE else total * 3 // 4


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
