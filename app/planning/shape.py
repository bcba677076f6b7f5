"""A model as planning sees it: bytes per layer and class of tensor, and KV cache per token."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import KvType
from app.gguf.quants import QUANT_TYPES_BY_NAME
from app.gguf.types import ModelHeader, TensorInfo

# llama.cpp's rule for `--cpu-moe`: the routed experts' matrices, a fused gate+up included.
EXPERT_PATTERN = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
_EXPERT_MARKS = ("_exps.", "_chexps.")
_INPUT_NAMES = ("token_embd", "token_types", "position_embd", "per_layer_token_embd")
# The CPU's kernels rearrange matrices by this many rows (repack.cpp; ARM's by 4 are as good).
_REPACKED_ROWS = 8
# With MLA llama.cpp keeps one compressed row per token and layer and no V (llama-kv-cache.cpp).
_MLA_ARCHITECTURES = frozenset({"deepseek2", "deepseek32", "glm-dsa"})
# Keys of models with other memory than a row per token: recurrent, linear, indexed, shared.
_OTHER_MEMORY = ("ssm.", "wkv.", "kda.", "shortconv.", "attention.indexer.", "attention.shared_kv")


@dataclass(frozen=True)
class Layer:
    """One block. always: read for every token; experts: routed, a share of it per token.

    largest: of a single matrix. by_type: bytes of the matrices that the CPU could rearrange
    (see `app.planning.repack`).
    """

    always_bytes: int
    expert_bytes: int
    always_elements: int
    expert_elements: int
    key_elements: int
    value_elements: int
    largest_always_bytes: int = 0
    largest_expert_bytes: int = 0
    always_by_type: Mapping[str, int] = field(default_factory=dict)
    experts_by_type: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelShape:
    """layers: every block in file order, MTP ones included (llama.cpp counts them when it splits),
    with no bytes where a load skips them. output_bytes: output matrix and norm. tied_bytes: where
    the output matrix is the embedding, its bytes: they lie twice only if the output is on a GPU.
    kv_exact: False for models whose layers keep something else than every token's keys and values
    (sliding windows, recurrent states, index keys); what is counted for them is an estimate."""

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
    tied_bytes: int = 0
    output_by_type: Mapping[str, int] = field(default_factory=dict)
    kv_exact: bool = True

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
            tr("The context of this model cannot be kept as {kv_type}.", kv_type=kv_type),
            tr(
                "Its rows have {elements} values, and {kv_type} stores them in "
                "groups of {block_elements}.",
                elements=elements,
                kv_type=kv_type,
                block_elements=quant.block_elements,
            ),
            tr("Choose f16 for the context memory."),
        ) from error
    assert size is not None  # noqa: S101 - every KV type has a known layout
    return size


def padded_cells(context_tokens: int) -> int:
    """llama.cpp rounds the context up to a multiple of 256 (GGML_PAD in llama-context.cpp)."""
    return -(-context_tokens // 256) * 256


def model_shape(header: ModelHeader, *, load_mtp: bool = False) -> ModelShape:
    """Raises KnownError when the header lacks what a plan needs."""
    computed = header.block_count if load_mtp else header.layer_count
    sums = [_Sums() for _ in range(header.block_count)]
    inputs, outputs, skipped = _Sums(), _Sums(), 0
    embedding: TensorInfo | None = None
    for tensor in header.tensors:
        block, experts = _place(tensor.name)
        if 0 <= block < len(sums):
            if block < computed:
                sums[block].add(tensor, experts=experts)
            else:
                skipped += tensor.size_bytes
        elif tensor.name.startswith(_INPUT_NAMES):
            inputs.add(tensor, experts=False)
            if tensor.name == "token_embd.weight":
                embedding = tensor
        else:
            outputs.add(tensor, experts=False)
    tied = embedding is not None and not _has_output(header)
    if tied and embedding is not None:
        outputs.add(embedding, experts=False)
    keys, values = _kv_elements(header, computed)
    vocabulary = _vocabulary(header, embedding)
    return ModelShape(
        name=header.name,
        architecture=header.architecture,
        layers=tuple(sums[index].layer(keys[index], values[index]) for index in range(len(sums))),
        computed_layers=computed,
        input_bytes=inputs.always,
        input_row_bytes=inputs.always // max(1, vocabulary),
        output_bytes=outputs.always,
        output_elements=outputs.always_elements,
        embedding=header.embedding_length or 0,
        vocabulary=vocabulary,
        heads=max(header.head_counts or (0,)),
        head_length=header.key_length or 0,
        expert_count=header.expert_count,
        expert_used=header.expert_used_count,
        expert_feed_forward=header.expert_feed_forward_length or 0,
        feed_forward=max(header.feed_forward_lengths or (0,)),
        trained_context=header.context_length or 0,
        file_bytes=header.size_bytes,
        skipped_bytes=skipped,
        tied_bytes=embedding.size_bytes if tied and embedding is not None else 0,
        output_by_type=outputs.always_types,
        kv_exact=_keeps_every_token(header),
    )


@dataclass
class _Sums:
    """Adds up tensors."""

    always: int = 0
    experts: int = 0
    always_elements: int = 0
    expert_elements: int = 0
    largest_always: int = 0
    largest_expert: int = 0
    always_types: dict[str, int] = field(default_factory=dict)
    expert_types: dict[str, int] = field(default_factory=dict)

    def add(self, tensor: TensorInfo, *, experts: bool) -> None:
        shape, size = tensor.shape, tensor.size_bytes
        elements = math.prod(shape)
        if experts:
            self.experts += size
            self.expert_elements += elements
            if size > self.largest_expert:
                self.largest_expert = size
            types, dimensions = self.expert_types, 3
        else:
            self.always += size
            self.always_elements += elements
            if size > self.largest_always:
                self.largest_always = size
            types, dimensions = self.always_types, 2
        if len(shape) == dimensions and shape[1] % _REPACKED_ROWS == 0:
            types[tensor.type.name] = types.get(tensor.type.name, 0) + size

    def layer(self, key_elements: int, value_elements: int) -> Layer:
        return Layer(
            self.always,
            self.experts,
            self.always_elements,
            self.expert_elements,
            key_elements,
            value_elements,
            self.largest_always,
            self.largest_expert,
            self.always_types,
            self.expert_types,
        )


@functools.lru_cache(maxsize=8192)
def _place(name: str) -> tuple[int, bool]:
    """The block of a tensor, -1 for none, and whether it holds routed experts. All quantizations of
    a model have the same names."""
    head, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    inside = head == "blk" and number.isascii() and number.isdigit()
    return int(number) if inside else -1, any(mark in name for mark in _EXPERT_MARKS)


def _has_output(header: ModelHeader) -> bool:
    return any(tensor.name == "output.weight" for tensor in header.tensors)


def _vocabulary(header: ModelHeader, embedding: TensorInfo | None) -> int:
    if embedding is not None and len(embedding.shape) == 2:
        return embedding.shape[1]
    return header.vocabulary_size or 0


def _keeps_every_token(header: ModelHeader) -> bool:
    prefix = f"{header.architecture}."
    parts = tuple(prefix + part for part in _OTHER_MEMORY)
    windowed = header.arch_integer("attention.sliding_window")
    return not windowed and not any(key.startswith(parts) for key in header.metadata)


def _kv_elements(header: ModelHeader, computed: int) -> tuple[list[int], list[int]]:
    """Per block: elements of one token's K row and V row; MTP blocks have none unless loaded."""
    blocks = header.block_count
    heads = header.kv_head_counts
    key, value = header.key_length, header.value_length
    if header.architecture in _MLA_ARCHITECTURES and header.arch_integer(
        "attention.key_length_mla"
    ):
        rank = header.arch_integer("attention.kv_lora_rank") or 0
        rope = header.arch_integer("rope.dimension_count") or 0
        keys = [rank + rope if index < computed else 0 for index in range(blocks)]
        return keys, [0] * blocks
    if heads is None or key is None or value is None:
        raise KnownError(
            tr("{name} does not say how large its context memory is.", name=header.name),
            tr("Its header lacks the number or the size of the attention heads."),
            tr("Choose another file of this model."),
        )
    keys = [heads[index] * key if index < computed else 0 for index in range(blocks)]
    values = [heads[index] * value if index < computed else 0 for index in range(blocks)]
    return keys, values
