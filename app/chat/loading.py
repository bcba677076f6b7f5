"""From a file to a loaded model: plan it for this machine, load it so, keep what it really took."""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.paths import demo_model_path
from app.core.placement import Placement
from app.engine.protocol import LoadProgress, ModelInfo
from app.gguf.read import read_header
from app.hardware.detect import detect
from app.hardware.process import resident_bytes
from app.hardware.types import Machine
from app.planning.measured import (
    Measurement,
    corrections_for,
    driver_of,
    measurements_path,
    record,
)
from app.planning.plan import make_plan
from app.planning.recommend import Wish, best_plan
from app.planning.shape import model_shape
from app.planning.types import Choice, Plan

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """What a load needs of the engine client."""

    def load(
        self,
        path: str,
        placement: Placement,
        on_progress: Callable[[LoadProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> ModelInfo: ...


@dataclass(frozen=True)
class PlannedLoad:
    """plan: None for the demo model, and for files that planning does not understand (the engine
    then says what is wrong with them, or loads them its own way)."""

    path: Path
    placement: Placement
    plan: Plan | None = None
    model: str = ""
    machine: Machine | None = None


@dataclass(frozen=True)
class LoadResult:
    info: ModelInfo
    planned: PlannedLoad
    measurement: Measurement | None = None


class Loader:
    """Blocking; for worker threads. Knows the machine: detected once, then anew for each plan,
    because what is free changes; a recorded machine stays what it is."""

    def __init__(
        self,
        engine: Engine,
        *,
        recorded: Machine | None = None,
        detect_machine: Callable[[], Machine] = detect,
        measurements: Callable[[], Path] = measurements_path,
    ) -> None:
        self._engine = engine
        self._recorded = recorded
        self._detect = detect_machine
        self._measurements = measurements
        self._lock = threading.Lock()

    def machine(self) -> Machine:
        """This machine as it is now, or the recorded one that stands for it."""
        if self._recorded is not None:
            return self._recorded
        with self._lock:
            return self._detect()

    def plan(
        self, path: Path, context_tokens: int = 0, choice: Choice | None = None
    ) -> PlannedLoad:
        """context_tokens: 0 leaves it to the plan. choice: replaces the search for the best context
        memory. Raises KnownError for a choice that the model cannot serve."""
        if path.name == demo_model_path().name:
            # A layer of it takes microseconds: several threads would mostly wait for one another,
            # and for seconds when other programs keep the processor busy.
            return PlannedLoad(path, Placement(threads=1, batch_threads=1))
        plain = PlannedLoad(path, Placement(context_tokens=context_tokens))
        try:
            shape = model_shape(read_header(path))
        except KnownError as error:
            _log.info("no plan for %s: %s", path, error)
            return plain
        machine = self.machine()
        corrections = corrections_for(self._measurements(), shape.name, driver_of(machine))
        if choice is not None:
            plan = make_plan(shape, machine, choice, engine_only=True, corrections=corrections)
        else:
            wish = Wish(context_tokens=context_tokens) if context_tokens else Wish()
            plan = best_plan(shape, machine, wish, engine_only=True, corrections=corrections)
        return PlannedLoad(path, plan.placement, plan, shape.name, machine)

    def load(
        self,
        planned: PlannedLoad,
        on_progress: Callable[[LoadProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> LoadResult:
        """Raises KnownError, Cancelled."""
        before = resident_bytes()
        info = self._engine.load(str(planned.path), planned.placement, on_progress, cancel)
        if planned.plan is None or planned.machine is None:
            return LoadResult(info, planned)
        after = resident_bytes()
        taken = after - before if before is not None and after is not None else None
        measurement = None
        with contextlib.suppress(KnownError):
            measurement = record(
                self._measurements(),
                planned.model,
                driver_of(planned.machine),
                planned.plan,
                info.buffers,
                process_bytes=taken,
                gpu_bytes=self._gpu_growth(planned.machine),
            )
            _log.info("loaded %s: %s", planned.path.name, measurement.text)
        return LoadResult(info, planned, measurement)

    def _gpu_growth(self, before: Machine) -> dict[str, int]:
        """By device name, what the drivers say is used more than at the time of the plan."""
        if self._recorded is not None or not before.usable_gpus:
            return {}
        used = {gpu.uuid: gpu.used_bytes for gpu in before.gpus}
        growth: dict[str, int] = {}
        for gpu in self.machine().gpus:
            earlier = used.get(gpu.uuid)
            if gpu.uuid and earlier is not None and gpu.used_bytes is not None:
                growth |= dict.fromkeys(gpu.engine_devices, gpu.used_bytes - earlier)
        return {name: size for name, size in growth.items() if size > 0}
