"""Fits the speed model's constants: `python -m app.planning.speed_fit` writes them.

Logarithms of the constants are found by damped least squares on logarithms of speeds: errors are
ratios, so a slow machine counts as much as a fast one. Huber's weights keep one odd run from
deciding, and a prior with a physical centre keeps a constant that few runs speak about sensible.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.planning.speed import generation_seconds, prefill_seconds
from app.planning.speed_calibration import CalibrationRun, load_calibration
from app.planning.speed_model import SpeedModel, speed_model_path, store_speed_model

Vector = NDArray[np.float64]

# Constant -> centre and standard deviation of its logarithm.
_GENERATION_PRIOR = {
    "gpu_efficiency": (0.8, 0.2),
    # A dense model read 85 GB/s from dual-channel DDR5 (an excluded run: its RAM is not stated),
    # at least 0.83 of what any such memory has.
    "cpu_efficiency": (0.8, 0.1),
    "kv_efficiency": (0.5, 0.5),
    "moe_layer_seconds": (120e-6, 0.7),
    "dense_layer_seconds": (30e-6, 1.0),
    "split_seconds": (200e-6, 0.7),
    # Half of CPU-only speed was reported for a 40-layer MoE of 3B active parameters whose experts
    # were split this way on an integrated GPU (ggml-org/llama.cpp#26876): about 30 ms in all.
    "vulkan_split_seconds": (800e-6, 0.7),
    "ik_overhead": (0.8, 0.3),
}
_PREFILL_PRIOR = {
    "cuda_matmul_efficiency": (2.0, 0.3),
    "matmul_efficiency": (0.6, 0.3),
    "moe_matmul_efficiency": (0.6, 0.4),
    "attention_efficiency": (0.5, 0.5),
    "ik_prefill": (1.3, 0.25),
}
# Expected scatter of a run around a perfect model, as a logarithm, and Huber's threshold.
_GENERATION_SCATTER, _PREFILL_SCATTER, _HUBER = 0.2, 0.3, 1.345
_COVERAGE = 0.8


@dataclass(frozen=True)
class HeldOut:
    """One run against predictions by models that never saw it; tokens per second.

    one_out: fitted without this run. machine_out: without any run on this machine.
    """

    run: CalibrationRun
    measured: float
    one_out: float
    machine_out: float


def fit(runs: Sequence[CalibrationRun], start: SpeedModel | None = None) -> SpeedModel:
    """The constants; both spreads are left at 1, `fit_with_spread` finds them.

    start: where the search begins; it saves time and does not change where it ends.
    """
    if start is None:
        priors = {**_GENERATION_PRIOR, **_PREFILL_PRIOR}
        centres = {name: centre for name, (centre, _) in priors.items()}
        start = SpeedModel(**centres, generation_spread=1.0, prefill_spread=1.0)

    def generation(model: SpeedModel) -> Vector:
        return np.array([_generation_error(run, model) for run in runs if run.generation])

    def prefill(model: SpeedModel) -> Vector:
        return np.array([_prefill_error(run, model) for run in runs if run.prefill])

    model = _solve(start, _GENERATION_PRIOR, generation, _GENERATION_SCATTER)
    return _solve(model, _PREFILL_PRIOR, prefill, _PREFILL_SCATTER)


def hold_out(runs: Sequence[CalibrationRun]) -> tuple[tuple[HeldOut, ...], tuple[HeldOut, ...]]:
    """Every run predicted without it, and without its machine: generation, prompt reading."""
    start = fit(runs)
    without_machine = {
        machine: fit([run for run in runs if run.machine != machine], start)
        for machine in sorted({run.machine for run in runs})
    }
    generation, prefill = [], []
    for index, run in enumerate(runs):
        one = fit([*runs[:index], *runs[index + 1 :]], start)
        other = without_machine[run.machine]
        if run.generation:
            seconds = [generation_seconds(run.work, run.depth_tokens, m) for m in (one, other)]
            generation.append(HeldOut(run, run.generation, 1 / seconds[0], 1 / seconds[1]))
        if run.prefill:
            seconds = [prefill_seconds(run.work, run.prompt_depth_tokens, m) for m in (one, other)]
            prefill.append(HeldOut(run, run.prefill, 1 / seconds[0], 1 / seconds[1]))
    return tuple(generation), tuple(prefill)


def spread(held_out: Iterable[HeldOut]) -> float:
    """Half the width, in logarithms, that holds 80% of the runs on machines not fitted on.

    The order statistic of split conformal prediction: a little wider than the plain quantile.
    """
    errors = sorted(abs(float(np.log(item.machine_out / item.measured))) for item in held_out)
    rank = int(np.ceil((len(errors) + 1) * _COVERAGE))
    return errors[min(rank, len(errors)) - 1]


def fit_with_spread(runs: Sequence[CalibrationRun]) -> SpeedModel:
    generation, prefill = hold_out(runs)
    return replace(fit(runs), generation_spread=spread(generation), prefill_spread=spread(prefill))


def _generation_error(run: CalibrationRun, model: SpeedModel) -> float:
    assert run.generation is not None  # noqa: S101 - callers choose such runs
    return float(np.log(run.generation * generation_seconds(run.work, run.depth_tokens, model)))


def _prefill_error(run: CalibrationRun, model: SpeedModel) -> float:
    assert run.prefill is not None  # noqa: S101 - callers choose such runs
    return float(np.log(run.prefill * prefill_seconds(run.work, run.prompt_depth_tokens, model)))


def _solve(
    model: SpeedModel,
    prior: dict[str, tuple[float, float]],
    errors: Callable[[SpeedModel], Vector],
    scatter: float,
) -> SpeedModel:
    """Gauss-Newton with iterated weights; a step is at most a factor of e^0.5."""
    names = list(prior)
    centre = np.log([prior[name][0] for name in names])
    precision = 1 / np.square([prior[name][1] for name in names])
    theta = np.log([getattr(model, name) for name in names])

    def at(point: Vector) -> Vector:
        values = {name: float(np.exp(value)) for name, value in zip(names, point, strict=True)}
        return errors(replace(model, **values)) / scatter

    for _ in range(200):
        residual = at(theta)
        steps = 1e-6 * np.eye(len(theta))
        jacobian = np.stack([(at(theta + step) - residual) / 1e-6 for step in steps], axis=1)
        weight = np.minimum(1, _HUBER / np.maximum(np.abs(residual), 1e-12))
        hessian = jacobian.T @ (weight[:, None] * jacobian) + np.diag(precision)
        gradient = jacobian.T @ (weight * residual) + precision * (theta - centre)
        step = np.clip(-np.linalg.solve(hessian, gradient), -0.5, 0.5)
        theta = theta + step
        if np.abs(step).max() < 1e-7:
            break
    fitted = {name: float(np.exp(value)) for name, value in zip(names, theta, strict=True)}
    return replace(model, **fitted)


def main() -> int:
    store_speed_model(fit_with_spread(load_calibration().runs), speed_model_path())
    print(f"Written: {speed_model_path()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
