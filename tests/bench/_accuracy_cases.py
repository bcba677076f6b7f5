"""What the accuracy of plans is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from app.core.placement import FlashAttention, KvType
from app.planning.assignment import Assignment
from app.planning.shape import ModelShape
from app.planning.types import Choice
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_45_AIR, GLM_46, SMALL_MOE, Glm

Experts = Literal["on the GPU", "first third in RAM", "in RAM"]

SMALL_DENSE = replace(
    GLM_4_9B,
    name="Small dense",
    blocks=8,
    embedding=1024,
    heads=16,
    kv_heads=2,
    head_length=64,
    feed_forward=2816,
    rope_dimensions=32,
    vocabulary=4096,
    merges=2000,
)


@dataclass(frozen=True)
class Case:
    """shares: of the units (blocks and output) for each GPU; what is left of 1 stays in RAM."""

    model: Glm
    quantization: str
    shares: tuple[float, ...] = ()
    experts: Experts = "on the GPU"
    context: int = 32_768
    kv: KvType = "f16"
    flash_attention: FlashAttention = "auto"
    ubatch: int = 512

    @property
    def real(self) -> bool:
        """Small enough to be loaded, too."""
        return self.model.embedding <= 1024

    @property
    def choice(self) -> Choice:
        return Choice(
            context_tokens=self.context,
            kv_type_k=self.kv,
            kv_type_v=self.kv,
            ubatch_tokens=self.ubatch,
            flash_attention=self.flash_attention,
        )

    def assignment(self, shape: ModelShape) -> Assignment:
        total = len(shape.layers) + 1
        counts = [round(share * total) for share in self.shares]
        if counts and sum(self.shares) > 0.999:
            counts[-1] += total - sum(counts)
        blocks = shape.expert_layers
        kept = {
            "on the GPU": (),
            "first third in RAM": blocks[: len(blocks) // 3],
            "in RAM": blocks,
        }[self.experts]
        start = total - sum(counts)
        return Assignment(tuple(counts), frozenset(block for block in kept if block >= start))

    @property
    def where(self) -> str:
        """`2 GPUs 64:36, experts in RAM`."""
        if not self.shares:
            return "CPU"
        parts = ":".join(f"{share:.0%}".rstrip("%") for share in self.shares)
        text = f"{len(self.shares)} GPU" + ("s" if len(self.shares) > 1 else "") + f" {parts}"
        return text if self.experts == "on the GPU" else f"{text}, experts {self.experts}"


_LAYOUTS: tuple[tuple[tuple[float, ...], Experts], ...] = (
    ((), "on the GPU"),
    ((1.0,), "on the GPU"),
    ((0.5,), "on the GPU"),
    ((1.0,), "in RAM"),
    ((1.0,), "first third in RAM"),
    ((0.5, 0.5), "on the GPU"),
    ((0.64, 0.36), "on the GPU"),
    ((0.55, 0.45), "first third in RAM"),
    ((0.34, 0.33, 0.33), "on the GPU"),
    ((0.5, 0.3, 0.2), "in RAM"),
    ((0.25, 0.25, 0.25), "on the GPU"),
)


def cases() -> Iterator[Case]:
    yield from _full(GLM_46, 202_752)
    for shares, experts in (_LAYOUTS[1], _LAYOUTS[3], _LAYOUTS[5], _LAYOUTS[9]):
        yield Case(GLM_46, "UD-Q2_K_XL", shares, experts, 65_536, "q8_0")
    yield from _full(GLM_45_AIR, 131_072)
    for shares, experts in _LAYOUTS:
        if experts == "on the GPU":
            yield Case(GLM_4_32B, "Q4_K_M", shares, experts, 16_384)
    yield Case(GLM_4_32B, "Q8_0", (1.0,), context=32_768, kv="q4_0")
    yield Case(GLM_4_32B, "Q8_0", (0.5, 0.5), context=8192, flash_attention="off")
    yield from _small()


def _full(model: Glm, longest: int) -> Iterator[Case]:
    for shares, experts in _LAYOUTS:
        yield Case(model, "Q4_K_M", shares, experts)
    yield Case(model, "Q4_K_M", (1.0,), "in RAM", longest, "q8_0")
    yield Case(model, "Q4_K_M", (0.5, 0.5), "on the GPU", longest, "q4_0")
    yield Case(model, "Q4_K_M", (1.0,), "in RAM", 4096, ubatch=2048)
    yield Case(model, "Q4_K_M", (0.34, 0.33, 0.33), "on the GPU", 4096, ubatch=2048)
    yield Case(model, "Q4_K_M", (1.0,), "in RAM", 16_384, flash_attention="off")
    yield Case(model, "Q4_K_M", (0.64, 0.36), "on the GPU", 8192, flash_attention="off")
    yield Case(model, "Q4_K_M", (0.5,), "on the GPU", 8192, "q4_0", ubatch=1024)


def _small() -> Iterator[Case]:
    for shares, experts in _LAYOUTS:
        yield Case(SMALL_MOE, "Q4_K_M", shares, experts, 8192)
        if experts == "on the GPU":
            yield Case(SMALL_DENSE, "Q8_0", shares, experts, 8192, "q8_0")
    yield Case(SMALL_MOE, "Q8_0", (1.0,), "in RAM", 16_384, "q4_0")
    yield Case(SMALL_MOE, "Q8_0", (0.5, 0.5), context=4096, flash_attention="off")
    yield Case(SMALL_DENSE, "Q4_K_M", (0.64, 0.36), context=4096, flash_attention="off")
