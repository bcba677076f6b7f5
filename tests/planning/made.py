"""Shapes of full-size models and simple machines, for the tests of this folder."""

import functools
import tempfile
from pathlib import Path

from app.core.units import gigabytes
from app.gguf.read import read_header
from app.gguf.types import ModelHeader
from app.hardware.recorded import load_machine, shipped_machines
from app.hardware.types import Cpu, Gpu, Machine, Memory, Platform
from app.planning.recommend import Candidate
from app.planning.search import Room
from app.planning.shape import ModelShape, model_shape
from app.planning.types import GIB, Target
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_45_AIR, GLM_46, GLM_47_FLASH, Glm, write_model

SIBLINGS = (GLM_45_AIR, GLM_47_FLASH, GLM_4_32B, GLM_4_9B)


@functools.cache
def header_of(model: Glm, quantization: str = "Q4_K_M") -> ModelHeader:
    """Of a model of full size. It carries no raw metadata: its file is gone."""
    with tempfile.TemporaryDirectory() as folder:
        return read_header(write_model(Path(folder), model, quantization))


@functools.cache
def shape_of(model: Glm = GLM_46, quantization: str = "Q4_K_M") -> ModelShape:
    return model_shape(header_of(model, quantization))


@functools.cache
def candidate(model: Glm, quantization: str) -> Candidate:
    header = header_of(model, quantization)
    bits = header.bits_per_weight
    assert bits is not None
    return Candidate(
        model.name, quantization, shape_of(model, quantization), bits, header.size_bytes
    )


@functools.cache
def shipped(name: str) -> Machine:
    return load_machine(next(path for path in shipped_machines() if path.stem == name))


def machine(ram_gib: float, *gpus: Gpu, cpu_sets: tuple[str, ...] = ("AVX2",)) -> Machine:
    ram = round(ram_gib * GIB)
    return Machine(
        Platform("Linux"),
        Memory(total_bytes=ram, available_bytes=ram),
        Cpu(instruction_sets=cpu_sets),
        gpus=gpus,
        name=f"{gigabytes(ram)} with {len(gpus)} GPUs",
    )


def card(gib: float, name: str = "NVIDIA GeForce RTX 4090", *, bandwidth: int = 10**12) -> Gpu:
    size = round(gib * GIB)
    return Gpu(
        "NVIDIA",
        name,
        total_bytes=size,
        free_bytes=size,
        bandwidth_bytes_per_second=bandwidth,
    )


def space(ram_gib: float, *gpu_gib: float) -> Room:
    """Workers, whose backend adds nothing of its own."""
    gpus = tuple(
        Target(f"RPC{number}", f"card {number}", "gpu", round(size * GIB), round(size * GIB))
        for number, size in enumerate(gpu_gib)
    )
    ram = round(ram_gib * GIB)
    return Room(gpus, Target("CPU", "RAM", "cpu", ram, ram))
