"""AMD GPUs from the amdgpu driver's sysfs files (Linux); the unified ones share system memory."""

import re
from pathlib import Path

from app.core.language import mark, tr
from app.hardware.files import read_int, read_text
from app.hardware.pci import PciGpu, pci_name
from app.hardware.types import Gpu, PcieLink

# APUs and a few cards by PCI device id, for systems without pci.ids.
_NAMES = {
    "1586": "Radeon 8060S Graphics (Strix Halo)",
    "150e": "Radeon 890M Graphics (Strix Point)",
    "15bf": "Radeon 780M Graphics (Phoenix)",
    "15c8": "Radeon 740M Graphics (Phoenix)",
    "1900": "Radeon 780M Graphics (Hawk Point)",
    "1114": "Radeon 860M Graphics (Krackan)",
    "1681": "Radeon 680M Graphics (Rembrandt)",
    "1638": "Radeon Graphics (Cezanne)",
    "164e": "Radeon Graphics (Raphael)",
    "13c0": "Radeon Graphics (Granite Ridge)",
    "744c": "Radeon RX 7900 XT/XTX",
    "7550": "Radeon RX 9070 XT",
    "74a1": "Instinct MI300X",
}
_APUS = frozenset(
    {"1586", "150e", "15bf", "15c8", "1900", "1114", "1681", "1638", "164e", "13c0", "15d8", "15e7"}
)
_SPEED_GENERATION = {"2.5": 1, "5.0": 2, "8.0": 3, "16.0": 4, "32.0": 5, "64.0": 6}


def read_amd_gpu(root: Path, device: PciGpu, index: int) -> Gpu:
    """A card with its own memory, or an APU whose memory is a part set aside at boot (VRAM) plus
    what it may take of system memory (GTT)."""
    if device.driver != "amdgpu":
        bound = (
            tr("It is bound to {driver}.", driver=device.driver)
            if device.driver
            else mark("No driver is bound to it.")
        )
        name = _name(root, device)
        return Gpu("AMD", name, index, None, device.bus_id, "no driver", notes=(bound,))
    path = device.path
    total = read_int(path / "mem_info_vram_total") or None
    used = read_int(path / "mem_info_vram_used")
    if total is None or (used is not None and used > total):
        used = None
    unified = _is_apu(root, device)
    return Gpu(
        vendor="AMD",
        name=_name(root, device),
        index=index,
        uuid=read_text(path / "unique_id") or None,
        pci_bus_id=device.bus_id,
        total_bytes=total,
        used_bytes=used,
        free_bytes=total - used if total is not None and used is not None else None,
        unified=unified,
        shared_limit_bytes=(read_int(path / "mem_info_gtt_total") or None) if unified else None,
        shared_used_bytes=read_int(path / "mem_info_gtt_used") if unified else None,
        pcie=pcie_link(path),
        architecture=_gfx_version(root, device),
        memory_clock_mhz=None if unified else _memory_clock(path),
        display_attached=display_attached(path),
    )


def pcie_link(path: Path) -> PcieLink:
    """From the PCI device's link files, `16.0 GT/s PCIe` for generation 4."""
    return PcieLink(
        _generation(path / "current_link_speed"),
        read_int(path / "current_link_width") or None,
        _generation(path / "max_link_speed"),
        read_int(path / "max_link_width") or None,
    )


def display_attached(path: Path) -> bool | None:
    """Whether a monitor is plugged into one of the card's connectors; None without connectors'
    files."""
    states = [read_text(file) for file in sorted(path.glob("drm/card*/card*-*/status"))]
    if not states:
        return None
    return "connected" in states


def _generation(path: Path) -> int | None:
    return _SPEED_GENERATION.get((read_text(path) or "").split(" ", 1)[0])


def _name(root: Path, device: PciGpu) -> str | None:
    told = read_text(device.path / "product_name")
    return told or _NAMES.get(device.device_id) or pci_name(root, "1002", device.device_id)


def _is_apu(root: Path, device: PciGpu) -> bool:
    """By device id, or because the compute driver's topology has it in one node with CPU cores."""
    if device.device_id in _APUS:
        return True
    node = _kfd_node(root, device)
    return node.get("cpu_cores_count", 0) > 0 and node.get("simd_count", 0) > 0


def _gfx_version(root: Path, device: PciGpu) -> str | None:
    """110501 is gfx1151: major, two digits each of minor and stepping; stepping in hex."""
    number = _kfd_node(root, device).get("gfx_target_version", 0)
    if number <= 0:
        return None
    return f"gfx{number // 10000}{number // 100 % 100}{number % 100:x}"


def _kfd_node(root: Path, device: PciGpu) -> dict[str, int]:
    for path in sorted((root / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")):
        lines = (line.split() for line in (read_text(path) or "").splitlines())
        values = {p[0]: int(p[1]) for p in lines if len(p) == 2 and p[1].isdigit()}
        location = values.get("location_id", 0)
        domain = values.get("domain", 0)
        bus, slot, function = location >> 8, location >> 3 & 31, location & 7
        if location and f"{domain:04x}:{bus:02x}:{slot:02x}.{function}" == device.bus_id:
            return values
    return {}


def _memory_clock(path: Path) -> int | None:
    """The highest state of the memory clock: `3: 1249Mhz *`."""
    clocks = re.findall(r":\s*(\d+)\s*Mhz", read_text(path / "pp_dpm_mclk") or "", re.IGNORECASE)
    return max((int(clock) for clock in clocks), default=0) or None
