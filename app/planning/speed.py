"""Tokens per second before anything is loaded: bytes read per token against memory bandwidth.

Generation reads the always-used weights, the chosen experts and the whole KV cache once per token,
device after device; prompt reading multiplies matrices for many tokens at once and is bound by
arithmetic. The constants are fitted on measured runs (`app.planning.speed_fit`).
"""

import math
from dataclasses import dataclass
from typing import Literal

from app.core.language import tr
from app.planning.speed_model import SpeedModel, shipped_speed_model

DeviceKind = Literal["gpu", "unified", "cpu"]
Backend = Literal["cuda", "rocm", "vulkan", "metal", "sycl", "cpu"]
Engine = Literal["llama.cpp", "ik_llama.cpp"]

# Taken where a device's own figure is unknown; each widens the range by `_DOUBT`.
TYPICAL_BANDWIDTH = {"gpu": 400e9, "unified": 150e9, "cpu": 60e9}
TYPICAL_DISK_BANDWIDTH = 2e9
TYPICAL_FLOPS_PER_BYTE = {"gpu": 42.0, "unified": 35.0, "cpu": 40.0}
# Not measured by any calibration run: what a page-faulted read, a copy over PCIe and matrix
# multiplication on the CPU reach of their nominal rates.
DISK_EFFICIENCY = 0.5
UPLOAD_EFFICIENCY = 0.7
CPU_MATMUL_EFFICIENCY = 0.3
# llama.cpp hands matrices in RAM to a GPU from this many tokens on (ggml-cuda.cu).
UPLOAD_MIN_TOKENS = 32
# Half the width of the range in natural logarithms that each doubtful input adds.
_DOUBT = {
    "bandwidth": 0.6,
    "compute": 0.35,
    "disk": 0.6,
    "upload": 0.4,
    "cpu prefill": 0.5,
    "vulkan split": 0.4,
}


@dataclass(frozen=True)
class SpeedDevice:
    """A memory and what computes on it. backend: the engine's, "cpu" for RAM.

    flops_per_second: FP32 peak without matrix units (`speed_compute.peak_flops`); None: unknown.
    """

    name: str
    kind: DeviceKind
    backend: Backend
    bandwidth_bytes_per_second: float | None
    flops_per_second: float | None = None


@dataclass(frozen=True)
class DeviceWork:
    """What one device holds of a plan; all of it follows exactly from the file's header.

    always_bytes: weights read for every token (attention, dense and shared FFN, router, output).
    expert_bytes: all routed experts held here, used or not. *_params: the weights behind them,
    without the output matrix (a prompt needs it once, not for each token).
    kv_bytes_per_token: KV cache of one token on this device.
    attention_flops_per_pair: for one token and one earlier token.
    layers: those whose attention runs here. split_layers: those whose experts lie here while
    their attention runs elsewhere. absent_bytes: weights that do not stay in memory and come
    from disk each time they are needed.
    """

    device: SpeedDevice
    always_bytes: float = 0
    expert_bytes: float = 0
    always_params: float = 0
    expert_params: float = 0
    kv_bytes_per_token: float = 0
    attention_flops_per_pair: float = 0
    layers: float = 0
    split_layers: float = 0
    absent_bytes: float = 0


@dataclass(frozen=True)
class TokenWork:
    """A model placed on devices. expert_count 0: a dense model.

    upload_bytes_per_second: the PCIe link to the first GPU, which multiplies with weights in RAM
    while a prompt is read (op offload); None when that is off or there is no such link.
    """

    devices: tuple[DeviceWork, ...]
    expert_count: int = 0
    expert_used: int = 0
    ubatch_tokens: int = 512
    upload_bytes_per_second: float | None = None
    disk_bytes_per_second: float | None = None
    engine: Engine = "llama.cpp"


@dataclass(frozen=True)
class Rate:
    """Tokens per second; four of five measured runs are expected between low and high."""

    low: float
    expected: float
    high: float


@dataclass(frozen=True)
class TimePart:
    """Share of a token's time at an empty context. label: the device, or "disk" or "overhead"."""

    label: str
    seconds: float


