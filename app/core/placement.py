"""Where a model goes: what the engine is told when it loads a file."""

from dataclasses import dataclass, field
from typing import Literal

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
FlashAttention = Literal["auto", "on", "off"]
SplitMode = Literal["none", "layer", "row"]


@dataclass(frozen=True)
class TensorOverride:
    """Tensors whose name matches the C++ regular expression go to the named device's buffer."""

    pattern: str
    device: str


@dataclass(frozen=True)
class Placement:
    """The parameters of a load, named as llama.cpp names them.

    devices: ggml device names in order, None for all that this build offers; () for the CPU alone.
    gpu_layers: layers on the devices, None for all. tensor_split: proportions, one per device.
    context_tokens: 0 means what the model was trained for. threads: None means physical cores.
    """

    devices: tuple[str, ...] | None = None
    gpu_layers: int | None = None
    split_mode: SplitMode = "layer"
    main_gpu: int = 0
    tensor_split: tuple[float, ...] = ()
    tensor_overrides: tuple[TensorOverride, ...] = field(default=())
    context_tokens: int = 0
    batch_tokens: int = 2048
    ubatch_tokens: int = 512
    kv_type_k: KvType = "f16"
    kv_type_v: KvType = "f16"
    kv_offload: bool = True
    op_offload: bool = True
    flash_attention: FlashAttention = "auto"
    threads: int | None = None
    batch_threads: int | None = None
    mmap: bool = True
    mlock: bool = False
    repack: bool = True
