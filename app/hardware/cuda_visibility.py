"""Which GPUs the environment hides from the engine. The drivers' own lists show them all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from app.hardware.types import Gpu, MigSlice

VARIABLE = "CUDA_VISIBLE_DEVICES"
ORDER_VARIABLE = "CUDA_DEVICE_ORDER"
ROCM_VARIABLES = ("HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES")
VARIABLES = (
    VARIABLE,
    ORDER_VARIABLE,
    "NVIDIA_VISIBLE_DEVICES",
    *ROCM_VARIABLES,
    "GGML_VK_VISIBLE_DEVICES",
    "ONEAPI_DEVICE_SELECTOR",
)


def apply_visibility(gpus: Sequence[Gpu], environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Sets `visible` on GPUs and MIG slices.

    CUDA's rules: unset shows all; empty, -1 or NoDevFiles none; else a list of indexes, GPU-UUIDs
    or MIG-UUIDs (a unique beginning is enough) that the first invalid or repeated entry ends.
    An index counts in CUDA's order, which is the PCI order only if CUDA_DEVICE_ORDER says so or
    all GPUs are alike; else None: only CUDA's own device list can tell.
    """
    value = environ.get(VARIABLE)
    if value is None:
        return tuple(_show(gpu) for gpu in gpus)
    in_pci_order = environ.get(ORDER_VARIABLE) == "PCI_BUS_ID"
    chosen = list(_entries(gpus, value.strip(), in_pci_order=in_pci_order))
    if any(entry is None for entry in chosen):
        return _with_unknown_indexes(gpus, chosen)
    picked = [entry for entry in chosen if entry is not None]
    return tuple(_choose(gpu, picked) for gpu in gpus)


def hide_from_rocm(gpus: Sequence[Gpu], environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """An AMD GPU that no backend uses while a variable hides all from ROCm is hidden, not unusable
    by this build."""
    hidden = any(environ.get(name) in ("", "-1") for name in ROCM_VARIABLES)
    return tuple(
        replace(gpu, visible=False)
        if hidden and gpu.vendor == "AMD" and gpu.state == "ok" and not gpu.engine_devices
        else gpu
        for gpu in gpus
    )


def _entries(
    gpus: Sequence[Gpu], value: str, *, in_pci_order: bool
) -> Iterator[Gpu | MigSlice | None]:
    """What each valid entry names; None for an index whose meaning depends on CUDA."""
    if value in ("", "-1") or value.lower() == "nodevfiles":
        return
    certain = in_pci_order or len({gpu.name for gpu in gpus}) == 1
    seen: set[str] = set()
    for entry in (part.strip() for part in value.split(",")):
        if entry.isascii() and entry.isdigit():
            index = int(entry) if len(entry) < 6 else len(gpus)
            if index >= len(gpus) or entry in seen:
                return
            yield gpus[index] if certain or gpus[index].mig_enabled else None
        else:
            named = _by_uuid(gpus, entry)
            if named is None or entry in seen:
                return
            yield named
        seen.add(entry)


def _by_uuid(gpus: Sequence[Gpu], text: str) -> Gpu | MigSlice | None:
    """The one GPU or slice whose UUID begins so; `MIG-GPU-<uuid>/gi/ci` is the older form."""
    if not text.startswith(("GPU-", "MIG-")) or len(text) <= len("GPU-"):
        return None
    every: list[Gpu | MigSlice] = [*gpus, *(part for gpu in gpus for part in gpu.mig_slices)]
    found = [item for item in every if item.uuid and item.uuid.lower().startswith(text.lower())]
    return found[0] if len(found) == 1 else None


def _show(gpu: Gpu) -> Gpu:
    """Nothing hidden. Of a MIG card CUDA enumerates one slice, the first."""
    slices = tuple(replace(part, visible=i == 0) for i, part in enumerate(gpu.mig_slices))
    return replace(gpu, visible=True, mig_slices=slices)


def _choose(gpu: Gpu, picked: Sequence[Gpu | MigSlice]) -> Gpu:
    """Only the first MIG device named counts: a process sees one."""
    first_slice = next((item for item in picked if isinstance(item, MigSlice)), None)
    if gpu in picked:
        return _show(gpu)
    slices = tuple(replace(part, visible=part == first_slice) for part in gpu.mig_slices)
    return replace(gpu, visible=any(part.visible for part in slices), mig_slices=slices)


def _with_unknown_indexes(
    gpus: Sequence[Gpu], chosen: Sequence[Gpu | MigSlice | None]
) -> tuple[Gpu, ...]:
    if len(chosen) >= len(gpus):
        return tuple(_show(gpu) for gpu in gpus)
    return tuple(_show(gpu) if gpu in chosen else replace(gpu, visible=None) for gpu in gpus)
