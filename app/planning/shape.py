"""A model as planning sees it: bytes per layer and class of tensor, and KV cache per token."""

import functools
from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.placement import KvType
from app.gguf.quants import QUANT_TYPES_BY_NAME
from app.gguf.types import ModelHeader, TensorInfo

# llama.cpp's rule for `--cpu-moe`: the routed experts' matrices, a fused gate+up included.
EXPERT_PATTERN = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
_EXPERT_MARKS = ("_exps.", "_chexps.")
_INPUT_NAMES = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
# With MLA llama.cpp keeps one compressed row per token and layer and no V (llama-kv-cache.cpp).
_MLA_ARCHITECTURES = frozenset({"deepseek2", "deepseek32", "glm-dsa"})


@dataclass(frozen=True)
class Layer:
    """One block. always: read for every token; experts: routed, a share of it per token."""

    always_bytes: int
    expert_bytes: int
    always_elements: int
    expert_elements: int
    key_elements: int
    value_elements: int


@dataclass(frozen=True)
class ModelShape:
    """layers: every block in file order, MTP ones included (llama.cpp counts them when it splits),
    with no bytes where a load skips them. output_bytes: output matrix and norm."""

    name: str
    architecture: str
    layers: tuple[Layer, ...]
    computed_layers: int
    input_bytes: int
    input_row_bytes: int
    output_bytes: int
    output_elements: int
    embedding: int
    vocabulary: int
    heads: int
    head_length: int
    expert_count: int
    expert_used: int
    expert_feed_forward: int
    feed_forward: int
    trained_context: int
    file_bytes: int
    skipped_bytes: int

    @property
    def mixture_of_experts(self) -> bool:
        return any(layer.expert_bytes for layer in self.layers)

    @property
    def weights_bytes(self) -> int:
        layers = sum(layer.always_bytes + layer.expert_bytes for layer in self.layers)
        return self.input_bytes + self.output_bytes + layers

    @property
    def expert_layers(self) -> tuple[int, ...]:
        """Indices of the blocks that have routed experts."""
        return tuple(index for index, layer in enumerate(self.layers) if layer.expert_bytes)

    def kv_bytes_per_token(self, index: int, kv_k: KvType, kv_v: KvType) -> int:
        """Of one layer. Rows of a quantized type are whole blocks (ggml_row_size)."""
        layer = self.layers[index]
        return row_bytes(kv_k, layer.key_elements) + row_bytes(kv_v, layer.value_elements)

    @property
    def active_expert_share(self) -> float:
        return self.expert_used / self.expert_count if self.expert_count else 0.0


@functools.cache
def row_bytes(kv_type: KvType, elements: int) -> int:
    """Raises KnownError when a row is not a whole number of blocks, as llama.cpp would refuse."""
    if not elements:
        return 0
    quant = QUANT_TYPES_BY_NAME[kv_type.upper()]
    try:
        size = quant.size_of((elements,))
    except ValueError as error:
        raise KnownError(
            f"The context of this model cannot be kept as {kv_type}.",
            f"Its rows have {elements} values, and {kv_type} stores them in groups of "
            f"{quant.block_elements}.",
            "Choose f16 for the context memory.",
        ) from error
    assert size is not None  # noqa: S101 - every KV type has a known layout
    return size


def padded_cells(context_tokens: int) -> int:
    """llama.cpp rounds the context up to a multiple of 256 (GGML_PAD in llama-context.cpp)."""
    return -(-context_tokens // 256) * 256


def model_shape(header: ModelHeader, *, load_mtp: bool = False) -> ModelShape:
    """Raises KnownError when the header lacks what a plan needs."""
    computed = header.block_count if load_mtp else header.layer_count
    sums = [[0, 0, 0, 0] for _ in range(header.block_count)]
    outer = {"input": 0, "output": 0, "output_elements": 0, "skipped": 0}
    embedding_tensor: TensorInfo | None = None
    for tensor in header.tensors:
        block = tensor.block
        if block is not None and block < len(sums):
            if block >= computed:
                outer["skipped"] += tensor.size_bytes
                continue
            at = 1 if any(mark in tensor.name for mark in _EXPERT_MARKS) else 0
            sums[block][at] += tensor.size_bytes
            sums[block][at + 2] += tensor.elements
        elif tensor.name.startswith(_INPUT_NAMES):
            outer["input"] += tensor.size_bytes
            if tensor.name == "token_embd.weight":
                embedding_tensor = tensor
        else:
            outer["output"] += tensor.size_bytes
            outer["output_elements"] += tensor.elements
    if embedding_tensor is not None and not _has_output(header):
        # A tied model's embedding is loaded a second time as its output matrix.
        outer["output"] += embedding_tensor.size_bytes
        outer["output_elements"] += embedding_tensor.elements
    keys, values = _kv_elements(header, computed)
    vocabulary = _vocabulary(header, embedding_tensor)
    feed_forward = header.feed_forward_lengths
    return ModelShape(
        name=header.name,
        architecture=header.architecture,
        layers=tuple(
            Layer(always, experts, always_elements, expert_elements, keys[index], values[index])
            for index, (always, experts, always_elements, expert_elements) in enumerate(sums)
        ),
        computed_layers=computed,
        input_bytes=outer["input"],
        input_row_bytes=outer["input"] // max(1, vocabulary),
        output_bytes=outer["output"],
        output_elements=outer["output_elements"],
        embedding=header.embedding_length or 0,
        vocabulary=vocabulary,
        heads=max(header.head_counts or (0,)),
        head_length=header.key_length or 0,
        expert_count=header.expert_count,
        expert_used=header.expert_used_count,
        expert_feed_forward=header.expert_feed_forward_length or 0,
        feed_forward=max(feed_forward or (0,)),
        trained_context=header.context_length or 0,
        file_bytes=header.size_bytes,
        skipped_bytes=outer["skipped"],
    )


def _has_output(header: ModelHeader) -> bool:
    return any(tensor.name == "output.weight" for tensor in header.tensors)


def _vocabulary(header: ModelHeader, embedding: TensorInfo | None) -> int:
    if embedding is not None and len(embedding.shape) == 2:
        return embedding.shape[1]
    return header.vocabulary_size or 0


def _kv_elements(header: ModelHeader, computed: int) -> tuple[list[int], list[int]]:
    """Per block: elements of one token's K row and V row; MTP blocks have none unless loaded."""
    blocks = header.block_count
    heads = header.kv_head_counts
    key, value = header.key_length, header.value_length
    if header.architecture in _MLA_ARCHITECTURES:
        rank = header.arch_integer("attention.kv_lora_rank") or 0
        rope = header.arch_integer("rope.dimension_count") or 0
        keys = [rank + rope if index < computed else 0 for index in range(blocks)]
        return keys, [0] * blocks
    if heads is None or key is None or value is None:
        raise KnownError(
            f"{header.name} does not say how large its context memory is.",
            "Its header lacks the number or the size of the attention heads.",
            "Choose another file of this model.",
        )
    keys = [heads[index] * key if index < computed else 0 for index in range(blocks)]
    values = [heads[index] * value if index < computed else 0 for index in range(blocks)]
    return keys, values
