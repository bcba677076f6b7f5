"""Intel GPUs from sysfs (xe and i915 drivers, Linux). How much is in use, neither driver tells."""

from pathlib import Path

from app.core.language import mark, tr
from app.hardware.amd import display_attached, pcie_link
from app.hardware.files import read_int, read_text
from app.hardware.pci import PciGpu, pci_name
from app.hardware.types import Gpu

_NAMES = {
    "56a0": "Arc A770 Graphics",
    "56a1": "Arc A750 Graphics",
    "56a2": "Arc A580 Graphics",
    "56a5": "Arc A380 Graphics",
    "56a6": "Arc A310 Graphics",
    "e20b": "Arc B580 Graphics",
    "e20c": "Arc B570 Graphics",
    "e211": "Arc Pro B60 Graphics",
    "e212": "Arc Pro B50 Graphics",
    "64a0": "Arc 140V Graphics (Lunar Lake)",
    "7d55": "Arc Graphics (Meteor Lake)",
    "46a6": "Iris Xe Graphics (Alder Lake)",
    "a7a0": "Iris Xe Graphics (Raptor Lake)",
}
_INTEGRATED_SLOT = "0000:00:02.0"
_SMALL_WINDOW = 1 << 30


def read_intel_gpu(root: Path, device: PciGpu, index: int) -> Gpu:
    """Integrated GPUs sit at 00:02.0 and share system memory; all others are cards."""
    path = device.path
    name = _NAMES.get(device.device_id) or pci_name(root, "8086", device.device_id)
    if device.driver not in ("xe", "i915"):
        bound = (
            tr("It is bound to {driver}.", driver=device.driver)
            if device.driver
            else mark("No driver is bound to it.")
        )
        return Gpu("Intel", name, index, None, device.bus_id, "no driver", notes=(bound,))
    unified = device.bus_id == _INTEGRATED_SLOT
    total, note = (None, None) if unified else _local_memory(path)
    available = None if unified else _first_int(path, "drm/card*/lmem_avail_bytes")
    return Gpu(
        vendor="Intel",
        name=name,
        index=index,
        pci_bus_id=device.bus_id,
        total_bytes=total,
        free_bytes=available if total and available and available <= total else None,
        unified=unified,
        pcie=pcie_link(path),
        display_attached=display_attached(path),
        notes=(note,) if note else (),
    )


def _local_memory(path: Path) -> tuple[int | None, str | None]:
    """Bytes on the card, and a note where that is not the driver's own word."""
    for pattern in ("tile*/physical_vram_size_bytes", "drm/card*/lmem_total_bytes"):
        total = _first_int(path, pattern)
        if total:
            return total, None
    window = _largest_window(path)
    if window is None or window < _SMALL_WINDOW:
        return None, mark("The driver does not say how much memory the card has.")
    return window, mark(
        "The memory size is that of the card's window on the PCI bus (resizable BAR)."
    )


def _first_int(path: Path, pattern: str) -> int | None:
    values = [read_int(file) for file in sorted(path.glob(pattern))]
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _largest_window(path: Path) -> int | None:
    """From the PCI device's `resource` file: first and last address of each region, in hex."""
    sizes = []
    for line in (read_text(path / "resource") or "").splitlines():
        try:
            first, last = (int(part, 16) for part in line.split()[:2])
        except ValueError:
            continue
        if last > first:
            sizes.append(last - first + 1)
    return max(sizes, default=None)
