"""From a file to a loaded model: plan it for this machine, load it so, keep what it really took."""

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from app.planning.assignment import units
from app.planning.measured import (
    Measurement,
    corrections_for,
    driver_of,
    last_measurement,
    measurements_path,
    record,
)
from app.planning.plan import make_plan
from app.planning.recommend import Wish, best_plan
from app.planning.shape import ModelShape, model_shape
from app.planning.targets import room
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
class Wanted:
    """What a person wants of a load. gpu_layers counts as llama.cpp does (the output is one more),
    cpu_expert_layers those whose experts stay in RAM; None leaves the number to the plan."""

    choice: Choice
    gpu_layers: int | None = None
    cpu_expert_layers: int | None = None


@dataclass(frozen=True)
class PlannedLoad:
    """plan: None for the demo model, and for files that planning does not understand (the engine
    then says what is wrong with them, or loads them its own way). wanted: what it was planned for,
    None when the search chose. last: what the last load of this model here took."""

    path: Path
    placement: Placement
    plan: Plan | None = None
    model: str = ""
    machine: Machine | None = None
    shape: ModelShape | None = None
    wanted: Wanted | None = None
    last: Measurement | None = None

    @property
    def most_gpu_layers(self) -> int:
        """What gpu_layers can be; 0 when the engine has no GPU here."""
        if self.shape is None or self.machine is None:
            return 0
        return units(self.shape) if room(self.machine, engine_only=True).gpus else 0

    @property
    def most_cpu_expert_layers(self) -> int:
        return len(self.shape.expert_layers) if self.shape and self.most_gpu_layers else 0


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
        threads: Callable[[], int] = lambda: 0,
    ) -> None:
        """threads: how many compute on the processor, 0 for one on each physical core."""
        self._engine = engine
        self._recorded = recorded
        self._detect = detect_machine
        self._measurements = measurements
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: Plan | None = None
        self._result: LoadResult | None = None

    @property
    def loaded(self) -> LoadResult | None:
        """What the engine has now; None for nothing. From any thread."""
        return self._result

    @property
    def recorded(self) -> bool:
        """The machine is a recorded one, not this one."""
        return self._recorded is not None

    def machine(self) -> Machine:
        """This machine as it is now, or the recorded one that stands for it."""
        if self._recorded is not None:
            return self._recorded
        with self._lock:
            return self._detect()

    def machine_for_next_load(self) -> Machine:
        """As free as it will be when the model that is open has made room."""
        return self._machine_without_ours()

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
        machine = self._machine_without_ours()
        subject = self._measurements(), shape.name, driver_of(machine)
        corrections = corrections_for(*subject)
        if choice is not None:
            plan = make_plan(shape, machine, choice, engine_only=True, corrections=corrections)
        else:
            wish = Wish(context_tokens=context_tokens) if context_tokens else Wish()
            plan = best_plan(shape, machine, wish, engine_only=True, corrections=corrections)
        wanted = Wanted(choice) if choice is not None else None
        last = last_measurement(*subject)
        return PlannedLoad(path, plan.placement, plan, shape.name, machine, shape, wanted, last)

    def adjusted(self, planned: PlannedLoad, wanted: Wanted) -> PlannedLoad:
        """The same file on the same machine, as the person wants it, whether it fits or not.

        Only for what has a plan. Raises KnownError for a choice that the model cannot serve."""
        shape, machine = planned.shape, planned.machine
        if shape is None or machine is None:
            raise ValueError("there is no plan to adjust")
        plan = make_plan(
            shape,
            machine,
            wanted.choice,
            engine_only=True,
            corrections=corrections_for(self._measurements(), shape.name, driver_of(machine)),
            gpu_layers=wanted.gpu_layers,
            cpu_expert_layers=wanted.cpu_expert_layers,
        )
        return replace(planned, placement=plan.placement, plan=plan, wanted=wanted)

    def unloaded(self) -> None:
        """To be told that the engine gave the model up."""
        self._loaded = self._result = None

    def load(
        self,
        planned: PlannedLoad,
        on_progress: Callable[[LoadProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> LoadResult:
        """Raises KnownError, Cancelled."""
        # With a model to replace, what the process grows by says nothing about the new one.
        before = resident_bytes() if self._loaded is None else None
        noted = None if on_progress is None else self._noting(on_progress)
        placement = self._with_threads(planned.placement)
        info = self._engine.load(str(planned.path), placement, noted, cancel)
        self._loaded = planned.plan
        self._result = LoadResult(info, planned)
        if planned.plan is None or planned.machine is None:
            return self._result
        after = resident_bytes()
        taken = max(0, after - before) if before is not None and after is not None else None
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
        self._result = LoadResult(info, planned, measurement)
        return self._result

    def _with_threads(self, placement: Placement) -> Placement:
        wanted = self._threads()
        if not wanted or placement.threads is not None:
            return placement
        return replace(placement, threads=wanted, batch_threads=wanted)

    def _noting(self, tell: Callable[[LoadProgress], None]) -> Callable[[LoadProgress], None]:
        def note(event: LoadProgress) -> None:
            if event.stage != "checking":
                # The model before is gone, whatever comes of this one.
                self._loaded = self._result = None
            tell(event)

        return note

    def _machine_without_ours(self) -> Machine:
        """As free as it will be when the model that is open has made room for the next one."""
        machine, loaded = self.machine(), self._loaded
        if loaded is None or self._recorded is not None:
            return machine
        return without_load(machine, loaded)

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


def without_load(machine: Machine, plan: Plan) -> Machine:
    """The machine as it will be when this load has been undone. Pages of the file that the system
    may drop are free already."""
    own: dict[str, int] = {}
    ram = 0
    for use in plan.devices:
        if use.target.kind == "gpu":
            own[use.target.name] = use.total_bytes
        else:
            ram += use.total_bytes - use.mapped_bytes
    gpus = tuple(
        replace(
            gpu,
            free_bytes=_freed(gpu.free_bytes, gpu.total_bytes, size),
            used_bytes=None if gpu.used_bytes is None else max(0, gpu.used_bytes - size),
        )
        if (size := sum(own.get(name, 0) for name in gpu.engine_devices)) and not gpu.mig_enabled
        else gpu
        for gpu in machine.gpus
    )
    memory = machine.memory
    available = _freed(memory.available_bytes, memory.total_bytes, ram)
    limit = memory.limit
    if limit is not None and limit.used_bytes is not None:
        limit = replace(limit, used_bytes=max(0, limit.used_bytes - ram))
    return replace(
        machine, gpus=gpus, memory=replace(memory, available_bytes=available, limit=limit)
    )


def _freed(free: int | None, total: int | None, size: int) -> int | None:
    if free is None:
        return None
    return free + size if total is None else min(total, free + size)
