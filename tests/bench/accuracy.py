"""How exact plans are: what is planned against what llama.cpp says, over loopback workers.

Writes docs/accuracy.md. A full-size model is simulated by llama.cpp (a sparse twin); a small one is
loaded for real as well.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.placement import Placement
from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from app.planning.assignment import placement
from app.planning.dry_run import simulated
from app.planning.search import Layout, Room, Search
from app.planning.shape import ModelShape, model_shape
from app.planning.types import MIB, Choice, Target
from tests.bench._accuracy_cases import Case, cases
from tests.bench._loads import Report
from tests.bench._workers import Loader, loader, workers
from tests.gguf.glm46 import write_model

_WORKERS = 3
_TERABYTE = 10**12
_DRY_GOAL = (0.05, 64 * MIB)
_ESTIMATE_GOAL = (0.25, 256 * MIB)
# llama.cpp prints sizes in MiB with two digits.
_PRINTED = 0.0051 * MIB
_INTRODUCTION = (
    "Written by `python3 launch.py bench accuracy`. Workers on loopback are GPUs to llama.cpp; "
    "full-size models are simulated by it from their headers, small ones are loaded as well. "
    "Weights and KV cache are compared device by device; the errors of compute buffers are those "
    "of the worst device. Backends of real GPUs add what no worker has: copies of experts while a "
    "prompt is read, converted keys and values, the driver's own memory. Those are estimates until "
    "a load has measured them."
)
_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "accuracy.md"


@dataclass(frozen=True)
class Result:
    """Sizes per device, the CPU last; told is what llama.cpp says."""

    case: Case
    weights_exact: bool
    kv_exact: bool
    estimates: tuple[int, ...]
    dry: tuple[int, ...]
    told: tuple[int, ...]

    @property
    def dry_error(self) -> float:
        return _worst(self.dry, self.told)

    @property
    def estimate_error(self) -> float:
        return _worst(self.estimates, self.told)

    @property
    def met(self) -> bool:
        return (
            self.weights_exact
            and self.kv_exact
            and _within(self.dry, self.told, _DRY_GOAL)
            and _within(self.estimates, self.told, _ESTIMATE_GOAL)
        )


class _Simulation:
    """The answer of a dry run, as `app.planning.dry_run` wants it."""

    def __init__(self, report: Report) -> None:
        self.buffers = report.buffers


def main() -> int:
    """0 when every goal is met."""
    results: list[Result] = []
    with (
        tempfile.TemporaryDirectory() as name,
        workers(_WORKERS) as endpoints,
        loader(endpoints) as over,
    ):
        models = _Models(Path(name))
        for case in cases():
            result = measure(case, *models.get(case), over)
            results.append(result)
            print(_line(result), flush=True)
    summary = _summary(results)
    print("\n".join(summary))
    _DOCUMENT.write_text(_document(results, summary), encoding="utf-8")
    return 0 if all(result.met for result in results) else 1


class _Models:
    """Files and headers, each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[str, str], tuple[Path, ModelHeader]] = {}

    def get(self, case: Case) -> tuple[Path, ModelHeader]:
        key = case.model.name, case.quantization
        if key not in self._made:
            path = write_model(self._folder, case.model, case.quantization)
            self._made[key] = path, read_header(path)
        return self._made[key]


def measure(case: Case, path: Path, header: ModelHeader, over: Loader) -> Result:
    """Plan it, let llama.cpp say what it would do (and do it, where it can), and compare."""
    shape = model_shape(header)
    gpus = tuple(
        Target(f"RPC{number}", "worker", "gpu", _TERABYTE, _TERABYTE)
        for number in range(len(case.shares))
    )
    space = Room(gpus, Target("CPU", "RAM", "cpu", _TERABYTE, _TERABYTE))
    choice = case.choice
    layout = Search(shape, space, choice).layout(case.assignment(shape))
    wanted = placement(shape, gpus, layout.assignment, choice)
    reports: list[Report] = []

    def ask(twin: Path, told: Placement) -> _Simulation:
        reports.append(over.load(twin, told, dry=True))
        return _Simulation(reports[-1])

    dry = simulated(shape, choice, layout, path, ask)
    told = reports[-1]
    kv_exact = _kv_exact(shape, choice, layout, told)
    weights = _weights_told(header, shape, told)
    weights_exact = weights == [use.weights_bytes for use in layout.uses]
    if case.real:
        told = over.load(path, _unmapped(wanted), dry=False)
        weights_exact = weights_exact and _buffers_agree(layout, told, "weights")
        kv_exact = kv_exact and _buffers_agree(layout, told, "kv")
    return Result(
        case,
        weights_exact,
        kv_exact,
        tuple(use.compute_bytes for use in layout.uses),
        tuple(use.compute_bytes for use in dry.uses),
        tuple(_of(told, use.target.name, ("compute", "output")) for use in layout.uses),
    )


def _unmapped(wanted: Placement) -> Placement:
    """Mapped or rearranged weights would be listed as ranges of the file and twice."""
    return replace(wanted, mmap=False, repack=False)


