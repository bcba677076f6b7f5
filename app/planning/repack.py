"""Which weights the CPU backend keeps in a second form of its own, as ordinary memory.

llama.cpp copies matrices that its CPU kernels want interleaved out of the mapped file
(`CPU_REPACK`, `CPU_AMX`); the system cannot drop these pages. Rules: ggml-cpu/repack.cpp,
ggml-cpu/amx/amx.cpp, and make_cpu_buft_list in llama-model.cpp, by which a GPU's pinned memory
comes first, so that beside such a GPU nothing is rearranged (and under mmap nothing is pinned).
"""

from collections.abc import Iterable, Mapping

from app.planning.assignment import Assignment, units
from app.planning.shape import ModelShape
from app.planning.speed import Backend

_AVX2 = frozenset({"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"})
_AVX512 = frozenset({"Q2_K"})
_ARM = frozenset({"Q4_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "MXFP4", "Q8_0"})
# Of two-dimensional matrices only, and before the others are asked.
_AMX = frozenset({"Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"})
_WITH_PINNED_MEMORY: frozenset[Backend] = frozenset({"cuda", "rocm", "vulkan", "sycl"})


def repacked_bytes(
    shape: ModelShape,
    assignment: Assignment,
    instruction_sets: Iterable[str],
    backends: Iterable[Backend],
) -> int:
    """Bytes of the weights on the CPU that are no longer read from the file once loaded.

    backends: of the GPUs that take part.
    """
    if _WITH_PINNED_MEMORY & set(backends):
        return 0
    plain, experts = _types(frozenset(instruction_sets))
    devices = assignment.device_of(units(shape))
    total = _sum(shape.output_by_type, plain) if devices[-1] < 0 else 0
    for block, layer in enumerate(shape.layers):
        if devices[block] < 0:
            total += _sum(layer.always_by_type, plain)
        if devices[block] < 0 or block in assignment.cpu_experts:
            total += _sum(layer.experts_by_type, experts)
    return total


def _types(sets: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Types rearranged in plain matrices, and in those of experts."""
    found: frozenset[str] = frozenset()
    if "AVX2" in sets:
        found |= _AVX2
    if "AVX512" in sets:
        found |= _AVX512
    if {"DOTPROD", "I8MM"} & sets:
        found |= _ARM
    return found | (_AMX if "AMX_INT8" in sets else frozenset()), found


def _sum(by_type: Mapping[str, int], types: frozenset[str]) -> int:
    return sum(size for name, size in by_type.items() if name in types)
