"""The engine does what a plan says: two workers on loopback, and llama.cpp's own log."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf
import pytest

from app.core.placement import Placement
from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from app.hardware.detect import detect
from app.planning.assignment import Assignment, placement
from app.planning.repack import repacked_bytes
from app.planning.search import Layout, Search
from app.planning.shape import ModelShape, model_shape
from app.planning.types import MIB, Choice
from tests.bench._loads import Report
from tests.bench._workers import Loader, loader, workers
from tests.gguf.glm46 import SMALL_MOE
from tests.gguf.glm46 import write_model as write_sparse
from tests.models import Shape, write_model
from tests.planning.made import space

PRINTED = 0.0051 * MIB
CHOICE = Choice(
    context_tokens=1000,
    kv_type_k="q8_0",
    kv_type_v="q4_0",
    batch_tokens=512,
    ubatch_tokens=128,
    flash_attention="on",
    repack=False,
)


@pytest.fixture(scope="module")
def over() -> Iterator[Loader]:
    with workers(2) as endpoints, loader(endpoints) as ready:
        yield ready


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model") / "layers.gguf"
    kind = gguf.GGMLQuantizationType.Q8_0
    write_model(made, Shape(layers=8, kv_heads=2, context=4096), quantization=kind)
    return made


@pytest.fixture(scope="module")
def header(path: Path) -> ModelHeader:
    return read_header(path)


def expected_devices(
    header: ModelHeader, shape: ModelShape, layout: Layout, report: Report
) -> dict[str, str]:
    """Tensor -> device, as the plan has it."""
    names = [gpu.name for gpu in layout.room.gpus]
    units = layout.assignment.device_of(len(shape.layers) + 1)
    found = {}
    for tensor in header.tensors:
        block = tensor.block
        kept = "_exps" in tensor.name and block in layout.assignment.cpu_experts
        if kept or tensor.name == "token_embd.weight":
            found[tensor.name] = "CPU"
        else:
            device = units[-1 if block is None else block]
            found[tensor.name] = names[device] if device >= 0 else "CPU"
    assert report.layers
    return found


def told_devices(header: ModelHeader, shape: ModelShape, report: Report) -> dict[str, str]:
    """Tensor -> device, as llama.cpp's log has it."""
    found = {}
    for tensor in header.tensors:
        unit = len(shape.layers) if tensor.block is None else tensor.block
        device = "CPU" if tensor.name == "token_embd.weight" else report.layers[unit]
        found[tensor.name] = report.overridden.get(tensor.name, device)
    return found


@pytest.mark.parametrize(
    ("counts", "experts"),
    [
        ((5, 4), frozenset()),
        ((2, 7), frozenset({1, 2, 6})),
        ((3, 2), frozenset({5, 7})),
        ((9, 0), frozenset(range(1, 8))),
        ((0, 4), frozenset()),
    ],
    ids=["split", "split with experts in RAM", "some layers in RAM", "one card", "second card"],
)
def test_every_tensor_goes_where_it_was_planned(
    over: Loader, path: Path, header: ModelHeader, counts: tuple[int, int], experts: frozenset[int]
) -> None:
    shape = model_shape(header)
    layout = Search(shape, space(8, 8, 8), CHOICE).layout(Assignment(counts, experts))
    wanted = placement(shape, layout.room.gpus, layout.assignment, CHOICE)
    report = over.load(path, replace(wanted, mmap=False), dry=False)
    assert told_devices(header, shape, report) == expected_devices(header, shape, layout, report)
    for use in layout.uses:
        name = use.target.name
        assert buffer(report, name, "weights") == pytest.approx(use.weights_bytes, abs=PRINTED)
        assert buffer(report, name, "kv") == pytest.approx(use.kv_bytes, abs=PRINTED)
    settings = {" ".join(line.split()) for line in report.log}
    assert "llama_context: n_ctx = 1024" in settings
    assert "llama_context: n_batch = 512" in settings
    assert "llama_context: n_ubatch = 128" in settings
    assert "llama_context: flash_attn = enabled" in settings
    assert any("K (q8_0)" in line and "V (q4_0)" in line for line in settings)


def test_a_searched_plan_is_executed_as_well(over: Loader, path: Path, header: ModelHeader) -> None:
    """Cards so small that the search has to keep experts in RAM."""
    shape = model_shape(header)
    room = space(8, 0.003, 0.003)
    layout = Search(shape, room, CHOICE).best()
    assert layout.gpus_fit
    assert sum(layout.assignment.counts) > 0
    wanted = placement(shape, room.gpus, layout.assignment, CHOICE)
    report = over.load(path, replace(wanted, mmap=False), dry=False)
    assert told_devices(header, shape, report) == expected_devices(header, shape, layout, report)


@pytest.fixture(scope="module")
def instruction_sets() -> tuple[str, ...]:
    return detect().cpu.instruction_sets


@pytest.mark.parametrize("quantization", ["Q4_K_M", "Q8_0"])
def test_what_the_cpu_rearranges(
    over: Loader, tmp_path: Path, instruction_sets: tuple[str, ...], quantization: str
) -> None:
    """Ordinary memory, by the kernels of the processor that this runs on."""
    small = replace(SMALL_MOE, blocks=5, experts=8)
    path = write_sparse(tmp_path, small, quantization)
    shape = model_shape(read_header(path))
    report = over.load(path, Placement(devices=(), context_tokens=256), dry=False)
    told = sum(use.size_bytes for use in report.buffers if use.device == "CPU_REPACK")
    planned = repacked_bytes(shape, Assignment(()), instruction_sets, ())
    assert told == pytest.approx(planned, abs=PRINTED)


def buffer(report: Report, device: str, kind: str) -> int:
    return sum(
        use.size_bytes
        for use in report.buffers
        if use.kind == kind and use.device.partition("_")[0] == device
    )
