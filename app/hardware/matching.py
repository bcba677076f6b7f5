"""Which of the engine's devices is which GPU: by PCI bus id, else by name, never by index."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.core.language import mark
from app.hardware.apple import USUAL_LIMIT
from app.hardware.types import Engine, EngineDevice, Gpu, Vendor

_REMOTE = "RPC"
_BACKEND_VENDOR: dict[str, Vendor] = {"CUDA": "NVIDIA", "ROCm": "AMD", "Metal": "Apple"}
_VENDOR_WORDS: tuple[tuple[str, Vendor], ...] = (
    ("nvidia", "NVIDIA"),
    ("geforce", "NVIDIA"),
    ("radeon", "AMD"),
    ("amd", "AMD"),
    ("intel", "Intel"),
    ("apple", "Apple"),
)
_NOISE = re.compile(
    r"\((r|tm|radv[^)]*|dg2|bmg[^)]*)\)|\b(nvidia|amd|intel|graphics|gpu)\b", re.IGNORECASE
)


def match_devices(gpus: Sequence[Gpu], engine: Engine) -> tuple[Gpu, ...]:
    """Sets `engine_devices`, fills memory that only the engine knows, settles `visible`, and adds
    GPUs that nothing but the engine has seen. Workers on other machines are not this machine's."""
    if engine.status != "ok":
        return tuple(gpus)
    result = list(gpus)
    for backend in _backends(engine.gpu_devices):
        devices = [device for device in engine.gpu_devices if device.backend == backend]
        result = _match_backend(result, devices)
    return tuple(_settle_visibility(gpu, engine) for gpu in result)


def device_vendor(device: EngineDevice) -> Vendor:
    """From the name the device gives itself, else from what its backend runs on."""
    text = device.description.lower()
    named = next((vendor for word, vendor in _VENDOR_WORDS if word in text), None)
    return named or _BACKEND_VENDOR.get(device.backend or "", "other")


def _backends(devices: Iterable[EngineDevice]) -> list[str | None]:
    return [name for name in dict.fromkeys(d.backend for d in devices) if name != _REMOTE]


def _match_backend(gpus: list[Gpu], devices: Sequence[EngineDevice]) -> list[Gpu]:
    """Surest first: bus ids, then names, then whatever of the same vendor is left."""
    left = list(range(len(gpus)))
    open_devices = list(devices)
    for same in (_same_bus, _same_name, _same_vendor):
        for device in list(open_devices):
            places = [i for i in left if same(gpus[i], device)]
            if not places:
                continue
            best = min(places, key=lambda i: _distance(gpus[i], device))
            gpus[best] = _join(gpus[best], device)
            left.remove(best)
            open_devices.remove(device)
    return gpus + [_from_engine(device) for device in open_devices]


def _same_bus(gpu: Gpu, device: EngineDevice) -> bool:
    return device.pci_bus_id is not None and device.pci_bus_id == gpu.pci_bus_id


def _same_name(gpu: Gpu, device: EngineDevice) -> bool:
    return _unclaimed(gpu, device) and _plain(gpu.name) == _plain(device.description) != ""


def _same_vendor(gpu: Gpu, device: EngineDevice) -> bool:
    return _unclaimed(gpu, device) and gpu.vendor == device_vendor(device)


def _unclaimed(gpu: Gpu, device: EngineDevice) -> bool:
    known = device.pci_bus_id is not None and gpu.pci_bus_id is not None
    return not known and gpu.visible is not False and gpu.state != "no driver"


def _distance(gpu: Gpu, device: EngineDevice) -> int:
    """Of several candidates, the one whose memory is nearer."""
    if gpu.total_bytes is None or device.total_bytes is None:
        return 0
    return abs(gpu.total_bytes - device.total_bytes)


def _join(gpu: Gpu, device: EngineDevice) -> Gpu:
    unified = gpu.unified or (device.kind == "igpu" and gpu.total_bytes is None)
    joined = replace(gpu, unified=unified, engine_devices=(*gpu.engine_devices, device.name))
    if gpu.vendor == "Apple" and device.total_bytes is not None:
        notes = tuple(note for note in gpu.notes if note != USUAL_LIMIT)
        return replace(joined, shared_limit_bytes=device.total_bytes, notes=notes)
    if unified or gpu.mig_enabled or gpu.total_bytes is not None:
        if gpu.free_bytes is None and not unified and not gpu.mig_enabled and device.free_bytes:
            return replace(joined, free_bytes=min(device.free_bytes, gpu.total_bytes or 0))
        return joined
    return replace(joined, total_bytes=device.total_bytes, free_bytes=device.free_bytes)


def _from_engine(device: EngineDevice) -> Gpu:
    unified = device.kind == "igpu"
    return Gpu(
        vendor=device_vendor(device),
        name=device.description or device.name,
        pci_bus_id=device.pci_bus_id,
        total_bytes=None if unified else device.total_bytes,
        free_bytes=None if unified else device.free_bytes,
        unified=unified,
        shared_limit_bytes=device.total_bytes if unified else None,
        visible=True,
        engine_devices=(device.name,),
        notes=(mark("Only the engine knows of this GPU."),),
    )


def _settle_visibility(gpu: Gpu, engine: Engine) -> Gpu:
    """Where the environment left it open, CUDA's own list has the answer."""
    if gpu.visible is not None or gpu.vendor != "NVIDIA":
        return gpu
    if any(name.startswith("CUDA") for name in gpu.engine_devices):
        return replace(gpu, visible=True)
    listed = any(d.backend == "CUDA" and d.pci_bus_id for d in engine.devices)
    return replace(gpu, visible=False) if listed else gpu


def _plain(name: str | None) -> str:
    return " ".join(_NOISE.sub(" ", name or "").lower().split())
