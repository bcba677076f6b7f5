"""A machine as memory that tensors can go to."""

from app.hardware.types import EngineDevice, Gpu, Machine
from app.planning.search import Room
from app.planning.speed import Backend
from app.planning.types import GIB, MIB, Target

# What a backend takes on a device before the first tensor; refined by what loads measure.
OVERHEAD_BYTES: dict[Backend, int] = {
    "cuda": 500 * MIB,
    "rocm": 500 * MIB,
    "sycl": 400 * MIB,
    "vulkan": 150 * MIB,
    "metal": 64 * MIB,
    "cpu": 300 * MIB,
}
# Kept free of a card: for its own fragmentation, and more where windows are drawn with it.
RESERVE_BYTES = 256 * MIB
DISPLAY_RESERVE_BYTES = 768 * MIB
# Kept free of RAM, for the system and other programs.
RAM_RESERVE_BYTES = 2 * GIB
RAM_RESERVE_SHARE = 0.03

_BACKENDS: dict[str, Backend] = {
    "NVIDIA": "cuda",
    "AMD": "rocm",
    "Intel": "vulkan",
    "Apple": "metal",
}
_DEVICE_PREFIXES: dict[Backend, str] = {
    "cuda": "CUDA",
    "rocm": "ROCm",
    "sycl": "SYCL",
    "vulkan": "Vulkan",
    "metal": "Metal",
    "cpu": "CPU",
}
# What hard disks read of a file that lies in one piece; page faults get less.
_HARD_DISK = 180_000_000
# Payload per lane and second of PCIe 1 to 6 (8b/10b, then 128b/130b coding).
_PCIE_LANE = {1: 0.25e9, 2: 0.5e9, 3: 0.985e9, 4: 1.969e9, 5: 3.938e9, 6: 7.563e9}


def room(machine: Machine, *, engine_only: bool = False) -> Room:
    """GPUs whose memory is known, the fastest first, and the RAM.

    engine_only: leave out what the installed engine cannot use (for a load here and now); else
    every working GPU counts, as it would with the right engine.
    """
    gpus = [
        gpu
        for gpu in machine.gpus
        if gpu.state == "ok"
        and gpu.visible is not False
        and (gpu.engine_devices or not engine_only)
    ]
    if any(not gpu.unified for gpu in gpus):
        # A processor's own graphics beside a card has no memory of its own to add.
        gpus = [gpu for gpu in gpus if not gpu.unified]
    targets = [_gpu_target(machine, gpu, number) for number, gpu in enumerate(gpus)]
    known = [target for target in targets if target is not None]
    # The first one multiplies with what lies in RAM while a prompt is read: the fastest, then.
    known.sort(key=lambda target: -(target.bandwidth_bytes_per_second or 0))
    return Room(tuple(known), _ram(machine))


def backend_of(gpu: Gpu, engine_devices: tuple[EngineDevice, ...]) -> Backend:
    """The backend that computes on this GPU: the engine's own, else the vendor's."""
    for device in engine_devices:
        if device.name in gpu.engine_devices and device.backend:
            name = device.backend.lower()
            if name in OVERHEAD_BYTES:
                return name
    return _BACKENDS.get(gpu.vendor, "vulkan")


def upload_bytes_per_second(machine: Machine) -> int | None:
    """RAM to the fastest GPU over PCIe; None for unified memory or an unknown link."""
    for gpu in sorted(machine.gpus, key=lambda gpu: -(gpu.bandwidth_bytes_per_second or 0)):
        link = gpu.pcie
        generation = link.max_generation or link.generation
        width = link.width or link.max_width
        if not gpu.unified and generation in _PCIE_LANE and width:
            return round(_PCIE_LANE[generation] * width)
    return None


def disk_bytes_per_second(machine: Machine) -> int | None:
    """Of a hard disk, when there is no faster one; None where nothing is known."""
    turning = {disk.rotational for disk in machine.disks}
    return _HARD_DISK if turning == {True} else None


def _gpu_target(machine: Machine, gpu: Gpu, number: int) -> Target | None:
    total = machine.gpu_total_bytes(gpu)
    free = machine.gpu_free_bytes(gpu)
    if not total and not free:
        return None
    backend = backend_of(gpu, machine.engine.devices)
    shown = DISPLAY_RESERVE_BYTES if gpu.display_attached else RESERVE_BYTES
    name = gpu.engine_devices[0] if gpu.engine_devices else f"{_DEVICE_PREFIXES[backend]}{number}"
    return Target(
        name=name,
        label=gpu.name or f"{gpu.vendor} GPU",
        kind="unified" if gpu.unified else "gpu",
        total_bytes=total or free or 0,
        free_bytes=free if free is not None else total or 0,
        # Unified memory keeps its reserve on the RAM's side, of which it is a part.
        reserve_bytes=0 if gpu.unified else shown,
        overhead_bytes=OVERHEAD_BYTES[backend],
        bandwidth_bytes_per_second=gpu.bandwidth_bytes_per_second,
        backend=backend,
    )


def _ram(machine: Machine) -> Target:
    total = machine.memory.effective_total_bytes or 0
    available = machine.memory.effective_available_bytes
    bandwidth = machine.ram_bandwidth
    unified = next((gpu for gpu in machine.gpus if gpu.unified), None)
    return Target(
        name="CPU",
        label="RAM",
        kind="cpu",
        total_bytes=total,
        free_bytes=total if available is None else available,
        reserve_bytes=max(RAM_RESERVE_BYTES, round(total * RAM_RESERVE_SHARE)) if total else 0,
        overhead_bytes=OVERHEAD_BYTES["cpu"],
        bandwidth_bytes_per_second=bandwidth.measured_bytes_per_second
        or bandwidth.nominal_bytes_per_second
        or (unified.bandwidth_bytes_per_second if unified else None),
    )
