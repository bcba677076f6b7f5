"""How each published run is read: its hardware as devices, or why it cannot be used.

A run is left out only for what is physically unknown about it or because another program ran it,
never for how well it fits. A run that is quoted counts like one that was measured; none of those
used is a mere claim. Micro-batches of 4096 are what the source of those runs states.
"""

from dataclasses import dataclass
from typing import NamedTuple

from app.planning.speed import Backend, DeviceKind, Engine


class Key(NamedTuple):
    """What tells the rows of the file apart."""

    hardware: str
    model: str
    quant: str
    engine: str
    context: int = 0


class Deeper(NamedTuple):
    """A further measurement of the same run that its note gives."""

    depth_tokens: int
    generation: float | None = None
    prefill: float | None = None


@dataclass(frozen=True)
class Reading:
    """machine: runs on the same hardware share it. gpus: names in `GPUS`, layers shared equally.

    ram_gbs, ram_expert_share: nominal bandwidth of the RAM that holds this share of the experts.
    prompt_depth: share of the context that lies before an average prompt token. no_prefill: why
    the prompt speed cannot be used.
    """

    machine: str
    gpus: tuple[str, ...]
    backend: Backend
    engine: Engine = "llama.cpp"
    ram_gbs: float | None = None
    ram_expert_share: float = 0.0
    kv_share_of_f16: float = 1.0
    ubatch_tokens: int = 512
    prompt_depth: float = 1.0
    no_prefill: str = ""
    deeper: tuple[Deeper, ...] = ()


_STRIX = "Radeon 8060S"
# Memory bandwidth in GB/s as in gpus.csv.
GPUS: dict[str, tuple[float, DeviceKind]] = {
    "RTX 3090": (936, "gpu"),
    "RTX 3090 Ti": (1008, "gpu"),
    "RTX 3080": (760, "gpu"),
    "RTX 3060": (360, "gpu"),
    "RTX A6000": (768, "gpu"),
    "RTX 5090": (1792, "gpu"),
    "RTX 5070 Ti": (896, "gpu"),
    "RTX 5060 Ti": (448, "gpu"),
    "Arc Pro B70": (608, "gpu"),
    _STRIX: (256, "unified"),
    "Apple M1 Max": (400, "unified"),
    "Apple M3 Ultra": (819, "unified"),
}

_UPLOAD_UNKNOWN = "experts are uploaded over PCIe: link speed and micro-batch are not given"
_Q8_KV = 0.53125

_A6000 = "2x sm_86 48GB GPUs (A6000 class)"
_B70 = "Core i9-14900K DDR5-6000 + Arc Pro B70, --n-cpu-moe 31"
_3090TI = "RTX 3090 Ti"
_Z1 = "IQ4_XS (Z1-32B-0414)"
_STRIX_128 = "Strix Halo 128GB"
_MAX = "Strix Halo MS-S1 MAX 128GB"
_M3 = "Mac Studio M3 Ultra 512GB"

