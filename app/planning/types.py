"""What a plan is made of. Sizes are bytes."""

from dataclasses import dataclass
from typing import Literal

from app.core.language import tr
from app.core.placement import FlashAttention, KvType, Placement
from app.planning.speed import Backend, SpeedPrediction

TargetKind = Literal["gpu", "unified", "cpu"]
Source = Literal["exact", "dry run", "measured", "estimate"]
Verdict = Literal["gpu", "experts in RAM", "layers in RAM", "cpu", "disk", "does not fit"]

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True)
class Choice:
    """What the person wants of a load. context_tokens: 0 means what the model was trained for.

    gpu_reserve_bytes: kept free on each GPU, None for the usual (more where a display hangs on
    it). load_mtp: for `model_shape`, which leaves the MTP layers out otherwise, as the engine does.
    """

    context_tokens: int = 32_768
    kv_type_k: KvType = "f16"
    kv_type_v: KvType = "f16"
    batch_tokens: int = 2048
    ubatch_tokens: int = 512
    flash_attention: FlashAttention = "auto"
    load_mtp: bool = False
    repack: bool = True
    gpu_reserve_bytes: int | None = None


@dataclass(frozen=True)
class Target:
    """Memory that tensors can go to. name: ggml's, as a Placement names it; label: for people.

    capacity_bytes: what is free now, less the reserve. overhead_bytes: what the backend itself
    takes (a CUDA context). A unified target shares its memory with the CPU target: the two are
    counted against one capacity.
    """

    name: str
    label: str
    kind: TargetKind
    total_bytes: int
    free_bytes: int
    reserve_bytes: int = 0
    overhead_bytes: int = 0
    bandwidth_bytes_per_second: int | None = None
    backend: Backend = "cpu"

    @property
    def capacity_bytes(self) -> int:
        return max(0, self.free_bytes - self.reserve_bytes)


@dataclass(frozen=True)
class DeviceUse:
    """What one target will hold. missing_bytes: how much more it would need, 0 when it fits.

    mapped_bytes: the part of weights_bytes that is page cache of the file, which the system may
    drop and read again; the rest is the process's own memory. estimated_compute_bytes: what the
    formula gave, before measurements corrected it.
    """

    target: Target
    weights_bytes: int
    kv_bytes: int
    compute_bytes: int
    overhead_bytes: int
    compute_source: Source = "estimate"
    mapped_bytes: int = 0
    estimated_compute_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_bytes + self.compute_bytes + self.overhead_bytes

    @property
    def missing_bytes(self) -> int:
        return max(0, self.total_bytes - self.target.capacity_bytes)


@dataclass(frozen=True)
class Plan:
    """Where everything goes and what comes of it.

    missing_bytes: memory that would have to be added for the verdict to be better than it is, 0
    when everything fits. missing_in: what memory that is ("RAM", "unified memory", the labels of
    GPUs). expert_layers_on_cpu: MoE layers whose routed experts lie in RAM.
    disk_bytes: weights that do not fit in RAM and are read again from the file.
    """

    verdict: Verdict
    choice: Choice
    context_tokens: int
    placement: Placement
    devices: tuple[DeviceUse, ...]
    speed: SpeedPrediction | None
    expert_layers_on_cpu: int = 0
    layers_on_cpu: int = 0
    missing_bytes: int = 0
    missing_in: str = "RAM"
    disk_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def missing_words(self) -> str:
        """`missing_in` in the language of the person."""
        whole = {"RAM": tr("RAM"), "unified memory": tr("unified memory")}.get(self.missing_in)
        return whole or tr("memory of {names}", names=self.missing_in.removeprefix("memory of "))

    @property
    def gpu_bytes(self) -> int:
        return sum(use.total_bytes for use in self.devices if use.target.kind != "cpu")

    @property
    def ram_bytes(self) -> int:
        return sum(use.total_bytes for use in self.devices if use.target.kind == "cpu")
