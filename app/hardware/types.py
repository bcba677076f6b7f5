"""The machine as plain, frozen data. None always means unknown; sizes are bytes.

A machine is written to JSON and read back by `app.hardware.codec`; a recorded one takes the place
of the real one everywhere (`--machine FILE.json`).
"""

from dataclasses import dataclass
from typing import Literal

FORMAT = "glm-launcher-machine"
FORMAT_VERSION = 1

Vendor = Literal["NVIDIA", "AMD", "Intel", "Apple", "other"]
GpuState = Literal["ok", "unreadable", "lost", "reset required", "no driver"]
BandwidthSource = Literal["computed", "nominal", "driver"]
ProbeStatus = Literal["ok", "skipped", "failed", "timed out", "crashed"]
Severity = Literal["error", "warning", "info"]
EngineKind = Literal["cpu", "gpu", "igpu", "accel", "other"]
EngineStatus = Literal["ok", "missing", "failed", "timed out", "crashed", "not asked"]
NvidiaStatus = Literal[
    "ok",
    "no gpu",
    "no library",
    "no package",
    "stub library",
    "driver not loaded",
    "version mismatch",
    "no permission",
    "failed",
    "timed out",
    "crashed",
    "not asked",
]


@dataclass(frozen=True)
class PcieLink:
    """Now and at most. An idle card runs at a lower generation than it can."""

    generation: int | None = None
    width: int | None = None
    max_generation: int | None = None
    max_width: int | None = None


@dataclass(frozen=True)
class GpuProcess:
    """A process that holds GPU memory. memory_bytes is None under WDDM and WSL."""

    pid: int
    name: str | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class MigSlice:
    """One MIG device. visible: CUDA in this process would see it (it enumerates one at most)."""

    uuid: str | None = None
    name: str | None = None
    total_bytes: int | None = None
    free_bytes: int | None = None
    visible: bool | None = None


@dataclass(frozen=True)
class Unread:
    """A field that could not be read, and why."""

    field: str
    reason: str


@dataclass(frozen=True)
class Gpu:
    """One physical GPU.

    total/free/used/reserved_bytes: its own memory. reserved (by the driver) is part of total and
    counted in used where the driver does not list it apart. A unified GPU shares system memory:
    own memory is then the part set aside for it at boot (0 does not occur: None), and
    shared_limit_bytes the most it may take of system memory (shared_used_bytes of that is taken).
    What can be planned with is `Machine.gpu_total_bytes` and `gpu_free_bytes`, not these fields.

    pci_bus_id: lower case `0000:01:00.0`, as ggml writes it. index: in the order of the vendor's
    tool (nvidia-smi), which is not CUDA's order. architecture: `8.9` for CUDA, `gfx1151` for ROCm.
    bandwidth_source: computed from clock and bus width, nominal for the name, or the driver's word.
    visible: False when an environment variable hides it from the engine. engine_devices: ggml's
    names for it, one per backend that can use it; () when none can.
    """

    vendor: Vendor
    name: str | None
    index: int | None = None
    uuid: str | None = None
    pci_bus_id: str | None = None
    state: GpuState = "ok"
    total_bytes: int | None = None
    free_bytes: int | None = None
    used_bytes: int | None = None
    reserved_bytes: int | None = None
    unified: bool = False
    shared_limit_bytes: int | None = None
    shared_used_bytes: int | None = None
    pcie: PcieLink = PcieLink()
    architecture: str | None = None
    memory_bus_bits: int | None = None
    memory_clock_mhz: int | None = None
    bandwidth_bytes_per_second: int | None = None
    bandwidth_source: BandwidthSource | None = None
    display_attached: bool | None = None
    driver_model: str | None = None
    mig_enabled: bool = False
    mig_slices: tuple[MigSlice, ...] = ()
    visible: bool | None = None
    processes: tuple[GpuProcess, ...] | None = None
    engine_devices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class NvidiaDriver:
    """What NVML says of itself. reason: why it is not usable. library: the file loaded."""

    status: NvidiaStatus = "not asked"
    reason: str = ""
    driver_version: str | None = None
    cuda_version: str | None = None
    library: str | None = None
    error_code: int | None = None


@dataclass(frozen=True)
class MemoryLimit:
    """A container's limit. source: the file it came from. used_bytes leaves out page cache that
    the kernel gives back on demand."""

    limit_bytes: int
    source: str
    used_bytes: int | None = None


@dataclass(frozen=True)
class Memory:
    """total and available are the host's; the limit is the container's, if any."""

    total_bytes: int | None = None
    available_bytes: int | None = None
    swap_total_bytes: int | None = None
    swap_free_bytes: int | None = None
    limit: MemoryLimit | None = None

    @property
    def effective_total_bytes(self) -> int | None:
        """The machine's size as this program may use it."""
        if self.limit is None:
            return self.total_bytes
        if self.total_bytes is None:
            return self.limit.limit_bytes
        return min(self.total_bytes, self.limit.limit_bytes)

    @property
    def effective_available_bytes(self) -> int | None:
        if self.limit is None or self.limit.used_bytes is None:
            known = [
                size
                for size in (self.available_bytes, self.effective_total_bytes)
                if size is not None
            ]
            return min(known) if self.available_bytes is not None else None
        left = max(0, self.limit.limit_bytes - self.limit.used_bytes)
        return left if self.available_bytes is None else min(left, self.available_bytes)


