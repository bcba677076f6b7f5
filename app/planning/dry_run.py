"""Asks llama.cpp what a plan's compute buffers take, with a sparse twin of the model.

The twin has the model's real header and size and takes a few megabytes of disk; it is gone
afterwards. Who asks is passed in (the engine's child process), so nothing here knows the engine.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement
from app.gguf.types import ModelHeader
from app.gguf.write import write_sparse_twin
from app.hardware.types import Machine
from app.planning.assignment import placement
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.plan import check_choice, describe
from app.planning.search import Layout, Room, Search
from app.planning.shape import ModelShape, model_shape
from app.planning.targets import room
from app.planning.types import Choice, DeviceUse, Plan

_TWIN = "twin.gguf"
# An estimate that was too small makes the plan give way by what was missing; this often at most.
_ROUNDS = 4


class Buffer(Protocol):
    """One buffer of a simulated load; `app.engine.protocol.BufferUse` is one."""

    @property
    def device(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...


class Simulation(Protocol):
    """What the simulated load says; `app.engine.dryrun.DryRun` is one."""

    @property
    def buffers(self) -> Sequence[Buffer]: ...


# Raises KnownError when the engine refuses the file or the placement.
Ask = Callable[[Path, Placement], Simulation]


@contextmanager
def sparse_twin(header: ModelHeader, folder: Path | None = None) -> Iterator[Path]:
    """A file that llama.cpp plans like the model; in a folder of its own, removed afterwards.

    folder: where to make it, the system's temporary folder by default. Raises KnownError when it
    cannot be written or llama.cpp could not load such a model.
    """
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix="glm-launcher-", dir=folder)
    except OSError as error:
        raise KnownError(
            tr("The trial load of this model could not be prepared."),
            tr("No folder could be made for it: {strerror}.", strerror=error.strerror or error),
            tr("Make some room on this disk."),
            repr(error),
        ) from error
    with made as name:
        path = Path(name) / _TWIN
        write_sparse_twin(header, path)
        yield path


def plan_by_dry_run(
    header: ModelHeader,
    machine: Machine,
    choice: Choice,
    ask: Ask,
    *,
    folder: Path | None = None,
    corrections: Corrections = NO_CORRECTIONS,
) -> Plan:
    """The best plan for the machine that `ask` runs on, its compute buffers as llama.cpp simulates
    them. Takes a second or so for each question. Raises KnownError, and what `ask` raises."""
    shape = model_shape(header, load_mtp=choice.load_mtp)
    check_choice(shape, choice)
    space = room(machine, engine_only=True)
    with sparse_twin(header, folder) as twin:
        layout = settle(shape, space, choice, twin, ask, corrections)
    return describe(shape, machine, choice, layout)


def settle(
    shape: ModelShape,
    space: Room,
    choice: Choice,
    twin: Path,
    ask: Ask,
    corrections: Corrections = NO_CORRECTIONS,
) -> Layout:
    """Search, ask, and search again in less room as long as a GPU turns out to be too small."""
    tight = space
    for _ in range(_ROUNDS):
        layout = Search(shape, tight, choice, corrections).best()
        told = _in_room(simulated(shape, choice, layout, twin, ask), space)
        if told.gpus_fit:
            break
        tight = _tightened(tight, told)
    return told


def _in_room(layout: Layout, space: Room) -> Layout:
    """Measured by the room that there is, not by the smaller one that was searched."""
    targets = (*space.gpus, space.cpu)
    uses = tuple(
        replace(use, target=replace(use.target, reserve_bytes=target.reserve_bytes))
        for use, target in zip(layout.uses, targets, strict=True)
    )
    return replace(layout, room=space, uses=uses)


def simulated(shape: ModelShape, choice: Choice, layout: Layout, twin: Path, ask: Ask) -> Layout:
    """The layout with llama.cpp's own compute buffers."""
    wanted = placement(shape, layout.room.gpus, layout.assignment, choice)
    buffers = ask(twin, wanted).buffers
    names = {gpu.name for gpu in layout.room.gpus}
    *gpus, cpu = layout.uses
    told = [_told(use, [b for b in buffers if b.device == use.target.name]) for use in gpus]
    host = [buffer for buffer in buffers if buffer.device not in names]
    return replace(layout, uses=(*told, _told(cpu, host)))


def _told(use: DeviceUse, buffers: Sequence[Buffer]) -> DeviceUse:
    if not use.total_bytes:
        return use
    size = sum(buffer.size_bytes for buffer in buffers if buffer.kind in ("compute", "output"))
    return replace(use, compute_bytes=size, compute_source="dry run")


def _tightened(space: Room, told: Layout) -> Room:
    """Each GPU smaller by what it lacked."""
    gpus = tuple(
        replace(gpu, reserve_bytes=gpu.reserve_bytes + use.missing_bytes)
        for gpu, use in zip(space.gpus, told.uses[:-1], strict=True)
    )
    return replace(space, gpus=gpus)
