"""Which layer goes where, by llama.cpp's own rules, and what that takes on each target."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

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

    @property
    def output_device(self) -> int:
        """The index of the GPU that has the output, -1 for the CPU."""
        used = [index for index, count in enumerate(self.counts) if count]
        return used[-1] if used else -1

    def ranges(self, blocks: int) -> list[tuple[int, int]]:
        """First and end of each GPU's blocks (the output is not one), the CPU's last."""
        start = blocks + 1 - sum(self.counts)
        found, at = [], start
        for count in self.counts:
            found.append((min(at, blocks), min(at + count, blocks)))
            at += count
        return [*found, (0, min(start, blocks))]

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


@dataclass(frozen=True)
class Running:
    """Sums over the blocks before each one (and, last, over all), so that a candidate costs no pass
    over the layers."""

    always: tuple[int, ...]
    experts: tuple[int, ...]
    kv: tuple[int, ...]
    layers: tuple[int, ...]


def running(shape: ModelShape, layer_kv: Sequence[int]) -> Running:
    """layer_kv: of `kv_bytes`."""
    return Running(
        tuple(accumulate((layer.always_bytes for layer in shape.layers), initial=0)),
        tuple(accumulate((layer.expert_bytes for layer in shape.layers), initial=0)),
        tuple(accumulate(layer_kv, initial=0)),
        tuple(accumulate((layer.always_bytes > 0 for layer in shape.layers), initial=0)),
    )


def tally(shape: ModelShape, assignment: Assignment, sums: Running) -> Tally:
    """Exact by construction: every tensor's bytes, every layer's KV rows."""
    weights, kv, layers = [], [], []
    ranges = assignment.ranges(len(shape.layers))
    for first, end in ranges:
        both = sums.always[end] - sums.always[first] + sums.experts[end] - sums.experts[first]
        weights.append(both)
        kv.append(sums.kv[end] - sums.kv[first])
        layers.append(sums.layers[end] - sums.layers[first])
    for index, (first, end) in enumerate(ranges[:-1]):
        moved = sum(
            shape.layers[block].expert_bytes
            for block in assignment.cpu_experts
            if first <= block < end
        )
        weights[index] -= moved
        weights[-1] += moved
    at = assignment.output_device
    weights[-1] += shape.input_bytes
    weights[at] += shape.output_bytes - (shape.tied_bytes if at < 0 else 0)
    output = [False] * len(ranges)
    output[at] = True
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