@dataclass(frozen=True)
class RamBandwidth:
    """measured: reading with all cores. nominal: transfer rate times width of all channels."""

    measured_bytes_per_second: int | None = None
    nominal_bytes_per_second: int | None = None
    method: str | None = None
    nominal_source: str | None = None


@dataclass(frozen=True)
class Cpu:
    """usable_cores: after affinity and the container's quota; at least 1 when known.

    instruction_sets: the ones that matter to ggml (AVX2, AVX512_VNNI, DOTPROD ...)."""

    name: str | None = None
    architecture: str | None = None
    physical_cores: int | None = None
    logical_cores: int | None = None
    usable_cores: int | None = None
    quota_cores: float | None = None
    instruction_sets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """The volume that holds path. rotational: a hard disk, not flash."""

    path: str
    total_bytes: int | None = None
    free_bytes: int | None = None
    filesystem: str | None = None
    rotational: bool | None = None


@dataclass(frozen=True)
class Platform:
    """system: Linux, Windows or Darwin. container: docker, podman, kubernetes, lxc, snap ..."""

    system: str
    release: str | None = None
    distribution: str | None = None
    wsl: bool = False
    container: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class EngineDevice:
    """One entry of ggml's device list. backend: CUDA, Vulkan, Metal, ROCm, SYCL, RPC, CPU ..."""

    name: str
    description: str = ""
    kind: EngineKind = "other"
    backend: str | None = None
    total_bytes: int | None = None
    free_bytes: int | None = None
    pci_bus_id: str | None = None


@dataclass(frozen=True)
class Engine:
    """What the installed engine can compute on. reason: why it could not say."""

    status: EngineStatus = "not asked"
    devices: tuple[EngineDevice, ...] = ()
    reason: str = ""

    @property
    def gpu_devices(self) -> tuple[EngineDevice, ...]:
        return tuple(device for device in self.devices if device.kind in ("gpu", "igpu"))


@dataclass(frozen=True)
class Finding:
    """Something the person should know. code: stable name of the rule. command: to copy and run."""

    code: str
    severity: Severity
    what: str
    why: str = ""
    remedy: str = ""
    command: str | None = None


@dataclass(frozen=True)
class Probe:
    name: str
    status: ProbeStatus = "ok"
    seconds: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Machine:
    """Everything known about a machine. recorded_at: UTC, ISO 8601. environment: the variables
    that decide which GPUs an engine sees."""

    platform: Platform
    memory: Memory
    cpu: Cpu
    gpus: tuple[Gpu, ...] = ()
    nvidia: NvidiaDriver = NvidiaDriver()
    ram_bandwidth: RamBandwidth = RamBandwidth()
    disks: tuple[Disk, ...] = ()
    engine: Engine = Engine()
    environment: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    probes: tuple[Probe, ...] = ()
    recorded_at: str | None = None
    name: str | None = None

    def gpu_total_bytes(self, gpu: Gpu) -> int | None:
        """Memory the GPU can work with at all: the visible slice of a MIG card; a unified GPU's
        own part plus its share of system memory (so never add that to the RAM again)."""
        if gpu.mig_enabled:
            chosen = visible_slice(gpu)
            return chosen.total_bytes if chosen else None
        if not gpu.unified:
            return gpu.total_bytes
        return _own_plus_shared(
            gpu.total_bytes, _smaller(gpu.shared_limit_bytes, self.memory.effective_total_bytes)
        )

    def gpu_free_bytes(self, gpu: Gpu) -> int | None:
        """The part of `gpu_total_bytes` that is free now."""
        if gpu.mig_enabled:
            chosen = visible_slice(gpu)
            return chosen.free_bytes if chosen else None
        if not gpu.unified:
            return gpu.free_bytes
        available = self.memory.effective_available_bytes
        if gpu.shared_limit_bytes is not None:
            left = max(0, gpu.shared_limit_bytes - (gpu.shared_used_bytes or 0))
            available = _smaller(left, available)
        return _own_plus_shared(gpu.free_bytes, available)

    @property
    def usable_gpus(self) -> tuple[Gpu, ...]:
        """The GPUs that the installed engine computes on."""
        return tuple(gpu for gpu in self.gpus if gpu.engine_devices and gpu.state != "lost")


def visible_slice(gpu: Gpu) -> MigSlice | None:
    """The MIG device this process works on: CUDA enumerates a single one."""
    return next((part for part in gpu.mig_slices if part.visible), None)


def _smaller(first: int | None, second: int | None) -> int | None:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def _own_plus_shared(own: int | None, shared: int | None) -> int | None:
    if shared is None:
        return own
    return shared + (own or 0)
