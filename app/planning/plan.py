"""The plan of one model on one machine for one choice: placement, memory, verdict, speed."""

from dataclasses import replace

from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import count
from app.hardware.types import Machine
from app.planning.assignment import Assignment, cells_for, placement, units
from app.planning.corrections import NO_CORRECTIONS, Corrections
from app.planning.repack import repacked_bytes
from app.planning.search import Layout, Search
from app.planning.shape import ModelShape
from app.planning.speed import (
    DeviceWork,
    SpeedDevice,
    TokenWork,
    predict_speed,
)
from app.planning.speed_compute import peak_flops
from app.planning.targets import disk_bytes_per_second, room, upload_bytes_per_second
from app.planning.types import Choice, DeviceUse, Plan, Target, Verdict


def make_plan(
    shape: ModelShape,
    machine: Machine,
    choice: Choice,
    *,
    engine_only: bool = False,
    corrections: Corrections = NO_CORRECTIONS,
    gpu_layers: int | None = None,
    cpu_expert_layers: int | None = None,
) -> Plan:
    """The best plan. Raises KnownError for a choice that no machine could serve.

    engine_only: for a load here and now, with what the installed engine can use. gpu_layers,
    cpu_expert_layers: as the person wants them (`Search.fixed`), whether they fit or not.
    """
    check_choice(shape, choice)
    space = room(machine, engine_only=engine_only)
    search = Search(shape, space, choice, corrections)
    return describe(shape, machine, choice, search.fixed(gpu_layers, cpu_expert_layers))


def check_choice(shape: ModelShape, choice: Choice) -> None:
    """Raises KnownError."""
    asked = choice.context_tokens or shape.trained_context
    if asked < 1:
        raise KnownError(
            tr("A context needs at least one token."),
            "",
            tr("Choose a context of 256 tokens or more."),
        )
    if shape.trained_context and asked > shape.trained_context:
        raise KnownError(
            tr(
                "{name} cannot use a context of {asked} tokens.",
                name=shape.name,
                asked=count(asked),
            ),
            tr(
                "It was trained for {trained_context}.",
                trained_context=count(shape.trained_context),
            ),
            tr(
                "Choose a context of at most {trained_context} tokens.",
                trained_context=count(shape.trained_context),
            ),
        )
    if min(choice.batch_tokens, choice.ubatch_tokens) < 1 or (choice.gpu_reserve_bytes or 0) < 0:
        raise KnownError(
            tr("Batches need at least one token, and a reserve cannot be negative."),
            "",
            tr("Choose batches of 512 and 2,048 tokens, the usual ones."),
        )
    quantized = choice.kv_type_v not in ("f16", "bf16", "f32")
    if quantized and choice.flash_attention == "off":
        raise KnownError(
            tr(
                "The context's values cannot be kept as {kv_type_v} here.",
                kv_type_v=choice.kv_type_v,
            ),
            tr("That needs flash attention, which is turned off."),
            tr("Turn flash attention on, or choose f16."),
        )


def describe(shape: ModelShape, machine: Machine, choice: Choice, layout: Layout) -> Plan:
    """A layout with its verdict, its placement for the engine and its speed."""
    uses, space = layout.uses, layout.room
    verdict, absent, missing = _verdict(shape, layout)
    chosen = choice
    if verdict == "disk":
        # Repacked weights are the process's own memory; from disk they have to stay in the file.
        chosen = replace(choice, repack=False)
    speed = None
    if verdict != "does not fit":
        work = token_work(shape, machine, layout, absent, choice)
        speed = predict_speed(work, cells_for(shape, choice))
    devices = _units_on_devices(shape, layout.assignment)
    in_ram = set(layout.assignment.cpu_experts)
    in_ram |= {block for block in shape.expert_layers if devices[block] < 0}
    return Plan(
        verdict=verdict,
        choice=chosen,
        context_tokens=cells_for(shape, choice),
        placement=placement(shape, space.gpus, layout.assignment, chosen),
        devices=(
            *(use for use in uses[:-1] if use.total_bytes),
            _cpu_use(shape, machine, layout, chosen),
        ),
        speed=speed,
        expert_layers_on_cpu=len(in_ram),
        layers_on_cpu=sum(
            layer.always_bytes > 0 and device < 0
            for layer, device in zip(shape.layers, devices, strict=False)
        ),
        missing_bytes=missing,
        missing_in=_missing_in(layout),
        disk_bytes=absent,
        notes=_notes(machine, layout),
    )


def _units_on_devices(shape: ModelShape, assignment: Assignment) -> list[int]:
    return assignment.device_of(units(shape))