READINGS: dict[Key, Reading] = {
    Key("2x RTX 3090", "GLM-4.5-Air", "IQ1_KT", "ik_llama.cpp"): Reading(
        "2x RTX 3090", ("RTX 3090",) * 2, "cuda", "ik_llama.cpp"
    ),
    Key("Arc Pro B70", "GLM-4-32B-0414", "Q4_K_M", "llama.cpp SYCL"): Reading(
        "Arc Pro B70", ("Arc Pro B70",), "sycl"
    ),
    Key(
        "2x Strix Halo 128GB (RPC, layer split)", "GLM-4.6", "UD-Q4_K_XL", "llama.cpp ROCm 7.2"
    ): Reading(_STRIX, (_STRIX,) * 2, "rocm"),
    Key(_B70, "GLM-4.5-Air", "Q4_K_M", "llama.cpp Vulkan"): Reading(
        "Arc Pro B70", ("Arc Pro B70",), "vulkan", ram_gbs=96, ram_expert_share=31 / 45,
        no_prefill=_UPLOAD_UNKNOWN,
    ),
    Key(_B70, "GLM-4.5-Air", "Q4_K_M", "llama.cpp SYCL"): Reading(
        "Arc Pro B70", ("Arc Pro B70",), "sycl", ram_gbs=96, ram_expert_share=31 / 45,
        no_prefill=_UPLOAD_UNKNOWN,
    ),
    Key("2x RTX 3080 20GB", "GLM-4.7-Flash", "Q4_K_M", "llama.cpp CUDA"): Reading(
        "2x RTX 3080", ("RTX 3080",) * 2, "cuda"
    ),
    Key(_STRIX_128, "GLM-4.7-Flash", "BF16", "llama.cpp ROCm nightly"): Reading(
        _STRIX, (_STRIX,), "rocm"
    ),
    Key(
        "Ryzen 9 7900 96GB DDR5-5600 dual + 2x RTX 3060, -ncmoe 99",
        "GLM-4.5-Air", "Q4_K_S", "llama.cpp CUDA",
    ): Reading(
        "Ryzen 9 7900 + 2x RTX 3060", ("RTX 3060",) * 2, "cuda", ram_gbs=89.6,
        ram_expert_share=1.0, no_prefill=_UPLOAD_UNKNOWN,
    ),
    Key(_A6000, "GLM-4.5-Air", "Q4_0", "llama.cpp Vulkan"): Reading(
        "2x A6000", ("RTX A6000",) * 2, "vulkan", ubatch_tokens=4096,
        deeper=(Deeper(8192, generation=18.0),),
    ),
    Key("RTX 5070 Ti + RTX 5060 Ti", "GLM-4.7-Flash", "Q4_K_M", "llama.cpp CUDA"): Reading(
        "RTX 5070 Ti + RTX 5060 Ti", ("RTX 5070 Ti", "RTX 5060 Ti"), "cuda"
    ),
    Key(_STRIX_128, "GLM-4.7-Flash", "UD-Q8_K_XL", "llama.cpp Vulkan RADV"): Reading(
        _STRIX, (_STRIX,), "vulkan"
    ),
    Key(
        "Ryzen 9 9950X 256GB DDR5-6000 dual + RTX 5090", "GLM-4.7", "MXFP4", "llama.cpp CUDA"
    ): Reading(
        "Ryzen 9 9950X + RTX 5090", ("RTX 5090",), "cuda", ram_gbs=96, ram_expert_share=1.0,
        no_prefill=_UPLOAD_UNKNOWN,
    ),
    Key("RTX 3090", "GLM-4.7-Flash", "IQ4_XS", "ik_llama.cpp"): Reading(
        "RTX 3090", ("RTX 3090",), "cuda", "ik_llama.cpp",
        deeper=(Deeper(16384, generation=87.0),),
    ),
    Key(_MAX, "GLM-4.5-Air", "Q4_K_M", "llama.cpp Vulkan"): Reading(_STRIX, (_STRIX,), "vulkan"),
    Key(_MAX, "GLM-4.6V", "Q4_K_M", "llama.cpp Vulkan"): Reading(_STRIX, (_STRIX,), "vulkan"),
    Key(_STRIX_128, "GLM-4.5-Air", "UD-Q4_K_XL", "llama.cpp Vulkan RADV"): Reading(
        _STRIX, (_STRIX,), "vulkan"
    ),
    Key(_STRIX_128, "GLM-4.5-Air", "UD-Q4_K_XL", "llama.cpp Vulkan AMDVLK"): Reading(
        _STRIX, (_STRIX,), "vulkan"
    ),
    Key(_STRIX_128, "GLM-4.7-Flash", "UD-Q8_K_XL", "llama.cpp ROCm 7.2.3", 32768): Reading(
        _STRIX, (_STRIX,), "rocm"
    ),
    Key(_STRIX_128, "GLM-4.7-Flash", "UD-Q8_K_XL", "llama.cpp ROCm 7.2.3", 65536): Reading(
        _STRIX, (_STRIX,), "rocm"
    ),
    Key(_3090TI, "GLM-4-32B-0414", _Z1, "ik_llama.cpp CUDA"): Reading(
        _3090TI, (_3090TI,), "cuda", "ik_llama.cpp"
    ),
    Key(_3090TI, "GLM-4-32B-0414", _Z1, "llama.cpp@558a76 CUDA", 512): Reading(
        _3090TI, (_3090TI,), "cuda", kv_share_of_f16=_Q8_KV,
        deeper=(Deeper(8192, generation=34.55),),  # the note says 34.1-35
    ),
    Key("MacBook Pro M1 Max 64GB", "GLM-4.5-Air", "UD-Q3_K_XL", "llama.cpp Metal"): Reading(
        "M1 Max", ("Apple M1 Max",), "metal", deeper=(Deeper(8192, prefill=117.0),)
    ),
    # A prompt of that length was timed as a whole.
    Key(_M3, "GLM-4.6", "UD-Q8_K_XL", "llama.cpp Metal", 29800): Reading(
        "M3 Ultra", ("Apple M3 Ultra",), "metal", prompt_depth=0.5
    ),
    Key(_A6000, "GLM-4.5-Air", "Q4_0", "ik_llama.cpp CUDA"): Reading(
        "2x A6000", ("RTX A6000",) * 2, "cuda", "ik_llama.cpp", ubatch_tokens=4096,
        deeper=(Deeper(16384, generation=38.0),),
    ),
}  # fmt: skip

