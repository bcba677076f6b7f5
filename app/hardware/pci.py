"""Display adapters on the PCI bus, whether or not a driver knows them (Linux sysfs)."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.hardware.files import read_text
from app.hardware.types import Vendor

VENDORS: dict[str, Vendor] = {"10de": "NVIDIA", "1002": "AMD", "8086": "Intel"}
_DISPLAY_CLASSES = ("0x0300", "0x0302", "0x0380")
_BUS_ID = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])")
_NAME_FILES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids", "usr/share/pci.ids")


@dataclass(frozen=True)
class PciGpu:
    """driver: the kernel driver bound to it (nvidia, nouveau, vfio-pci, amdgpu ...) or None."""

    bus_id: str
    vendor: Vendor
    device_id: str
    driver: str | None
    path: Path


def normalize_bus_id(text: str | None) -> str | None:
    """`00000000:0A:00.0` and `0A:00.0` as `0000:0a:00.0`; None for anything else."""
    match = _BUS_ID.fullmatch(text.strip().lower()) if text else None
    if match is None:
        return None
    domain, bus, device, function = match.groups()
    return f"{int(domain or '0', 16):04x}:{bus}:{device}.{function}"


def pci_gpus(root: Path) -> tuple[PciGpu, ...]:
    """GPUs by NVIDIA, AMD and Intel; a server's management display is none of them."""
    folder = root / "sys/bus/pci/devices"
    if not folder.is_dir():
        return ()
    found = []
    for path in sorted(folder.iterdir()):
        vendor = VENDORS.get(_hex(path / "vendor"))
        bus_id = normalize_bus_id(path.name)
        kind = (read_text(path / "class") or "")[:6]
        if vendor is not None and bus_id is not None and kind in _DISPLAY_CLASSES:
            driver = path / "driver"
            name = driver.resolve().name if driver.exists() else None
            found.append(PciGpu(bus_id, vendor, _hex(path / "device"), name, path))
    return tuple(found)


def pci_name(root: Path, vendor_id: str, device_id: str) -> str | None:
    """The marketing name in the system's pci.ids: the one in brackets where there is one."""
    for file in _NAME_FILES:
        text = read_text(root / file, limit=4_000_000)
        if text is None:
            continue
        pattern = rf"^{vendor_id}  .*\n(?:[\t#].*\n|\n)*?\t{device_id}  (.+)$"
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            name = match.group(1).strip()
            inner = re.search(r"\[(.+)\]", name)
            return inner.group(1) if inner else name
    return None


def _hex(path: Path) -> str:
    return (read_text(path) or "").lower().removeprefix("0x")
