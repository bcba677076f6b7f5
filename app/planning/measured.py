"""What loads really took, kept beside what was predicted, to correct later plans.

One JSON file in the person's data folder. Compute buffers are corrected by a factor, since they
grow with context and batch; a device's own overhead by what was measured last on that driver.
"""

import contextlib
import json
import logging
import os
import statistics
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core.language import tr
from app.core.paths import data_dir
from app.core.units import gigabytes
from app.hardware.types import Machine
from app.planning.corrections import Corrections
from app.planning.dry_run import Buffer
from app.planning.types import GIB, DeviceUse, Plan, TargetKind

MAX_ENTRIES = 400
_MAX_PER_SUBJECT = 12
_MAX_FILE_BYTES = 4_000_000
_VERSION = 1
# Beyond these a measurement says that something else happened meanwhile.
_FACTORS = (0.5, 3.0)
_MAX_OVERHEAD_BYTES = 8 * GIB

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeviceMeasurement:
    """One device of a load. name: ggml's; kind: of memory. taken_bytes: what the driver (GPU) or
    the system (the process, for RAM) says the load took in all; None when nobody could say.

    predicted_compute_bytes is None where the prediction was not an estimate of ours.
    """

    name: str
    kind: TargetKind
    predicted_bytes: int
    buffer_bytes: int
    compute_bytes: int
    predicted_compute_bytes: int | None
    overhead_bytes: int
    taken_bytes: int | None = None

    @property
    def measured_bytes(self) -> int:
        """In all; the predicted overhead stands in where it was not measured."""
        if self.taken_bytes is not None:
            return self.taken_bytes
        return self.buffer_bytes + self.overhead_bytes

    @property
    def text(self) -> str:
        return _compared(self.predicted_bytes, self.measured_bytes)


@dataclass(frozen=True)
class Measurement:
    """One load. model: its name in the file; driver: see `driver_of`. measured_at: UTC."""

    model: str
    driver: str
    context_tokens: int
    kv_type: str
    ubatch_tokens: int
    verdict: str
    devices: tuple[DeviceMeasurement, ...]
    measured_at: str

    @property
    def text(self) -> str:
        """`predicted 21.4 / measured 21.6 GB` over all devices."""
        predicted = sum(device.predicted_bytes for device in self.devices)
        measured = sum(device.measured_bytes for device in self.devices)
        return _compared(predicted, measured)


def _compared(predicted: int, measured: int) -> str:
    return tr(
        "predicted {predicted} / measured {measured}",
        predicted=_figure(predicted),
        measured=_size(measured),
    )


def measurements_path() -> Path:
    return data_dir() / "measurements.json"


def driver_of(machine: Machine) -> str:
    """What overheads and compute buffers depend on beside the model."""
    parts = [machine.platform.system]
    if machine.nvidia.driver_version:
        parts.append(f"NVIDIA {machine.nvidia.driver_version}")
    parts += sorted({device.backend for device in machine.engine.devices if device.backend})
    return ", ".join(parts)


def record(
    path: Path,
    model: str,
    driver: str,
    plan: Plan,
    buffers: Iterable[Buffer],
    *,
    process_bytes: int | None = None,
    gpu_bytes: Mapping[str, int] | None = None,
    now: datetime | None = None,
) -> Measurement:
    """Store what a load took beside its plan, and give it back for display.

    buffers: llama.cpp's own figures, by device. process_bytes: memory of this process that the load
    added. gpu_bytes: by device name, what the driver says the load added.
    A disk that refuses costs only the saving.
    """
    listed = list(buffers)
    names = {use.target.name for use in plan.devices if use.target.kind != "cpu"}
    measured = Measurement(
        model,
        driver,
        plan.context_tokens,
        f"{plan.choice.kv_type_k}/{plan.choice.kv_type_v}",
        plan.choice.ubatch_tokens,
        plan.verdict,
        tuple(_device(use, listed, names, process_bytes, gpu_bytes or {}) for use in plan.devices),
        (now or datetime.now(UTC)).isoformat(timespec="seconds"),
    )
    try:
        _save(path, _bounded([*load_measurements(path), measured]))
    except OSError as error:
        _log.warning("measurement not stored: %s", error)
    return measured


