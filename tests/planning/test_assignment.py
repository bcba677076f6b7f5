"""Which layer goes where: the same as llama.cpp decides, by its own arithmetic."""

import bisect
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.planning.assignment import (
    Assignment,
    expert_override,
    kv_bytes,
    placement,
    running,
    tally,
    units,
)
from app.planning.shape import model_shape
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_46
from tests.planning.made import header_of, shape_of, space
from tests.planning.test_shape import tied

BLOCKS = len(shape_of().layers)


def as_llama_cpp(split: tuple[float, ...], gpu_layers: int, blocks: int) -> list[int]:
    """load_tensors in 32-bit floats: the device of each block and of the output, -1 for the CPU."""
    sums = np.cumsum(np.array(split or (1.0,), np.float32), dtype=np.float32)
    points = [float(point) for point in sums / sums[-1]]
    start = max(blocks + 1 - gpu_layers, 0)
    active = min(gpu_layers, blocks + 1)
    devices = []
    for unit in range(blocks + 1):
        if unit < start or unit - start >= active:
            devices.append(-1)
        else:
            place = float(np.float32(unit - start) / np.float32(active))
            devices.append(bisect.bisect_right(points, place))
    return devices


@given(st.lists(st.integers(0, 40), min_size=1, max_size=16), st.integers(0, 3))
def test_counts_become_exactly_those_layers(counts: list[int], surplus: int) -> None:
    total = sum(counts)
    while total > BLOCKS + 1:
        counts[int(np.argmax(counts))] -= 1
        total -= 1
    shape = shape_of()
    room = space(100, *([1.0] * len(counts)))
    assignment = Assignment(tuple(counts))
    told = placement(shape, room.gpus, assignment, Choice())
    assert told.gpu_layers == total
    used = [index for index, count in enumerate(counts) if count]
    assert told.devices == tuple(f"RPC{index}" for index in used)
    theirs = as_llama_cpp(told.tensor_split, total, BLOCKS)
    ours = assignment.device_of(units(shape))
    assert [used[device] if device >= 0 else -1 for device in theirs] == ours
    # More layers than there are do no harm.
    if total == BLOCKS + 1:
        assert as_llama_cpp(told.tensor_split, total + surplus, BLOCKS) == theirs


@given(st.sets(st.integers(3, 91), min_size=1))
def test_the_pattern_matches_those_experts_alone(blocks: set[int]) -> None:
    shape = shape_of()
    (override,) = expert_override(frozenset(blocks), shape)
    assert override.device == "CPU"
    for tensor in header_of(GLM_46).tensors:
        if tensor.block is not None and tensor.block >= shape.computed_layers:
            continue
        wanted = tensor.block in blocks and "_exps" in tensor.name
        assert bool(re.search(override.pattern, tensor.name)) == wanted, tensor.name


def test_shared_experts_stay_where_the_layer_is() -> None:
    (override,) = expert_override(frozenset(shape_of().expert_layers), shape_of())
    assert not re.search(override.pattern, "blk.5.ffn_down_shexp.weight")
    assert not re.search(override.pattern, "blk.5.ffn_gate_inp.weight")
    assert expert_override(frozenset(), shape_of()) == ()


@given(st.lists(st.integers(0, 94), max_size=8), st.sets(st.integers(3, 91)))
def test_all_bytes_are_counted_once(counts: list[int], experts: set[int]) -> None:
    shape, choice = shape_of(), Choice()
    while sum(counts) > units(shape):
        counts.pop()
    layer_kv = kv_bytes(shape, choice, 32_768)
    assignment = Assignment(tuple(counts), frozenset(experts))
    sums = tally(shape, assignment, running(shape, layer_kv))
    devices = assignment.device_of(units(shape))
    for index in (*range(len(counts)), -1):
        own = [block for block, device in enumerate(devices[:-1]) if device == index]
        assert sums.kv[index] == sum(layer_kv[block] for block in own)
        assert sums.weights[index] == sum(shape.layers[block].always_bytes for block in own) + sum(
            shape.layers[block].expert_bytes
            for block in range(len(shape.layers))
            if (-1 if block in experts else devices[block]) == index
        ) + shape.input_bytes * (index == -1) + shape.output_bytes * (devices[-1] == index)
    assert sum(sums.weights) == shape.weights_bytes
    assert sum(sums.kv) == sum(layer_kv) == 11_776 * 2**20
    assert sum(sums.has_output) == 1
    assert sum(sums.layers) == 92


def test_a_tied_output_takes_room_on_a_gpu_only() -> None:
    shape = model_shape(tied(header_of(GLM_4_9B)))
    layer_kv = running(shape, kv_bytes(shape, Choice(), 256))
    on_cpu = tally(shape, Assignment(()), layer_kv)
    on_gpu = tally(shape, Assignment((units(shape),)), layer_kv)
    assert sum(on_gpu.weights) - sum(on_cpu.weights) == shape.tied_bytes
    assert on_gpu.weights[-1] == shape.input_bytes


def test_the_input_stays_in_ram() -> None:
    shape = shape_of(GLM_4_32B)
    layer_kv = running(shape, kv_bytes(shape, Choice(), 256))
    sums = tally(shape, Assignment((units(shape),)), layer_kv)
    assert sums.weights[-1] == shape.input_bytes
    assert sums.kv[-1] == 0
