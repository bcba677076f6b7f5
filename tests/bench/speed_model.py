"""How well the speed model foresees runs it was not fitted on."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from app.planning.speed import generation_seconds, prefill_seconds
from app.planning.speed_calibration import Calibration, CalibrationRun, load_calibration
from app.planning.speed_fit import HeldOut, fit, hold_out, spread
from app.planning.speed_model import SpeedModel

MEDIAN_GOAL, FACTOR_GOAL = 0.20, 2.0


def median_error(ratios: Sequence[float]) -> float:
    return statistics.median(abs(ratio - 1) for ratio in ratios)


def worst_factor(ratios: Sequence[float]) -> float:
    return max(max(ratio, 1 / ratio) for ratio in ratios)


def one_out_ratios(items: Sequence[HeldOut]) -> list[float]:
    return [item.one_out / item.measured for item in items]


def machine_out_ratios(items: Sequence[HeldOut]) -> list[float]:
    return [item.machine_out / item.measured for item in items]


def main() -> int:
    """Prints the tables; 0 whatever they say, the tests hold the numbers."""
    calibration = load_calibration()
    generation, prefill = hold_out(calibration.runs)
    model = fit(calibration.runs)
    _print_runs("Generation, tokens per second", generation, model, _generation_speed)
    _print_runs("Prompt reading, tokens per second", prefill, model, _prefill_speed)
    _print_without_compute(calibration)
    print("\nNot used for prompt reading (generation only):")
    print("  runs with experts in RAM: PCIe link and micro-batch are not given")
    print("\nNot used:")
    for label, reason in calibration.excluded:
        print(f"  {label}\n      {reason}")
    print(f"\nRuns used: {len(calibration.runs)}; published rows left out: ", end="")
    print(len(calibration.excluded))
    return 0


def _generation_speed(run: CalibrationRun, model: SpeedModel) -> float:
    return 1 / generation_seconds(run.work, run.depth_tokens, model)


def _prefill_speed(run: CalibrationRun, model: SpeedModel) -> float:
    return 1 / prefill_seconds(run.work, run.prompt_depth_tokens, model)


def _print_runs(
    title: str,
    items: Sequence[HeldOut],
    model: SpeedModel,
    fitted: Callable[[CalibrationRun, SpeedModel], float],
) -> None:
    print(f"\n{title}: measured, then predicted / measured when fitted on all runs, on all others,")
    print("and on other machines only")
    for item in items:
        ratios = (
            fitted(item.run, model) / item.measured,
            item.one_out / item.measured,
            item.machine_out / item.measured,
        )
        print(f"  {item.measured:8.2f}  " + "  ".join(f"{x:5.2f}" for x in ratios), end="")
        print(f"  {item.run.label}")
    width = spread(items)
    rows = [item for item in items if not item.run.from_note]
    for name, out in (
        ("one run left out", one_out_ratios(items)),
        ("one run left out, values in notes not counted", one_out_ratios(rows)),
        ("one machine left out", machine_out_ratios(items)),
        ("one machine left out, values in notes not counted", machine_out_ratios(rows)),
    ):
        beyond = sum(1 for ratio in out if worst_factor([ratio]) > FACTOR_GOAL)
        inside = sum(1 for ratio in out if abs(math.log(ratio)) <= width)
        print(
            f"  {name}: median error {median_error(out):.1%} (goal {MEDIAN_GOAL:.0%}), "
            f"worst factor {worst_factor(out):.2f}, {beyond} of {len(out)} beyond {FACTOR_GOAL:g}, "
            f"{inside} of {len(out)} inside the 80% range (x/÷ {math.exp(width):.2f})"
        )


def _print_without_compute(calibration: Calibration) -> None:
    """Prompt reading when a card's arithmetic is unknown and follows from its bandwidth."""
    blind = [
        replace(
            run,
            work=replace(
                run.work,
                devices=tuple(
                    replace(part, device=replace(part.device, flops_per_second=None))
                    for part in run.work.devices
                ),
            ),
        )
        for run in calibration.runs
    ]
    ratios = machine_out_ratios(hold_out(blind)[1])
    print(
        "\nPrompt reading with the cards' arithmetic unknown, one machine left out: "
        f"median error {median_error(ratios):.1%}, worst factor {worst_factor(ratios):.2f}"
    )