@dataclass(frozen=True)
class SpeedPrediction:
    """Tokens per second with nothing and with `context_tokens` tokens in the context.

    parts: where the time of a generated token goes. assumptions: plain sentences on every input
    that was not known or not covered by measurements; each made the range wider.
    """

    context_tokens: int
    generation_empty: Rate
    generation_full: Rate
    prefill_empty: Rate
    prefill_full: Rate
    parts: tuple[TimePart, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def prompt_seconds(self) -> float:
        """To read a prompt that fills the context: the time per token grows linearly."""
        per_token = 1 / self.prefill_empty.expected + 1 / self.prefill_full.expected
        return self.context_tokens * per_token / 2


def predict_speed(
    work: TokenWork, context_tokens: int, model: SpeedModel | None = None
) -> SpeedPrediction:
    """Raises ValueError for work without a device or a negative context."""
    if not work.devices or context_tokens < 0:
        raise ValueError("a prediction needs at least one device and a context of 0 or more")
    model = model or shipped_speed_model()
    doubts = _doubts(work)
    generation = _width(model.generation_spread, doubts, ("bandwidth", "disk", "vulkan split"))
    prefill = _width(model.prefill_spread, doubts, tuple(_DOUBT))
    return SpeedPrediction(
        context_tokens,
        _rate(generation_seconds(work, 0, model), generation),
        _rate(generation_seconds(work, context_tokens, model), generation),
        _rate(prefill_seconds(work, 0, model), prefill),
        _rate(prefill_seconds(work, context_tokens, model), prefill),
        tuple(part for part in generation_parts(work, 0, model) if part.seconds > 0),
        tuple(doubts.values()),
    )


def generation_seconds(work: TokenWork, context_tokens: float, model: SpeedModel) -> float:
    """Per generated token with so many tokens in the context."""
    return sum(part.seconds for part in generation_parts(work, context_tokens, model))


def generation_parts(
    work: TokenWork, context_tokens: float, model: SpeedModel
) -> tuple[TimePart, ...]:
    moe = work.expert_count > 0
    per_layer = model.moe_layer_seconds if moe else model.dense_layer_seconds
    if work.engine == "ik_llama.cpp":
        per_layer *= model.ik_overhead
    used = work.expert_used / work.expert_count if moe else 0.0
    per_split = model.vulkan_split_seconds if _uses_vulkan(work) else model.split_seconds
    parts, disk, overhead = [], 0.0, 0.0
    for part in work.devices:
        # What comes from disk goes through memory all the same.
        read = part.always_bytes + part.expert_bytes * used
        efficiency = model.cpu_efficiency if part.device.kind == "cpu" else model.gpu_efficiency
        bandwidth = _bandwidth(part.device)
        seconds = read / (bandwidth * efficiency)
        seconds += part.kv_bytes_per_token * context_tokens / (bandwidth * model.kv_efficiency)
        parts.append(TimePart(part.device.name, seconds))
        # The system keeps what is read for every token before what is read now and then.
        absent_experts = min(part.absent_bytes, part.expert_bytes)
        disk += min(part.absent_bytes - absent_experts, part.always_bytes) + absent_experts * used
        overhead += part.layers * per_layer + part.split_layers * per_split
    return (*parts, TimePart("disk", _disk_seconds(work, disk)), TimePart("overhead", overhead))


def prefill_seconds(work: TokenWork, depth_tokens: float, model: SpeedModel) -> float:
    """Per prompt token that is read with so many tokens before it, in full micro-batches."""
    batch = work.ubatch_tokens
    share = work.expert_used / work.expert_count if work.expert_count else 0.0
    # Of all experts, those that at least one token of the micro-batch is routed to.
    touched = 1.0 - (1.0 - share) ** batch
    depth = depth_tokens + batch / 2
    helper = _uploads_to(work)
    seconds = 0.0
    for part in work.devices:
        on_cpu = part.device.kind == "cpu"
        own_rate = _matmul_rate(part.device, work.engine, model)
        rate = _matmul_rate(helper, work.engine, model) if on_cpu and helper else own_rate
        seconds += 2 * part.always_params / rate
        seconds += 2 * part.expert_params * share / (rate * model.moe_matmul_efficiency)
        # Attention runs where its KV cache lies.
        seconds += part.attention_flops_per_pair * depth / (own_rate * model.attention_efficiency)
        streamed = part.always_bytes + part.expert_bytes * touched
        if on_cpu and helper and work.upload_bytes_per_second is not None:
            speed = work.upload_bytes_per_second * UPLOAD_EFFICIENCY
        else:
            efficiency = model.cpu_efficiency if on_cpu else model.gpu_efficiency
            speed = _bandwidth(part.device) * efficiency
        seconds += streamed / (batch * speed)
        # A pass over more than fits evicts what the next pass needs first, so up to twice as much
        # is read as would not fit.
        held = part.always_bytes + part.expert_bytes
        seconds += _disk_seconds(work, min(2 * part.absent_bytes, held)) / batch
    return seconds


def _uploads_to(work: TokenWork) -> SpeedDevice | None:
    """The GPU that multiplies with weights from RAM while reading a prompt."""
    if work.upload_bytes_per_second is None or work.ubatch_tokens < UPLOAD_MIN_TOKENS:
        return None
    gpus = (part.device for part in work.devices if part.device.kind != "cpu")
    return next(gpus, None)


def _uses_vulkan(work: TokenWork) -> bool:
    return any(part.device.backend == "vulkan" for part in work.devices)


def _bandwidth(device: SpeedDevice) -> float:
    return device.bandwidth_bytes_per_second or TYPICAL_BANDWIDTH[device.kind]


def _matmul_rate(device: SpeedDevice, engine: Engine, model: SpeedModel) -> float:
    flops = device.flops_per_second
    if flops is None:
        flops = _bandwidth(device) * TYPICAL_FLOPS_PER_BYTE[device.kind]
    if device.kind == "cpu":
        return flops * CPU_MATMUL_EFFICIENCY
    rate = flops * (
        model.cuda_matmul_efficiency if device.backend == "cuda" else model.matmul_efficiency
    )
    return rate * model.ik_prefill if engine == "ik_llama.cpp" else rate


def _disk_seconds(work: TokenWork, size_bytes: float) -> float:
    if not size_bytes:
        return 0.0
    bandwidth = work.disk_bytes_per_second or TYPICAL_DISK_BANDWIDTH
    return size_bytes / (bandwidth * DISK_EFFICIENCY)


def _doubts(work: TokenWork) -> dict[str, str]:
    """Input -> what a person is told about it."""
    found: dict[str, str] = {}
    for part in work.devices:
        device = part.device
        if device.bandwidth_bytes_per_second is None:
            typical = TYPICAL_BANDWIDTH[device.kind] / 1e9
            found["bandwidth"] = tr(
                "The memory bandwidth of {name} is unknown; {typical:.0f} GB/s is assumed.",
                name=device.name,
                typical=typical,
            )
        if device.kind != "cpu" and device.flops_per_second is None:
            found["compute"] = tr(
                "The computing power of {name} is unknown; what cards of its memory bandwidth "
                "usually have is assumed.",
                name=device.name,
            )
        if part.absent_bytes > 0:
            found["disk"] = tr("Weights that are read from disk make the speed hard to foresee.")
        if part.split_layers and _uses_vulkan(work):
            found["vulkan split"] = tr(
                "With experts in RAM the Vulkan engine was measured on a single machine only."
            )
    on_cpu = [part for part in work.devices if part.device.kind == "cpu"]
    weights_on_cpu = any(part.expert_params or part.always_params for part in on_cpu)
    if weights_on_cpu and _uploads_to(work) is not None:
        found["upload"] = tr(
            "For prompts the weights go from RAM to the graphics card; how fast was not measured."
        )
    if any(part.layers for part in on_cpu) or (weights_on_cpu and _uploads_to(work) is None):
        found["cpu prefill"] = tr("How fast the processor reads prompts was not measured.")
    return found


def _width(spread: float, doubts: dict[str, str], relevant: tuple[str, ...]) -> float:
    return math.hypot(spread, *(_DOUBT[key] for key in doubts if key in relevant))


def _rate(seconds: float, width: float) -> Rate:
    expected = 1 / seconds if seconds > 0 else math.inf
    return Rate(expected * math.exp(-width), expected, expected * math.exp(width))
