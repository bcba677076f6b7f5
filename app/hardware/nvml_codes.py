"""NVML's return codes and what they mean for a person.

From nvidia-ml-py's constants; kept here because the package may be absent when they are needed.
"""

from typing import Final

from app.core.language import mark, tr
from app.hardware.types import NvidiaStatus

SUCCESS: Final = 0
UNINITIALIZED: Final = 1
INVALID_ARGUMENT: Final = 2
NOT_SUPPORTED: Final = 3
NO_PERMISSION: Final = 4
NOT_FOUND: Final = 6
INSUFFICIENT_SIZE: Final = 7
INSUFFICIENT_POWER: Final = 8
DRIVER_NOT_LOADED: Final = 9
TIMEOUT: Final = 10
IRQ_ISSUE: Final = 11
LIBRARY_NOT_FOUND: Final = 12
FUNCTION_NOT_FOUND: Final = 13
CORRUPTED_INFOROM: Final = 14
GPU_IS_LOST: Final = 15
RESET_REQUIRED: Final = 16
OPERATING_SYSTEM: Final = 17
LIB_RM_VERSION_MISMATCH: Final = 18
IN_USE: Final = 19
MEMORY: Final = 20
ARGUMENT_VERSION_MISMATCH: Final = 25
GPU_NOT_FOUND: Final = 28
UNKNOWN: Final = 999

# What a missing symbol or a struct of another version answers: ask the older function instead.
TRY_OLDER: Final = frozenset({FUNCTION_NOT_FOUND, ARGUMENT_VERSION_MISMATCH, NOT_SUPPORTED})

_DEVICE_TROUBLE: Final[dict[int, str]] = {
    NO_PERMISSION: mark("The system does not let this user ask this GPU."),
    INSUFFICIENT_POWER: mark("The GPU's power cables are not connected properly."),
    TIMEOUT: mark("The driver did not answer in time."),
    IRQ_ISSUE: mark("The driver has an interrupt problem with this GPU."),
    CORRUPTED_INFOROM: mark(
        "The GPU's information memory (infoROM) is damaged; the GPU itself works."
    ),
    GPU_IS_LOST: mark("The GPU is lost: it fell off the bus, was unplugged, or is powered down."),
    RESET_REQUIRED: mark("The GPU needs a reset or a reboot before it can compute again."),
    OPERATING_SYSTEM: mark("The operating system blocks access to this GPU."),
    IN_USE: mark("The GPU is in use by something that does not share it."),
    MEMORY: mark("The driver ran out of memory."),
    UNKNOWN: mark("The driver answers with an unknown error for this GPU."),
}

_INIT_STATUS: Final[dict[int, tuple[NvidiaStatus, str]]] = {
    LIBRARY_NOT_FOUND: ("no library", mark("No NVIDIA driver library (NVML) is installed.")),
    FUNCTION_NOT_FOUND: (
        "no package",
        mark("The installed pynvml package is too old or another one."),
    ),
    DRIVER_NOT_LOADED: ("driver not loaded", mark("The NVIDIA kernel driver is not loaded.")),
    LIB_RM_VERSION_MISMATCH: (
        "version mismatch",
        mark("The NVIDIA driver was updated, but the old one is still running in the kernel."),
    ),
    NO_PERMISSION: ("no permission", mark("This user may not use the NVIDIA driver.")),
    OPERATING_SYSTEM: (
        "no permission",
        mark("The operating system blocks the NVIDIA device files."),
    ),
    UNKNOWN: ("failed", mark("The NVIDIA driver answers with an unknown error.")),
}


def trouble(code: int) -> str | None:
    """What a device's return code says about the device; None where it says nothing bad."""
    return _DEVICE_TROUBLE.get(code)


def init_status(code: int, text: str) -> tuple[NvidiaStatus, str]:
    """Why NVML did not start."""
    known = _INIT_STATUS.get(code)
    return known or (
        "failed",
        tr("The NVIDIA driver does not start: {text} ({code}).", text=text, code=code),
    )