def _cpu_use(shape: ModelShape, machine: Machine, layout: Layout, choice: Choice) -> DeviceUse:
    """With what of the weights stays page cache of the file."""
    use = layout.uses[-1]
    own = 0
    if choice.repack:
        backends = {other.target.backend for other in layout.uses[:-1] if other.total_bytes}
        sets = machine.cpu.instruction_sets
        own = repacked_bytes(shape, layout.assignment, sets, backends)
    return replace(use, mapped_bytes=max(0, use.weights_bytes - own))


def _missing_in(layout: Layout) -> str:
    short = [use.target.label for use in layout.uses[:-1] if use.missing_bytes]
    if short:
        return f"memory of {', '.join(dict.fromkeys(short))}"
    return "unified memory" if layout.room.unified else "RAM"


def _verdict(shape: ModelShape, layout: Layout) -> tuple[Verdict, int, int]:
    """The verdict, bytes of weights that stay on disk, bytes of memory that are missing."""
    on_cards = sum(use.missing_bytes for use in layout.uses[:-1])
    if on_cards:
        return "does not fit", 0, on_cards
    cpu = layout.uses[-1]
    missing = layout.cpu_missing_bytes
    if missing:
        own = cpu.total_bytes - cpu.weights_bytes
        if own > layout.cpu_capacity_bytes:
            return "does not fit", 0, missing
        return "disk", min(missing, cpu.weights_bytes), missing
    on_gpus = sum(layout.assignment.counts)
    if not on_gpus:
        return "cpu", 0, 0
    if on_gpus < units(shape):
        return "layers in RAM", 0, 0
    return ("experts in RAM" if layout.assignment.cpu_experts else "gpu"), 0, 0


def token_work(
    shape: ModelShape, machine: Machine, layout: Layout, absent_bytes: int, choice: Choice
) -> TokenWork:
    """What the speed model needs, exact from the layout."""
    devices = layout.assignment.device_of(units(shape))
    works: list[DeviceWork] = []
    for index, use in enumerate(layout.uses):
        last = index == len(layout.uses) - 1
        if use.total_bytes:
            works.append(
                _device_work(shape, layout, devices, -1 if last else index, use.target, choice)
            )
    cpu = works[-1]
    works[-1] = replace(cpu, absent_bytes=min(absent_bytes, cpu.always_bytes + cpu.expert_bytes))
    return TokenWork(
        tuple(works),
        expert_count=shape.expert_count if shape.mixture_of_experts else 0,
        expert_used=shape.expert_used if shape.mixture_of_experts else 0,
        ubatch_tokens=choice.ubatch_tokens,
        upload_bytes_per_second=upload_bytes_per_second(machine) if len(works) > 1 else None,
        disk_bytes_per_second=disk_bytes_per_second(machine),
    )


def _device_work(
    shape: ModelShape,
    layout: Layout,
    devices: list[int],
    device: int,
    target: Target,
    choice: Choice,
) -> DeviceWork:
    own = [block for block, where in enumerate(devices[:-1]) if where == device]
    kept = layout.assignment.cpu_experts
    experts = [block for block in own if block not in kept] if device >= 0 else [*own, *kept]
    experts = sorted(set(experts))
    output = shape.output_bytes if devices[-1] == device else 0
    computed = [block for block in own if shape.layers[block].always_bytes]
    input_row = shape.input_row_bytes if device < 0 else 0
    return DeviceWork(
        SpeedDevice(
            target.label,
            target.kind,
            target.backend,
            target.bandwidth_bytes_per_second,
            peak_flops(target.label) if target.kind != "cpu" else None,
        ),
        always_bytes=sum(shape.layers[block].always_bytes for block in own) + output + input_row,
        expert_bytes=sum(shape.layers[block].expert_bytes for block in experts),
        always_params=sum(shape.layers[block].always_elements for block in own),
        expert_params=sum(shape.layers[block].expert_elements for block in experts),
        kv_bytes_per_token=sum(
            shape.kv_bytes_per_token(block, choice.kv_type_k, choice.kv_type_v) for block in own
        ),
        attention_flops_per_pair=4 * shape.heads * shape.head_length * len(computed),
        layers=len(computed),
        split_layers=len(kept) if device < 0 else 0,
    )


def _notes(machine: Machine, layout: Layout) -> tuple[str, ...]:
    notes: list[str] = []
    usable = {name for gpu in machine.usable_gpus for name in gpu.engine_devices}
    foreign = [
        use.target.label
        for use in layout.uses[:-1]
        if use.total_bytes and use.target.name not in usable
    ]
    if foreign and machine.engine.status == "ok":
        notes.append(
            tr(
                "The installed engine cannot use {names} yet; see `glm-launcher hardware` for "
                "the remedy.",
                names=", ".join(sorted(set(foreign))),
            )
        )
    return tuple(notes)
