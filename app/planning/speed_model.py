"""The fitted constants of the speed model, stored in `resources/speed_model.json`."""

import functools
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import resources_dir

_FORMAT = "glm-launcher-speed-model"
_FILE = "speed_model.json"


@dataclass(frozen=True)
class SpeedModel:
    """Efficiencies are fractions of a nominal rate; seconds are per layer and token.

    gpu_efficiency, cpu_efficiency, kv_efficiency: of the memory bandwidth, for weights on a GPU
    or unified memory, weights in RAM, and the KV cache anywhere. *_layer_seconds: launching the
    kernels of a layer. *split_seconds: handing a layer's experts to the CPU and back, under Vulkan
    and with other backends. ik_*: ik_llama.cpp against llama.cpp.
    cuda_matmul_efficiency, matmul_efficiency: of a GPU's FP32 peak, with CUDA's matrix units (so
    it can exceed 1) and with other backends. moe_matmul_efficiency, attention_efficiency: relative
    to these. *_spread: half the width of the 80% range, in natural logarithms.
    """

    gpu_efficiency: float
    cpu_efficiency: float
    kv_efficiency: float
    moe_layer_seconds: float
    dense_layer_seconds: float
    split_seconds: float
    vulkan_split_seconds: float
    ik_overhead: float
    cuda_matmul_efficiency: float
    matmul_efficiency: float
    moe_matmul_efficiency: float
    attention_efficiency: float
    ik_prefill: float
    generation_spread: float
    prefill_spread: float


def load_speed_model(path: Path) -> SpeedModel:
    """Raises KnownError when the file cannot be read or a constant is missing or impossible."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != _FORMAT:
            raise ValueError(f"its format is {document['format']!r}")
        constants = document["constants"]
        values = {field.name: _positive(constants, field.name) for field in fields(SpeedModel)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise KnownError(
            tr("The file with the speed constants cannot be used."),
            tr("It is missing or damaged."),
            tr("Install GLM Launcher again."),
            f"{path}: {type(error).__name__}: {error}",
        ) from error
    return SpeedModel(**values)


def store_speed_model(model: SpeedModel, path: Path) -> None:
    """Six significant figures: the rest differs between processors."""
    constants = {name: float(f"{value:.6g}") for name, value in asdict(model).items()}
    document = {"format": _FORMAT, "constants": constants}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def speed_model_path() -> Path:
    return resources_dir() / _FILE


@functools.cache
def shipped_speed_model() -> SpeedModel:
    """Raises KnownError as `load_speed_model` does."""
    return load_speed_model(speed_model_path())


def _positive(constants: object, name: str) -> float:
    if not isinstance(constants, dict):
        raise TypeError("constants is not an object")
    value = constants[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is not a number")
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{name} is {value}")
    return float(value)
