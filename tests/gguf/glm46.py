"""Full-size headers of GLM models, made from their published dimensions: all but the weights.

Names and shapes are those that llama.cpp's loaders ask for (src/models/glm4-moe.cpp, glm4.cpp,
deepseek2.cpp). The vocabulary is made up, of the real size.
"""

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from app.gguf.quants import FILE_TYPES
from app.gguf.write import (
    EncodedStrings,
    NewTensor,
    Typed,
    Value,
    encode_entry,
    encode_header,
    write_sparse,
)
from tests.gguf.recipes import RECIPES

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Glm:
    """Dimensions of one model; blocks includes mtp_blocks."""

    name: str
    architecture: str
    blocks: int
    embedding: int
    heads: int
    kv_heads: int
    head_length: int
    feed_forward: int
    context: int
    rope_dimensions: int
    rope_base: float
    vocabulary: int = 151_552
    merges: int = 318_088
    mtp_blocks: int = 0
    experts: int = 0
    experts_used: int = 0
    expert_feed_forward: int = 0
    dense_blocks: int = 0
    expert_scale: float = 1.0
    qk_norm: bool = False
    mtp_embeddings: bool = False
    q_lora: int = 0
    kv_lora: int = 0

    def tensors(self) -> Iterator[tuple[str, Shape]]:
        yield "token_embd.weight", (self.embedding, self.vocabulary)
        for block in range(self.blocks):
            for name, shape in self._block(block):
                yield f"blk.{block}.{name}", shape
        yield "output_norm.weight", (self.embedding,)
        yield "output.weight", (self.embedding, self.vocabulary)

    def _block(self, block: int) -> Iterator[tuple[str, Shape]]:
        width = self.embedding
        yield "attn_norm.weight", (width,)
        yield from self._latent_attention() if self.kv_lora else self._attention()
        if self.architecture == "glm4":
            yield "ffn_norm.weight", (width,)
            yield "ffn_up.weight", (width, 2 * self.feed_forward)
            yield "ffn_down.weight", (self.feed_forward, width)
            yield "post_ffw_norm.weight", (width,)
        elif block < self.dense_blocks:
            yield from _feed_forward("", width, self.feed_forward)
        else:
            yield from self._mixture()
        if block >= self.blocks - self.mtp_blocks:
            yield from self._mtp()

    def _attention(self) -> Iterator[tuple[str, Shape]]:
        width, queries = self.embedding, self.heads * self.head_length
        keys = self.kv_heads * self.head_length
        for letter, rows in (("q", queries), ("k", keys), ("v", keys)):
            yield f"attn_{letter}.weight", (width, rows)
            if self.architecture == "glm4moe":
                yield f"attn_{letter}.bias", (rows,)
        yield "attn_output.weight", (queries, width)
        if self.qk_norm:
            yield "attn_q_norm.weight", (self.head_length,)
            yield "attn_k_norm.weight", (self.head_length,)
        yield "post_attention_norm.weight", (width,)

    def _latent_attention(self) -> Iterator[tuple[str, Shape]]:
        width, rope = self.embedding, self.rope_dimensions
        yield "attn_q_a.weight", (width, self.q_lora)
        yield "attn_q_a_norm.weight", (self.q_lora,)
        yield "attn_q_b.weight", (self.q_lora, self.heads * self.head_length)
        yield "attn_kv_a_mqa.weight", (width, self.kv_lora + rope)
        yield "attn_kv_a_norm.weight", (self.kv_lora,)
        yield "attn_k_b.weight", (self.head_length - rope, self.kv_lora, self.heads)
        yield "attn_v_b.weight", (self.kv_lora, self.head_length, self.heads)
        yield "attn_output.weight", (self.heads * self.head_length, width)
        yield "ffn_norm.weight", (width,)

    def _mixture(self) -> Iterator[tuple[str, Shape]]:
        width, inner = self.embedding, self.expert_feed_forward
        yield "ffn_gate_inp.weight", (width, self.experts)
        yield "exp_probs_b.bias", (self.experts,)
        yield "ffn_gate_exps.weight", (width, inner, self.experts)
        yield "ffn_up_exps.weight", (width, inner, self.experts)
        yield "ffn_down_exps.weight", (inner, width, self.experts)
        yield from _feed_forward("_shexp", width, inner)

    def _mtp(self) -> Iterator[tuple[str, Shape]]:
        width = self.embedding
        yield "nextn.eh_proj.weight", (2 * width, width)
        yield "nextn.enorm.weight", (width,)
        yield "nextn.hnorm.weight", (width,)
        if self.mtp_embeddings:
            yield "nextn.embed_tokens.weight", (width, self.vocabulary)
            yield "nextn.shared_head_head.weight", (width, self.vocabulary)
        yield "nextn.shared_head_norm.weight", (width,)

    def metadata(self, quantization: str) -> dict[str, Value]:
        arch: dict[str, Value] = {
            "block_count": self.blocks,
            "context_length": self.context,
            "embedding_length": self.embedding,
            "feed_forward_length": self.feed_forward,
            "attention.head_count": self.heads,
            "attention.head_count_kv": self.kv_heads,
            "attention.key_length": self.head_length,
            "attention.value_length": self.head_length,
            "attention.layer_norm_rms_epsilon": 1e-5,
            "rope.dimension_count": self.rope_dimensions,
            "rope.freq_base": self.rope_base,
        }
        if self.experts:
            arch |= {
                "expert_count": self.experts,
                "expert_used_count": self.experts_used,
                "expert_shared_count": 1,
                "expert_feed_forward_length": self.expert_feed_forward,
                "leading_dense_block_count": self.dense_blocks,
                "expert_gating_func": 2,
                "expert_weights_scale": self.expert_scale,
                "expert_weights_norm": True,
            }
        if self.mtp_blocks:
            arch["nextn_predict_layers"] = self.mtp_blocks
        if self.kv_lora:
            arch |= {
                "attention.q_lora_rank": self.q_lora,
                "attention.kv_lora_rank": self.kv_lora,
                "attention.key_length": self.kv_lora + self.rope_dimensions,
                "attention.value_length": self.kv_lora,
                "attention.key_length_mla": self.head_length,
                "attention.value_length_mla": self.head_length,
            }
        general: dict[str, Value] = {
            "general.architecture": self.architecture,
            "general.type": "model",
            "general.name": self.name,
            "general.languages": ["en", "zh"],
            "general.quantization_version": 2,
            "general.file_type": _file_type(quantization),
        }
        prefixed = {f"{self.architecture}.{key}": value for key, value in arch.items()}
        return general | prefixed | _tokenizer(self.vocabulary, self.merges)

    def new_tensors(self, quantization: str) -> list[NewTensor]:
        recipe = RECIPES[quantization]
        made: list[NewTensor] = []
        for name, shape in self.tensors():
            block = int(name.split(".")[1]) if name.startswith("blk.") else None
            made.append(NewTensor(name, shape, recipe.type_of(name, shape, block, self.blocks)))
        return made


