"""Models by their published dimensions, for when no header can be read: an estimate.

Every weight is taken to have the same number of bits, so that the sum is the file's size. Real
files keep what is always read a little more precise, and their experts a little less.
"""

import functools
import json
from dataclasses import dataclass

from app.core.paths import resources_dir
from app.planning.shape import Layer, ModelShape


@dataclass(frozen=True)
class Dimensions:
    """blocks includes mtp_blocks, which no load uses. mtp_embeddings: the MTP block has an
    embedding and a head of its own. q_lora, kv_lora, rope: of compressed attention."""

    name: str
    architecture: str
    blocks: int
    embedding: int
    heads: int
    kv_heads: int
    head_length: int
    feed_forward: int
    vocabulary: int
    context: int
    mtp_blocks: int = 0
    mtp_embeddings: bool = False
    dense_blocks: int = 0
    experts: int = 0
    experts_used: int = 0
    expert_feed_forward: int = 0
    q_lora: int = 0
    kv_lora: int = 0
    rope: int = 0

    @property
    def parameters(self) -> int:
        """Of the whole file, MTP included."""
        blocks = sum(always + experts for always, experts in map(self._block, range(self.blocks)))
        return blocks + self._mtp_elements + 2 * self._embeddings

    def shape(self, size_bytes: int) -> ModelShape:
        """Scaled to a file of this size. Raises ValueError unless that is positive."""
        if size_bytes <= 0:
            raise ValueError(f"a file of {size_bytes} bytes")
        per_element = size_bytes / self.parameters
        computed = self.blocks - self.mtp_blocks
        layers = [self._layer(block, per_element) for block in range(computed)]
        skipped = Layer(0, 0, 0, 0, 0, 0)
        matrix = round(self._embeddings * per_element)
        loaded = sum(layer.always_bytes + layer.expert_bytes for layer in layers) + 2 * matrix
        return ModelShape(
            name=self.name,
            architecture=self.architecture,
            layers=(*layers, *[skipped] * self.mtp_blocks),
            computed_layers=computed,
            input_bytes=matrix,
            input_row_bytes=matrix // self.vocabulary,
            output_bytes=matrix,
            output_elements=self._embeddings,
            embedding=self.embedding,
            vocabulary=self.vocabulary,
            heads=self.heads,
            head_length=self.kv_lora + self.rope if self.kv_lora else self.head_length,
            expert_count=self.experts,
            expert_used=self.experts_used,
            expert_feed_forward=self.expert_feed_forward,
            feed_forward=self.feed_forward,
            trained_context=self.context,
            file_bytes=size_bytes,
            skipped_bytes=max(0, size_bytes - loaded),
        )

    @property
    def _embeddings(self) -> int:
        return self.vocabulary * self.embedding

    @property
    def _mtp_elements(self) -> int:
        own = 2 * self.embedding**2 + (2 * self._embeddings if self.mtp_embeddings else 0)
        return self.mtp_blocks * own

    def _layer(self, block: int, per_element: float) -> Layer:
        always, experts = self._block(block)
        keys = values = self.kv_heads * self.head_length
        if self.kv_lora:
            keys, values = self.kv_lora + self.rope, 0
        width = max(self.feed_forward, self.heads * self.head_length)
        largest = self.embedding * width if block < self.dense_blocks or not self.experts else 0
        return Layer(
            round(always * per_element),
            round(experts * per_element),
            always,
            experts,
            keys,
            values,
            round(largest * per_element),
            round(experts / 3 * per_element),
        )

    def _block(self, block: int) -> tuple[int, int]:
        """Elements that are always read, and those of routed experts."""
        always = self._attention
        if not self.experts or block < self.dense_blocks:
            return always + 3 * self.embedding * self.feed_forward, 0
        one = 3 * self.embedding * self.expert_feed_forward
        return always + one + self.embedding * self.experts, one * self.experts

    @property
    def _attention(self) -> int:
        width, queries = self.embedding, self.heads * self.head_length
        if not self.kv_lora:
            return 2 * width * queries + 2 * width * self.kv_heads * self.head_length
        down = width * (self.q_lora + self.kv_lora + self.rope)
        up = self.q_lora * queries + self.kv_lora * self.heads * (self.head_length - self.rope)
        return down + up + self.kv_lora * queries + queries * width


@functools.cache
def published_dimensions() -> dict[str, Dimensions]:
    """By the model's name."""
    text = (resources_dir() / "models.json").read_text(encoding="utf-8")
    return {entry["name"]: Dimensions(**entry) for entry in json.loads(text)["models"]}
