"""GPUs as Windows lists them: the display adapters in the registry."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.hardware.nvml_calls import plain_text, size
from app.hardware.nvml_gpu import is_integrated
from app.hardware.pci import VENDORS
from app.hardware.types import Gpu, NvidiaDriver, Vendor

_CLASS_KEY = (
    r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"  # display
)
_VALUES = ("DriverDesc", "MatchingDeviceId", "HardwareInformation.qwMemorySize")
_INTEL_CARD = re.compile(r"\bArc\W+(\w+\W+)?(Pro\s+)?[AB]\d{2,3}\b", re.IGNORECASE)
_AMD_APU = re.compile(r"Radeon(\(TM\))?( (Vega|RX Vega))?( \d+)? Graphics$|\b\d{3}M\b|\b80\d0S\b")

Adapter = Mapping[str, object]


def windows_gpus(adapters: Iterable[Adapter]) -> tuple[Gpu, ...]:
    """AMD, Intel and NVIDIA, in the registry's order; one entry per adapter ever installed, so
    that a replaced card may still be listed until its driver is removed."""
    return tuple(gpu for gpu in (_gpu(adapter) for adapter in adapters) if gpu is not None)


def beside_nvml(
    listed: Iterable[Gpu], known: Iterable[Gpu], driver: NvidiaDriver
) -> tuple[Gpu, ...]:
    """The listed GPUs that NVML has not told of. An NVIDIA one counts only when NVML is broken:
    else NVML knows better what is there."""
    if driver.status == "ok":
        return tuple(gpu for gpu in listed if gpu.vendor != "NVIDIA")
    seen = {gpu.name for gpu in known}
    return tuple(
        replace(gpu, state="unreadable", notes=(driver.reason,)) if gpu.vendor == "NVIDIA" else gpu
        for gpu in listed
        if gpu.name not in seen
    )


def display_adapters() -> tuple[Adapter, ...]:
    """What the registry holds; () on other systems."""
    found: list[Adapter] = []
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _CLASS_KEY) as parent:
                for index in range(winreg.QueryInfoKey(parent)[0]):
                    name = winreg.EnumKey(parent, index)
                    if name.isdigit():
                        found.append(_registry_values(parent, name))
        except OSError:
            return tuple(found)
    return tuple(found)


def _registry_values(parent: object, name: str) -> Adapter:
    values: dict[str, object] = {}
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(parent, name) as key:
                for value in _VALUES:
                    try:
                        values[value] = winreg.QueryValueEx(key, value)[0]
                    except OSError:
                        continue
        except OSError:
            return values
    return values


def _gpu(adapter: Adapter) -> Gpu | None:
    place = plain_text(adapter.get("MatchingDeviceId")) or ""
    match = re.search(r"VEN_([0-9A-F]{4})", place, re.IGNORECASE)
    vendor = VENDORS.get(match.group(1).lower()) if match else None
    name = plain_text(adapter.get("DriverDesc"))
    if vendor is None or name is None:
        return None
    unified = _shares_memory(vendor, name)
    total = _memory(adapter.get("HardwareInformation.qwMemorySize"))
    return Gpu(vendor, name, total_bytes=None if unified else total, unified=unified)


def _shares_memory(vendor: Vendor, name: str) -> bool:
    if vendor == "Intel":
        return _INTEL_CARD.search(name) is None
    return is_integrated(name) if vendor == "NVIDIA" else bool(_AMD_APU.search(name))


def _memory(value: object) -> int | None:
    """A number, or its bytes in little-endian order."""
    if isinstance(value, bytes):
        value = int.from_bytes(value[:8], "little")
    return size(value) or None
