"""Measured runs as the speed model sees them (`resources/speeds_calibration.csv`).

The published runs give an average bits per weight, not a file's header, so the bytes are rebuilt
from the model's shape here, and here alone; a plan takes them from the header.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.paths import resources_dir
from app.planning.speed import DeviceWork, SpeedDevice, TokenWork
from app.planning.speed_compute import peak_flops
from app.planning.speed_readings import EXCLUDED, GPUS, READINGS, Key, Reading

# What recipes that protect the always-read tensors give them at least.
_PROTECTED_BITS = 5.5
_MXFP4_ALWAYS_BITS = 8.5


@dataclass(frozen=True)
class Shape:
    """Parameters (not bytes) of a model. always_params: read for every token, output included.

    kv_bytes_per_token: at f16. attention_flops_per_pair: 2 for QK and 2 for PV per head and
    dimension and layer; with MLA, per head (2 * rank + rope) * 2.
    """

    layers: int
    always_params: float
    output_params: float
    expert_params: float
    expert_count: int
    expert_used: int
    kv_bytes_per_token: float
    attention_flops_per_pair: float


_LARGE = Shape(92, 16.057e9, 0.776e9, 335.964e9, 160, 8, 376_832, 4 * 96 * 128 * 92)
_AIR = Shape(46, 6.574e9, 0.621e9, 99.657e9, 128, 8, 188_416, 4 * 96 * 128 * 46)
SHAPES = {
    "GLM-4.6": _LARGE,
    "GLM-4.5": _LARGE,
    "GLM-4.7": _LARGE,
    "GLM-4.5-Air": _AIR,
    "GLM-4.6V": _AIR,
    "GLM-4.7-Flash": Shape(
        47, 1.844e9, 0.317e9, 27.784e9, 64, 4, 54_144, 2 * 20 * (2 * 512 + 64) * 47
    ),
    "GLM-4-32B-0414": Shape(61, 31.64e9, 0.931e9, 0, 0, 0, 62_464, 4 * 48 * 128 * 61),
}


@dataclass(frozen=True)
class CalibrationRun:
    """One measurement: the work, and tokens per second where they were measured.

    machine: what leave-one-machine-out leaves out together. from_note: a further value that the
    row's note gives, often rounded. depth_tokens: before the generated
    tokens; prompt_depth_tokens: before the prompt tokens, on average.
    """

    label: str
    machine: str
    work: TokenWork
    depth_tokens: float
    prompt_depth_tokens: float
    generation: float | None
    prefill: float | None
    from_note: bool = False


@dataclass(frozen=True)
class Calibration:
    """excluded: label and the physical reason why a published run cannot be used."""

    runs: tuple[CalibrationRun, ...]
    excluded: tuple[tuple[str, str], ...]


def load_calibration(path: Path | None = None) -> Calibration:
    """Raises KnownError when the file is damaged or has a run nobody decided about."""
    path = path or resources_dir() / "speeds_calibration.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        return _interpret(rows)
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise KnownError(
            tr("The measured speeds cannot be used."),
            tr("Their file is missing, damaged or has a run that was never looked at."),
            tr("Install GLM Launcher again."),
            f"{path}: {type(error).__name__}: {error}",
        ) from error


def _interpret(rows: list[dict[str, str]]) -> Calibration:
    runs: list[CalibrationRun] = []
    excluded: list[tuple[str, str]] = []
    undecided = set(READINGS) | set(EXCLUDED)
    for row in rows:
        key = Key(row["hardware"], row["model"], row["quant"], row["engine"], int(row["ctx"]))
        label = f"{key.hardware}, {key.model} {key.quant}, {key.engine}"
        if key in EXCLUDED:
            excluded.append((label, EXCLUDED[key]))
        else:
            runs.extend(_runs(row, label, key, READINGS[key]))
        undecided.discard(key)
    if undecided:
        raise ValueError(f"no row for {sorted(undecided)}")
    return Calibration(tuple(runs), tuple(excluded))


def _runs(row: dict[str, str], label: str, key: Key, reading: Reading) -> list[CalibrationRun]:
    work = rebuild_work(SHAPES[key.model], key.quant, float(row["bpw"]), reading)
    prompt_depth = key.context * reading.prompt_depth
    runs = [
        CalibrationRun(
            label if not key.context else f"{label}, {key.context} tokens",
            reading.machine,
            work,
            key.context,
            prompt_depth,
            float(row["tg_tps"]) if row["tg_tps"] else None,
            None if reading.no_prefill or not row["pp_tps"] else float(row["pp_tps"]),
        )
    ]
    runs += [
        CalibrationRun(
            f"{label}, {more.depth_tokens} tokens",
            reading.machine,
            work,
            more.depth_tokens,
            more.depth_tokens,
            more.generation,
            more.prefill,
            from_note=True,
        )
        for more in reading.deeper
    ]
    return runs


def always_bits(quant: str, bits_per_weight: float) -> float:
    """Bits per weight of the always-read tensors, by recipe: Unsloth's dynamic (UD) files and
    ik_llama.cpp's own mixes keep them well above the average, MXFP4 files at Q8_0; for plain
    K-quants and BF16 the average is near enough."""
    if quant.startswith("MXFP4"):
        return _MXFP4_ALWAYS_BITS
    mixed = quant.startswith("UD-") or quant.endswith(("_KT", "_KS", "_KL", "_KSS"))
    return max(bits_per_weight, _PROTECTED_BITS) if mixed else bits_per_weight


def rebuild_work(shape: Shape, quant: str, bits_per_weight: float, reading: Reading) -> TokenWork:
    """Bytes and operations of a run: always-read weights at `always_bits`, experts at what is
    left of the file, GPUs sharing the layers equally (llama.cpp's default for equal memory)."""
    always = shape.always_params * always_bits(quant, bits_per_weight) / 8
    total = (shape.always_params + shape.expert_params) * bits_per_weight / 8
    experts = max(0.0, total - always) if shape.expert_params else 0.0
    if quant.startswith("MXFP4"):
        experts = shape.expert_params * bits_per_weight / 8
    in_ram = reading.ram_expert_share
    share = 1 / len(reading.gpus)
    devices = [
        DeviceWork(
            _gpu(name, reading),
            always_bytes=always * share,
            expert_bytes=experts * share * (1 - in_ram),
            always_params=(shape.always_params - shape.output_params) * share,
            expert_params=shape.expert_params * share * (1 - in_ram),
            kv_bytes_per_token=shape.kv_bytes_per_token * reading.kv_share_of_f16 * share,
            attention_flops_per_pair=shape.attention_flops_per_pair * share,
            layers=shape.layers * share,
        )
        for name in reading.gpus
    ]
    if reading.ram_gbs is not None:
        devices.append(
            DeviceWork(
                SpeedDevice("RAM", "cpu", "cpu", reading.ram_gbs * 1e9),
                expert_bytes=experts * in_ram,
                expert_params=shape.expert_params * in_ram,
                split_layers=shape.layers * in_ram,
            )
        )
    return TokenWork(
        tuple(devices),
        shape.expert_count,
        shape.expert_used,
        ubatch_tokens=reading.ubatch_tokens,
        engine=reading.engine,
    )


def _gpu(name: str, reading: Reading) -> SpeedDevice:
    gbs, kind = GPUS[name]
    flops = peak_flops(name)
    if flops is None:
        raise ValueError(f"{name} is not in gpu_compute.csv")
    return SpeedDevice(name, kind, reading.backend, gbs * 1e9, flops)
