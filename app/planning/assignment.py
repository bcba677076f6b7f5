"""Which layer goes where, by llama.cpp's own rules, and what that takes on each target."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.placement import FlashAttention, Placement, TensorOverride
from app.planning.shape import ModelShape, padded_cells
from app.planning.types import Choice, Target


@dataclass(frozen=True)
class Assignment:
    """counts: how many units each GPU target takes, in the targets' order. A unit is a block of
    the file (MTP ones too) or, last of all, the output; those not counted stay on the CPU, and
    they are the first ones. cpu_experts: blocks whose routed experts stay in RAM all the same.

    Rule: llama_model::load_tensors; `i_gpu_start` is the first unit on a GPU.
    """

    counts: tuple[int, ...]
    cpu_experts: frozenset[int] = frozenset()

    def device_of(self, units: int) -> list[int]:
        """For each unit the index of its GPU target, -1 for the CPU."""
        devices = [-1] * (units - sum(self.counts))
        for index, count in enumerate(self.counts):
            devices.extend([index] * count)
        return devices


@dataclass(frozen=True)
class Tally:
    """Bytes per target: GPU targets in their order, the CPU last."""

    weights: tuple[int, ...]
    kv: tuple[int, ...]
    has_output: tuple[bool, ...]
    layers: tuple[int, ...]


def units(shape: ModelShape) -> int:
    return len(shape.layers) + 1


def kv_bytes(shape: ModelShape, choice: Choice, cells: int) -> tuple[int, ...]:
    """Of each block. Raises KnownError for a type that its rows do not divide into."""
    return tuple(
        cells * shape.kv_bytes_per_token(index, choice.kv_type_k, choice.kv_type_v)
        for index in range(len(shape.layers))
    )


def tally(shape: ModelShape, assignment: Assignment, layer_kv: Sequence[int]) -> Tally:
    """Exact by construction: every tensor's bytes, every layer's KV rows (`kv_bytes`)."""
    gpus = len(assignment.counts)
    weights, kv = [0] * (gpus + 1), [0] * (gpus + 1)
    layers = [0] * (gpus + 1)
    devices = assignment.device_of(units(shape))
    for index, layer in enumerate(shape.layers):
        device = devices[index]
        weights[device] += layer.always_bytes
        weights[-1 if index in assignment.cpu_experts else device] += layer.expert_bytes
        kv[device] += layer_kv[index]
        layers[device] += 1 if layer.always_bytes else 0
    weights[-1] += shape.input_bytes
    weights[devices[-1]] += shape.output_bytes - (shape.tied_bytes if devices[-1] < 0 else 0)
    output = [False] * (gpus + 1)
    output[devices[-1]] = True
    return Tally(tuple(weights), tuple(kv), tuple(output), tuple(layers))


def cells_for(shape: ModelShape, choice: Choice) -> int:
    """KV cells of the context asked for."""
    return padded_cells(choice.context_tokens or shape.trained_context)


def expert_override(blocks: frozenset[int], shape: ModelShape) -> tuple[TensorOverride, ...]:
    """The override that keeps these blocks' experts in RAM; one pattern, as short as it can be."""
    if not blocks:
        return ()
    if blocks == frozenset(shape.expert_layers):
        return (TensorOverride(r"\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"),)
    numbers = "|".join(str(block) for block in sorted(blocks))
    pattern = rf"blk\.({numbers})\.ffn_(up|down|gate|gate_up)_(ch|)exps"
    return (TensorOverride(pattern, "CPU"),)


def placement(
    shape: ModelShape, gpus: tuple[Target, ...], assignment: Assignment, choice: Choice
) -> Placement:
    """What the engine is told. A tensor split of whole counts lands exactly on llama.cpp's
    boundaries: it compares k / sum with the summed counts / sum, in the same arithmetic."""
    used = [(gpu, count) for gpu, count in zip(gpus, assignment.counts, strict=True) if count]
    flash_attention: FlashAttention = choice.flash_attention
    return Placement(
        devices=tuple(gpu.name for gpu, _ in used),
        gpu_layers=sum(count for _, count in used),
        tensor_split=tuple(float(count) for _, count in used) if len(used) > 1 else (),
        tensor_overrides=expert_override(assignment.cpu_experts, shape),
        context_tokens=cells_for(shape, choice),
        batch_tokens=choice.batch_tokens,
        ubatch_tokens=choice.ubatch_tokens,
        kv_type_k=choice.kv_type_k,
        kv_type_v=choice.kv_type_v,
        flash_attention=flash_attention,
        repack=choice.repack,
    )
