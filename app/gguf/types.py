"""A model file's header as plain data: metadata, tensors, shards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.quants import FILE_TYPES, QuantType

ByteOrder = Literal["little", "big"]
ScalarType = Literal[
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "float32",
    "bool",
    "string",
    "uint64",
    "int64",
    "float64",
]

# llama.cpp aborts beyond this (LLAMA_MAX_LAYERS); it bounds what per-layer helpers build.
MAX_BLOCKS = 512


@dataclass(frozen=True, slots=True)
class ArraySkipped:
    """A large array (or string) that was walked over, not built.

    offset and size_bytes: where the elements lie in the file of the first shard. count: number of
    elements; for a long string, type is "string" and count is None.
    """

    type: ScalarType
    count: int | None
    offset: int
    size_bytes: int


MetadataArray = tuple[bool, ...] | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]
MetadataValue = bool | int | float | str | MetadataArray | ArraySkipped


class TensorInfo(NamedTuple):
    """A tensor as the header lists it. A tuple, since planning builds tens of thousands.

    shape: innermost dimension first, as GGUF writes it (ne[0] is the row).

    size_bytes: without padding; for a type of unknown layout, what the file leaves for it.
    shard: index into `ModelHeader.shards`. offset: bytes from the start of that shard's file.
    """

    name: str
    shape: tuple[int, ...]
    type: QuantType
    size_bytes: int
    shard: int
    offset: int

    @property
    def block(self) -> int | None:
        """N of `blk.N.…`, None for tensors outside the blocks."""
        head, _, rest = self.name.partition(".")
        number = rest.partition(".")[0]
        return int(number) if head == "blk" and number.isascii() and number.isdigit() else None

    @property
    def elements(self) -> int:
        product = 1
        for extent in self.shape:
            product *= extent
        return product


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """One file of the model.

    name: file name. location: path or URL. size_bytes: of the whole file. header_bytes: up to the
    end of the tensor infos. data_offset: where tensor data begins (padded to the alignment, which
    is the shard's own).
    revision: commit or ETag the header was read at, None for a local file.
    """

    name: str
    location: str
    size_bytes: int
    header_bytes: int
    data_offset: int
    tensor_count: int
    alignment: int = 32
    revision: str | None = None


class RawEntries(Protocol):
    """The first shard's metadata as it stands in the file, for copies made byte for byte."""

    def read(self, keys: Collection[str] | None = None) -> dict[str, bytes]:
        """Whole entries (key, type, value) in file order, all or those asked for.

        Raises KnownError when they can no longer be read.
        """
        ...


@dataclass(frozen=True)
class ModelHeader:
    """What a GGUF model, in one file or several shards, says about itself.

    metadata (in file order) and alignment are the first shard's. Helpers return None for what the
    file does not say, or says in another type than its name promises; they raise only where noted.
    """

    metadata: Mapping[str, MetadataValue]
    tensors: tuple[TensorInfo, ...]
    shards: tuple[ShardInfo, ...]
    version: int = 3
    byte_order: ByteOrder = "little"
    alignment: int = 32
    raw: RawEntries | None = field(default=None, compare=False, repr=False)

    # -- generic access --------------------------------------------------------------------------

    def integer(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def number(self, key: str) -> float | None:
        value = self.metadata.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value)

    def text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        return value if isinstance(value, str) else None

    def count(self, key: str) -> int | None:
        """How many elements an array has, built or skipped."""
        value = self.metadata.get(key)
        if isinstance(value, ArraySkipped):
            return value.count
        return len(value) if isinstance(value, tuple) else None

    def arch_integer(self, key: str) -> int | None:
        """The value of `{architecture}.key`."""
        return self.integer(f"{self.architecture}.{key}")

    def arch_number(self, key: str) -> float | None:
        return self.number(f"{self.architecture}.{key}")

    def per_block(self, key: str) -> tuple[int, ...] | None:
        """`{architecture}.key` for each block, whether the file gives one value or an array.

        Raises KnownError when `block_count` does, or when an array has too few values.
        """
        value = self.metadata.get(f"{self.architecture}.{key}")
        blocks = self.block_count
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,) * blocks
        if not isinstance(value, tuple):
            return None
        numbers = tuple(number for number in value if isinstance(number, int))
        if len(numbers) != len(value) or len(numbers) < blocks:
            raise self._damaged(f"{key} has {len(value)} values for {blocks} layers")
        return numbers[:blocks]

    # -- the model -------------------------------------------------------------------------------

    @property
    def architecture(self) -> str:
        return self.text("general.architecture") or ""

    @property
    def name(self) -> str:
        return self.text("general.name") or self.shards[0].name

    @property
    def file_type(self) -> str | None:
        """The quantization the file calls itself, such as Q4_K_M."""
        number = self.integer("general.file_type")
        return FILE_TYPES.get(number & ~1024) if number is not None and number >= 0 else None

    @property
    def block_count(self) -> int:
        """Layers, MTP layers included. Raises KnownError when missing or out of 1..512."""
        count = self.arch_integer("block_count")
        if count is None or not 0 < count <= MAX_BLOCKS:
            raise self._damaged(f"block_count is {count}")
        return count

    @property
    def mtp_block_count(self) -> int:
        """Trailing blocks for multi-token prediction (nextn), which a normal load skips."""
        return min(max(self.arch_integer("nextn_predict_layers") or 0, 0), self.block_count)

    @property
    def layer_count(self) -> int:
        """Blocks that a normal load computes: all but the MTP ones."""
        return self.block_count - self.mtp_block_count

    @property
    def context_length(self) -> int | None:
        """Tokens the model was trained for."""
        return self.arch_integer("context_length")

    @property
    def embedding_length(self) -> int | None:
        return self.arch_integer("embedding_length")

    @property
    def feed_forward_lengths(self) -> tuple[int, ...] | None:
        """Per block, of the dense feed-forward network."""
        return self.per_block("feed_forward_length")

    @property
    def head_counts(self) -> tuple[int, ...] | None:
        """Attention heads per block."""
        return self.per_block("attention.head_count")

    @property
    def kv_head_counts(self) -> tuple[int, ...] | None:
        """KV heads per block; as many as heads where the file does not say."""
        return self.per_block("attention.head_count_kv") or self.head_counts

    @property
    def key_length(self) -> int | None:
        """Elements of one head's key; embedding / heads where the file does not say."""
        return self._head_length("attention.key_length")

    @property
    def value_length(self) -> int | None:
        return self._head_length("attention.value_length")

    @property
    def expert_count(self) -> int:
        """0 for a dense model."""
        return self.arch_integer("expert_count") or 0

    @property
    def expert_used_count(self) -> int:
        """Experts computed per token; the largest where it differs by layer."""
        value = self.metadata.get(f"{self.architecture}.expert_used_count")
        if isinstance(value, tuple):
            return max((number for number in value if isinstance(number, int)), default=0)
        return self.arch_integer("expert_used_count") or 0

    @property
    def expert_shared_count(self) -> int:
        return self.arch_integer("expert_shared_count") or 0

    @property
    def expert_feed_forward_length(self) -> int | None:
        return self.arch_integer("expert_feed_forward_length")

    @property
    def leading_dense_block_count(self) -> int:
        return self.arch_integer("leading_dense_block_count") or 0

    @property
    def vocabulary_size(self) -> int | None:
        """Tokens in the vocabulary."""
        listed = self.count("tokenizer.ggml.tokens")
        return self.arch_integer("vocab_size") if listed is None else listed

    @property
    def chat_template(self) -> str | None:
        return self.text("tokenizer.chat_template")

    # -- sums ------------------------------------------------------------------------------------

    @property
    def size_bytes(self) -> int:
        """Of all shards' files."""
        return sum(shard.size_bytes for shard in self.shards)

    @property
    def tensor_bytes(self) -> int:
        return sum(tensor.size_bytes for tensor in self.tensors)

    @property
    def parameters(self) -> int:
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def bits_per_weight(self) -> float | None:
        parameters = self.parameters
        return 8 * self.tensor_bytes / parameters if parameters else None

    @property
    def foreign_types(self) -> tuple[QuantType, ...]:
        """Tensor types that the engine cannot load, in order of first use."""
        return tuple({t.type: None for t in self.tensors if not t.type.loadable})

    def _head_length(self, key: str) -> int | None:
        given = self.arch_integer(key)
        heads = self.head_counts
        if given is not None or self.embedding_length is None or not heads or not max(heads):
            return given
        return self.embedding_length // max(heads)

    def _damaged(self, details: str) -> KnownError:
        return KnownError(
            tr(
                "{name} does not describe a language model that can be run.",
                name=self.shards[0].name,
            ),
            tr("In its header, {details}.", details=details),
            tr("Choose another file, or download this one again."),
            tr("architecture: {architecture}", architecture=self.architecture or "missing"),
        )