_OTHER_PROGRAM = "run by a program that shares no kernels with llama.cpp"
_NO_RAM_BANDWIDTH = "the RAM, which sets the pace, is not stated"
_CARDS = "RTX 5070 Ti + RTX 5060 Ti (32GB) + RAM"

EXCLUDED: dict[Key, str] = {
    Key("Desktop 24-32GB GPU + RAM", "GLM-4.7", "IQ3_XXS", "llama.cpp CUDA"): (
        "neither the card nor the RAM is stated"
    ),
    Key(f"{_CARDS}, -ngl 30", "GLM-4.7", "IQ2_XXS", "llama.cpp CUDA"): _NO_RAM_BANDWIDTH,
    Key(f"{_CARDS}, -ngl 30", "GLM-4.5-Air", "Q2_K_L", "llama.cpp CUDA"): _NO_RAM_BANDWIDTH,
    Key(f"{_CARDS}, -ot some experts=CPU", "GLM-4.7", "IQ2_XXS", "llama.cpp CUDA"): (
        "the RAM and the share of the experts in it are not stated"
    ),
    Key("Desktop, one fast GPU (not stated)", "GLM-4.7-Flash", "UD-Q4_K_XL", "llama.cpp CUDA"): (
        "the card is not stated"
    ),
    Key(
        "16-core AVX-512 desktop CPU (ubergarm rig), dual-channel DDR5",
        "GLM-4-32B-0414", _Z1, "ik_llama.cpp CPU repacked",
    ): "the speed of the RAM is not stated",
    Key(
        "4x RTX 3090 + server RAM (Ph0rk0z)", "GLM-4.5", "about 3-4 bpw", "ik_llama.cpp"
    ): "bits per weight, RAM and the share of the experts in it are not stated",
    Key("1x 40GB GPU + 165GB RAM (generic claim)", "GLM-4.6", "4-bit", "llama.cpp"): (
        "a vendor's guidance for no particular machine"
    ),
    Key("UM790 Pro (Radeon 780M) Ollama", "GLM-4.7-Flash", "Q4", "Ollama", 4096): (
        "neither the RAM nor the bits per weight are stated"
    ),
    Key(
        "Threadripper PRO 3995WX + several RTX 3090", "GLM-5.2", "UD-Q4_K_M", "ik_llama.cpp"
    ): "the number of cards and the share of the experts in RAM are not stated",
    Key(
        "4x RTX 3090", "GLM-4.5-Air", "IQ1_KT", "ik_llama.cpp -sm graph (tensor parallel)"
    ): "tensor parallel: the cards work at the same time, which llama.cpp's layer split does not",
    Key("4x RTX 3090", "GLM-4.5-Air", "exl3 4.0bpw", "exllamav3"): _OTHER_PROGRAM,
    Key(_M3, "GLM-4.6", "MLX 8-bit", "MLX"): _OTHER_PROGRAM,
    Key(_M3, "GLM-4.6", "MLX 8-bit", "MLX", 29800): _OTHER_PROGRAM,
    Key(_M3, "GLM-5.2", "MXFP4 (368 GB)", "MLX"): _OTHER_PROGRAM,
    Key(_M3, "GLM-5.1", "MLX 2.9bpw", "MLX", 1024): _OTHER_PROGRAM,
    Key(_M3, "GLM-4.7", "MLX 8-bit gs32 (9 bpw)", "LM Studio MLX"): _OTHER_PROGRAM,
}  # fmt: skip