def load_measurements(path: Path) -> tuple[Measurement, ...]:
    """Oldest first. A file that cannot be understood is set aside, and there are none then."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise ValueError("too large")
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["version"] != _VERSION:
            raise ValueError(f"version {value['version']}")
        return tuple(_read(entry) for entry in value["loads"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.warning("stored measurements are unreadable and set aside: %r", error)
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".broken.json"))
        return ()
    except OSError as error:
        _log.warning("stored measurements cannot be read: %s", error)
        return ()


def last_measurement(path: Path, model: str, driver: str) -> Measurement | None:
    """Of this model on this driver."""
    own = (m for m in load_measurements(path) if (m.model, m.driver) == (model, driver))
    return max(own, key=lambda entry: entry.measured_at, default=None)


def corrections_for(path: Path, model: str, driver: str) -> Corrections:
    """From the loads of this model on this driver; overheads from any model's."""
    loads = [entry for entry in load_measurements(path) if entry.driver == driver]
    own = [entry for entry in loads if entry.model == model]
    ratios: dict[TargetKind, list[float]] = {}
    for device in (device for entry in own for device in entry.devices):
        if device.predicted_compute_bytes:
            ratio = device.compute_bytes / device.predicted_compute_bytes
            if _FACTORS[0] <= ratio <= _FACTORS[1]:
                ratios.setdefault(device.kind, []).append(ratio)
    overheads: dict[str, list[int]] = {}
    for device in (device for entry in loads for device in entry.devices):
        if device.taken_bytes is not None and device.kind != "cpu":
            extra = device.taken_bytes - device.buffer_bytes
            if 0 <= extra <= _MAX_OVERHEAD_BYTES:
                overheads.setdefault(device.name, []).append(extra)
    return Corrections(
        {kind: statistics.median(values) for kind, values in ratios.items()},
        {name: round(statistics.median(values[-3:])) for name, values in overheads.items()},
        len(own),
    )


def _device(
    use: DeviceUse,
    buffers: Sequence[Buffer],
    gpus: set[str],
    process_bytes: int | None,
    gpu_bytes: Mapping[str, int],
) -> DeviceMeasurement:
    name, kind = use.target.name, use.target.kind
    on_cpu = kind == "cpu"
    own = [
        b for b in buffers if (_device_name(b) not in gpus if on_cpu else _device_name(b) == name)
    ]
    compute = sum(b.size_bytes for b in own if b.kind in ("compute", "output"))
    weights = sum(b.size_bytes for b in own if b.kind == "weights")
    if on_cpu:
        # A mapped buffer is the whole range of the file, rearranged weights are listed twice.
        weights = min(weights, use.weights_bytes)
    kv = sum(b.size_bytes for b in own if b.kind == "kv")
    taken = process_bytes if on_cpu else gpu_bytes.get(name)
    estimated = use.compute_source in ("estimate", "measured")
    return DeviceMeasurement(
        name,
        kind,
        use.total_bytes,
        weights + kv + compute,
        compute,
        use.estimated_compute_bytes if estimated else None,
        use.overhead_bytes,
        # Less than before says only that something else was given back meanwhile.
        taken if taken is not None and taken > 0 else None,
    )


def _device_name(buffer: Buffer) -> str:
    """`RPC0[10.0.0.2:50052]` is the memory of RPC0."""
    return buffer.device.partition("[")[0]


def _bounded(loads: Sequence[Measurement]) -> list[Measurement]:
    """The latest few of each model and driver, and not too many in all."""
    kept: list[Measurement] = []
    counts: dict[tuple[str, str], int] = {}
    for entry in reversed(loads):
        subject = entry.model, entry.driver
        counts[subject] = counts.get(subject, 0) + 1
        if counts[subject] <= _MAX_PER_SUBJECT and len(kept) < MAX_ENTRIES:
            kept.append(entry)
    return kept[::-1]


def _save(path: Path, loads: Sequence[Measurement]) -> None:
    """Atomically. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    value = {"version": _VERSION, "loads": [asdict(entry) for entry in loads]}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".measurements-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _read(value: Mapping[str, Any]) -> Measurement:
    """Raises ValueError, KeyError or TypeError for what `_save` has not written."""
    devices = tuple(_checked(DeviceMeasurement(**device)) for device in value["devices"])
    entry = Measurement(**{**value, "devices": devices})
    if not all(isinstance(text, str) for text in (entry.model, entry.driver, entry.measured_at)):
        raise ValueError("not text")
    return replace(entry, devices=devices)


def _checked(device: DeviceMeasurement) -> DeviceMeasurement:
    sizes = (
        device.predicted_bytes,
        device.buffer_bytes,
        device.compute_bytes,
        device.overhead_bytes,
    )
    optional = (device.predicted_compute_bytes, device.taken_bytes)
    known = [size for size in (*sizes, *optional) if size is not None]
    if None in sizes or not all(type(size) is int and size >= 0 for size in known):
        raise ValueError("not a size")
    if device.kind not in ("gpu", "unified", "cpu") or not isinstance(device.name, str):
        raise ValueError("not a device")
    return device


def _size(size_bytes: int) -> str:
    return gigabytes(size_bytes)


def _figure(size_bytes: int) -> str:
    """Without the unit, which is said once."""
    text, _, unit = gigabytes(size_bytes).partition(" ")
    return text if unit == "GB" else f"{text} {unit}"
