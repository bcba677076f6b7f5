"""How fast plans are made: every quantization of GLM-4.6, and the search for a recommendation."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.gguf.cache import HeaderCache
from app.gguf.read import read_header
from app.hardware.recorded import load_machine, shipped_machines
from app.planning.offers import sibling_candidates
from app.planning.plan import make_plan
from app.planning.recommend import Candidate, recommend
from app.planning.shape import model_shape
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_46, write_model
from tests.gguf.recipes import RECIPES

_QUANTIZATIONS = list(RECIPES)[:27]
_PLAN_GOAL_MS = 300
_SEARCH_GOAL_MS = 2000


def main() -> int:
    """0 when the goals are met. Processor time of one thread, the best of a few rounds."""
    with tempfile.TemporaryDirectory() as name:
        cache = _filled(Path(name))
        machines = {path.stem: load_machine(path) for path in shipped_machines()}
        worst_plan = 0.0
        for stem in ("eight-h100", "rtx4090-192gb", "two-3090-one-1080", "no-gpu"):
            machine = machines[stem]

            def plan_all() -> None:
                for key in _QUANTIZATIONS:
                    header = cache.get(key)
                    if header is not None:
                        make_plan(model_shape(header), machine, Choice())  # noqa: B023 - called here

            taken = _best_ms(plan_all)
            worst_plan = max(worst_plan, taken)
            print(f"27 quantizations on {stem}: {taken:.0f} ms (goal {_PLAN_GOAL_MS})")
        candidates = [_candidate(cache, key) for key in _QUANTIZATIONS]
        siblings = sibling_candidates()
        worst = 0.0
        for stem, machine in machines.items():
            taken = _best_ms(lambda: recommend(candidates, siblings, machine), 3)  # noqa: B023
            worst = max(worst, taken)
            goal = f" (goal {_SEARCH_GOAL_MS})" if stem == "eight-h100" else ""
            print(f"joint search on {stem}: {taken:.0f} ms{goal}")
        print(f"worst joint search: {worst:.0f} ms")
    return 0 if worst_plan <= _PLAN_GOAL_MS and worst <= _SEARCH_GOAL_MS else 1


def _filled(folder: Path) -> HeaderCache:
    cache = HeaderCache(folder / "cache")
    for quantization in _QUANTIZATIONS:
        path = write_model(folder, GLM_46, quantization)
        cache.put([quantization], read_header(path))
        path.unlink()
    return cache


def _candidate(cache: HeaderCache, quantization: str) -> Candidate:
    header = cache.get(quantization)
    if header is None or not header.bits_per_weight:
        raise RuntimeError("the cache lost a header")
    shape = model_shape(header)
    return Candidate("GLM-4.6", quantization, shape, header.bits_per_weight, header.size_bytes)


def _best_ms(work: Callable[[], object], rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times) * 1000