def _feed_forward(suffix: str, width: int, inner: int) -> Iterator[tuple[str, Shape]]:
    yield f"ffn_gate{suffix}.weight", (width, inner)
    yield f"ffn_down{suffix}.weight", (inner, width)
    yield f"ffn_up{suffix}.weight", (width, inner)


def _file_type(quantization: str) -> int:
    names = {name: number for number, name in FILE_TYPES.items()}
    return names.get(quantization.removeprefix("UD-").replace("_XL", "_M"), 15)


@lru_cache(maxsize=4)
def _tokenizer(vocabulary: int, merges: int) -> dict[str, Value]:
    specials = {
        "<|endoftext|>": -223,
        "[MASK]": -222,
        "[gMASK]": -221,
        "<sop>": -219,
        "<|user|>": -216,
        "<|observation|>": -214,
    }
    texts = _made_up_texts(vocabulary)
    types = [1] * vocabulary
    for text, place in specials.items():
        texts[place] = text.encode()
        types[place] = 3
    pairs = itertools.islice(itertools.combinations(texts[1000:2000], 2), merges)
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "glm4",
        "tokenizer.ggml.tokens": _encoded(texts),
        "tokenizer.ggml.token_type": Typed("int32", types),
        "tokenizer.ggml.merges": _encoded([b"%b %b" % pair for pair in pairs]),
        "tokenizer.ggml.eos_token_id": vocabulary - 223,
        "tokenizer.ggml.padding_token_id": vocabulary - 222,
        "tokenizer.ggml.bos_token_id": vocabulary - 221,
        "tokenizer.ggml.eot_token_id": vocabulary - 216,
        "tokenizer.ggml.eom_token_id": vocabulary - 214,
        "tokenizer.chat_template": "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n"
        "{{ m.content }}{% endfor %}<|assistant|>",
    }


