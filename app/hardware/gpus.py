"""All GPUs of a machine from all sources: NVML, the PCI bus, the device tree, Apple's sysctl."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.core.language import mark, tr
from app.hardware.amd import read_amd_gpu
from app.hardware.apple import read_apple_gpu
from app.hardware.cuda_visibility import apply_visibility
from app.hardware.files import read_text
from app.hardware.intel import read_intel_gpu
from app.hardware.nominal import nominal
from app.hardware.nvml import NvmlReport
from app.hardware.pci import PciGpu, pci_gpus, pci_name
from app.hardware.system import jetson_model
from app.hardware.types import Gpu, Memory, NvidiaDriver

_NVIDIA_DRIVERS = ("nvidia", "nvgpu")


def sysfs_gpus(root: Path) -> tuple[Gpu, ...]:
    """AMD and Intel."""
    devices = pci_gpus(root)
    amd = [device for device in devices if device.vendor == "AMD"]
    intel = [device for device in devices if device.vendor == "Intel"]
    return (
        *(read_amd_gpu(root, device, index) for index, device in enumerate(amd)),
        *(read_intel_gpu(root, device, index) for index, device in enumerate(intel)),
    )


def nvidia_gpus(root: Path, report: NvmlReport, environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """What NVML lists, what it should list but does not, and a Jetson without NVML."""
    known = {gpu.pci_bus_id for gpu in report.gpus}
    devices = pci_gpus(root)
    rest = [d for d in devices if d.vendor == "NVIDIA" and d.bus_id not in known]
    listed = _name_the_nameless(root, report.gpus, rest)
    placed = {gpu.pci_bus_id for gpu in listed}
    visible = apply_visibility(listed, environ)
    unseen = tuple(_unseen(root, d, report.driver) for d in rest if d.bus_id not in placed)
    jetson = jetson_model(root)
    if jetson and not visible and not unseen:
        note = mark("NVML does not know this GPU; the figures are the system's.")
        name = jetson.removesuffix(" Developer Kit").removeprefix("NVIDIA ")
        return (Gpu("NVIDIA", name, index=0, unified=True, visible=True, notes=(note,)),)
    return (*visible, *unseen)


def apple_gpus(sysctl: dict[str, str], ioreg: str | None) -> tuple[Gpu, ...]:
    gpu = read_apple_gpu(sysctl, ioreg)
    return (gpu,) if gpu else ()


def complete(gpu: Gpu, memory: Memory, physical_cores: int | None) -> Gpu:
    """Adds the nominal bandwidth of the name where the driver gave nothing to compute it from, or
    something that cannot be: beyond a factor of two it is the driver that is wrong."""
    size = memory.total_bytes if gpu.unified else gpu.total_bytes
    row = nominal(gpu.vendor, _variant(gpu, physical_cores), size)
    computed = gpu.bandwidth_bytes_per_second
    if row is None:
        return gpu
    if computed is not None and row.bytes_per_second / 2 <= computed <= row.bytes_per_second * 2:
        return gpu
    return replace(gpu, bandwidth_bytes_per_second=row.bytes_per_second, bandwidth_source="nominal")


def _variant(gpu: Gpu, physical_cores: int | None) -> str | None:
    """Apple sells chips of one name with two bandwidths; the cores tell which one it is."""
    if gpu.vendor != "Apple" or gpu.name is None:
        return gpu.name
    if gpu.name == "Apple M3 Max" and physical_cores:
        return f"{gpu.name} ({physical_cores}-core CPU)"
    cores = next((n.split()[0] for n in gpu.notes if n.endswith("GPU cores.")), None)
    if gpu.name in ("Apple M4 Max", "Apple M5 Max") and cores:
        return f"{gpu.name} ({cores}-core GPU)"
    return gpu.name


def _name_the_nameless(root: Path, gpus: Sequence[Gpu], rest: Sequence[PciGpu]) -> tuple[Gpu, ...]:
    """A GPU whose handle NVML refuses has neither name nor place; the bus knows both, when as
    many are left there."""
    nameless = [gpu for gpu in gpus if gpu.pci_bus_id is None and gpu.state != "ok"]
    bound = [device for device in rest if device.driver in _NVIDIA_DRIVERS]
    if not nameless or len(nameless) != len(bound):
        return tuple(gpus)
    places = {gpu.index: device for gpu, device in zip(nameless, bound, strict=True)}
    return tuple(
        replace(gpu, name=_name(root, places[gpu.index]), pci_bus_id=places[gpu.index].bus_id)
        if gpu in nameless
        else gpu
        for gpu in gpus
    )


def _unseen(root: Path, device: PciGpu, driver: NvidiaDriver) -> Gpu:
    name = _name(root, device)
    if device.driver in _NVIDIA_DRIVERS:
        note = driver.reason or mark("NVML does not list it.")
        return Gpu("NVIDIA", name, pci_bus_id=device.bus_id, state="unreadable", notes=(note,))
    note = (
        tr("It is bound to {driver}.", driver=device.driver)
        if device.driver
        else mark("No driver is bound to it.")
    )
    return Gpu("NVIDIA", name, pci_bus_id=device.bus_id, state="no driver", notes=(note,))


def _name(root: Path, device: PciGpu) -> str:
    """From the driver's own files, which answer even when NVML does not, else from pci.ids."""
    text = read_text(root / "proc/driver/nvidia/gpus" / device.bus_id / "information") or ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "Model" and value.strip():
            return value.strip()
    listed = pci_name(root, "10de", device.device_id)
    return f"NVIDIA {listed}" if listed else f"NVIDIA GPU (10de:{device.device_id})"
