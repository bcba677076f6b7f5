"""Multi-Instance GPU: a card cut into slices, of which CUDA gives one to a process."""

from app.hardware import nvml_codes as codes
from app.hardware.nvml_calls import Device, Nvml, positive, size
from app.hardware.types import MigSlice

_MOST_SLICES = 64


def mig_enabled(device: Device) -> bool:
    """NOT_SUPPORTED means that the GPU has no MIG, so: off."""
    answer = device.ask("nvmlDeviceGetMigMode")
    modes = answer.value
    if not answer.ok or not isinstance(modes, list | tuple) or not modes:
        return False
    return bool(modes[0] == 1)


def read_slices(nvml: Nvml, device: Device) -> tuple[MigSlice, ...]:
    """All slices. Indexes are sparse: a hole answers NOT_FOUND, and valid ones come after it."""
    count = positive(device.ask("nvmlDeviceGetMaxMigDeviceCount").value) or 0
    found = (_read_slice(nvml, device, index) for index in range(min(count, _MOST_SLICES)))
    return tuple(part for part in found if part is not None)


def _read_slice(nvml: Nvml, parent: Device, index: int) -> MigSlice | None:
    part = Device(nvml, lambda: parent.ask("nvmlDeviceGetMigDeviceHandleByIndex", index))
    if not part.handle.ok:
        if part.handle.code not in (codes.NOT_FOUND, codes.INVALID_ARGUMENT):
            parent.note_failure("mig_slices", part.handle)
        return None
    memory = part.ask("nvmlDeviceGetMemoryInfo").value
    total = size(getattr(memory, "total", None)) or None
    free = size(getattr(memory, "free", None))
    if total is None or free is None or free > total:
        free = None
    return MigSlice(
        uuid=part.text("uuid", "nvmlDeviceGetUUID"),
        name=part.text("name", "nvmlDeviceGetName"),
        total_bytes=total,
        free_bytes=free,
    )