def _weights_told(header: ModelHeader, shape: ModelShape, told: Report) -> list[int]:
    """Per device, from where llama.cpp says that each layer and each overridden tensor goes."""
    sums: dict[str, int] = {}
    for tensor in header.tensors:
        block = tensor.block
        if block is not None and block >= shape.computed_layers:
            continue
        if tensor.name == "token_embd.weight":
            device = "CPU"
        else:
            device = told.layers[len(shape.layers) if block is None else block]
        device = told.overridden.get(tensor.name, device)
        device = "CPU" if device.startswith("CPU") else device
        sums[device] = sums.get(device, 0) + tensor.size_bytes
    return _in_order(sums)


def _in_order(sums: dict[str, int]) -> list[int]:
    gpus = sorted(name for name in sums if name != "CPU")
    return [*(sums[name] for name in gpus), sums.get("CPU", 0)]


def _kv_exact(shape: ModelShape, choice: Choice, layout: Layout, told: Report) -> bool:
    """Each device's share by llama.cpp's own list of layers, and the total that it prints."""
    sums: dict[str, int] = {}
    for block, device in told.kv_layers.items():
        size = told.cells * shape.kv_bytes_per_token(block, choice.kv_type_k, choice.kv_type_v)
        sums[device] = sums.get(device, 0) + size
    planned = {use.target.name: use.kv_bytes for use in layout.uses if use.kv_bytes}
    total = sum(planned.values())
    return sums == planned and abs(total - told.kv_mebibytes * MIB) <= _PRINTED


def _buffers_agree(layout: Layout, told: Report, kind: str) -> bool:
    """What a real load says it has allocated."""
    planned: Callable[[int], int] = lambda index: (  # noqa: E731 - two fields, one rule
        layout.uses[index].weights_bytes if kind == "weights" else layout.uses[index].kv_bytes
    )
    return all(
        abs(planned(index) - _of(told, use.target.name, (kind,))) <= _PRINTED
        for index, use in enumerate(layout.uses)
    )


def _of(told: Report, device: str, kinds: Sequence[str]) -> int:
    return sum(
        use.size_bytes
        for use in told.buffers
        if use.kind in kinds
        and (use.device.startswith("CPU") if device == "CPU" else use.device == device)
    )


def _worst(planned: Sequence[int], told: Sequence[int]) -> float:
    """The largest relative error of a device."""
    return max(abs(p - t) / t if t else math.inf for p, t in zip(planned, told, strict=True))


def _within(planned: Sequence[int], told: Sequence[int], goal: tuple[float, int]) -> bool:
    share, size = goal
    return all(abs(p - t) <= max(share * t, size) for p, t in zip(planned, told, strict=True))


def _line(result: Result) -> str:
    case = result.case
    cells = (
        case.model.name,
        case.quantization,
        f"{case.context:,}",
        case.kv,
        str(case.ubatch),
        "off" if case.flash_attention == "off" else "on",
        case.where,
        "exact" if result.weights_exact else "WRONG",
        "exact" if result.kv_exact else "WRONG",
        " + ".join(f"{size / MIB:.0f}" for size in result.told),
        f"{result.estimate_error:.0%}",
        f"{result.dry_error:.1%}",
        "loaded" if case.real else "simulated",
        "" if result.met else "goal missed",
    )
    return "| " + " | ".join(cells) + " |"


def _summary(results: Sequence[Result]) -> list[str]:
    count = len(results)
    devices = sum(len(result.told) for result in results)
    estimates = sorted(
        abs(e - t) / t
        for result in results
        for e, t in zip(result.estimates, result.told, strict=True)
    )
    real = [result for result in results if result.case.real]
    return [
        f"- {count} combinations, {devices} devices; {len(real)} of them also loaded for real.",
        (
            f"- Weights exact in {sum(r.weights_exact for r in results)} of {count}, KV cache in "
            f"{sum(r.kv_exact for r in results)} of {count}."
        ),
        (
            "- Compute buffers after a dry run within 5% or 64 MiB in "
            f"{sum(_within(r.dry, r.told, _DRY_GOAL) for r in results)} of {count}; worst device "
            f"of a real load {max((r.dry_error for r in real), default=0):.1%}."
        ),
        (
            "- Estimated compute buffers within 25% or 256 MiB in "
            f"{sum(_within(r.estimates, r.told, _ESTIMATE_GOAL) for r in results)} of {count}; "
            f"median error {estimates[len(estimates) // 2]:.1%}, worst {estimates[-1]:.0%}."
        ),
    ]


def _document(results: Sequence[Result], summary: Sequence[str]) -> str:
    head = (
        "model",
        "quantization",
        "context",
        "KV",
        "ubatch",
        "FA",
        "placement (% of layers)",
        "weights",
        "KV cache",
        "compute buffers, MiB (GPUs + CPU)",
        "estimate off by",
        "dry run off by",
        "checked",
        "",
    )
    lines = [
        "# How exact plans are",
        "",
        _INTRODUCTION,
        "",
        *summary,
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *(_line(result) for result in results),
    ]
    return "\n".join(lines) + "\n"