def _made_up_texts(count: int) -> list[bytes]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = itertools.chain.from_iterable(
        ("".join(word).encode() for word in itertools.product(letters, repeat=length))
        for length in (1, 2, 3, 4)
    )
    # Lengths like those of a real vocabulary, six bytes on average.
    endings = itertools.cycle([b"", b"ing", b"ation", b"_", b"s", b"ly0"])
    texts = [word + ending for word, ending in zip(words, endings, strict=False)]
    single = b"0123456789.,ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    unique = dict.fromkeys([*(bytes([b]) for b in single), "Ċ".encode(), *texts])
    return list(itertools.islice(unique, count))


def _encoded(texts: Sequence[bytes]) -> EncodedStrings:
    lengths = [struct.pack("<Q", n) for n in range(64)]
    return EncodedStrings(len(texts), b"".join(lengths[len(text)] + text for text in texts))


GLM_46 = Glm(
    name="GLM-4.6",
    architecture="glm4moe",
    blocks=93,
    mtp_blocks=1,
    embedding=5120,
    heads=96,
    kv_heads=8,
    head_length=128,
    feed_forward=12_288,
    context=202_752,
    rope_dimensions=64,
    rope_base=1e6,
    experts=160,
    experts_used=8,
    expert_feed_forward=1536,
    dense_blocks=3,
    expert_scale=2.5,
    qk_norm=True,
)
GLM_45_AIR = Glm(
    name="GLM-4.5-Air",
    architecture="glm4moe",
    blocks=47,
    mtp_blocks=1,
    embedding=4096,
    heads=96,
    kv_heads=8,
    head_length=128,
    feed_forward=10_944,
    context=131_072,
    rope_dimensions=64,
    rope_base=1e6,
    experts=128,
    experts_used=8,
    expert_feed_forward=1408,
    dense_blocks=1,
    mtp_embeddings=True,
)
GLM_4_32B = Glm(
    name="GLM-4-32B-0414",
    architecture="glm4",
    blocks=61,
    embedding=6144,
    heads=48,
    kv_heads=2,
    head_length=128,
    feed_forward=23_040,
    context=32_768,
    rope_dimensions=64,
    rope_base=1e4,
)
GLM_4_9B = replace(
    GLM_4_32B,
    name="GLM-4-9B-0414",
    blocks=40,
    embedding=4096,
    heads=32,
    feed_forward=13_696,
)
GLM_47_FLASH = Glm(
    name="GLM-4.7-Flash",
    architecture="deepseek2",
    blocks=47,
    embedding=2048,
    heads=20,
    kv_heads=1,
    head_length=256,
    feed_forward=10_240,
    context=202_752,
    rope_dimensions=64,
    rope_base=1e6,
    vocabulary=154_880,
    experts=64,
    experts_used=4,
    expert_feed_forward=1536,
    dense_blocks=1,
    expert_scale=1.8,
    q_lora=768,
    kv_lora=512,
)
# GLM-4.6 in small: the same tensors, for tests that need no size.
SMALL_MOE = Glm(
    name="Small MoE",
    architecture="glm4moe",
    blocks=9,
    mtp_blocks=1,
    embedding=1024,
    heads=16,
    kv_heads=4,
    head_length=64,
    feed_forward=2816,
    context=32_768,
    rope_dimensions=32,
    rope_base=1e6,
    vocabulary=4096,
    merges=2000,
    experts=32,
    experts_used=4,
    expert_feed_forward=512,
    dense_blocks=1,
    qk_norm=True,
)
MODELS = (GLM_46, GLM_45_AIR, GLM_4_32B, GLM_4_9B, GLM_47_FLASH, SMALL_MOE)


def write_model(folder: Path, model: Glm, quantization: str, shards: int = 1) -> Path:
    """Write the model's sparse file or shards as a repository names them; gives the first.

    With several shards the first holds metadata only, as in newer repositories.
    """
    base = f"{model.name}-{quantization}".replace(" ", "-")
    entries = [encode_entry(*item) for item in model.metadata(quantization).items()]
    tensors = model.new_tensors(quantization)
    if shards == 1:
        path = folder / f"{base}.gguf"
        write_sparse(path, *encode_header(entries, tensors))
        return path
    paths = [folder / f"{base}-{n + 1:05d}-of-{shards:05d}.gguf" for n in range(shards)]
    share = -(-len(tensors) // (shards - 1))
    for number, path in enumerate(paths):
        split = [
            encode_entry("split.no", Typed("uint16", number)),
            encode_entry("split.tensors.count", Typed("int32", len(tensors))),
            encode_entry("split.count", Typed("uint16", shards)),
        ]
        own = tensors[(number - 1) * share : number * share] if number else []
        write_sparse(path, *encode_header([*entries, *split] if number == 0 else split, own))
    return paths[0]
