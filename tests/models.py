"""Models made on the spot: tiny glm4moe files with random or scripted weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np

CONTROL, USER_DEFINED, NORMAL = 3, 4, 1
# In the order of their ids, after the 256 bytes and the words.
SPECIAL_TOKENS: Mapping[str, int] = {
    "<|endoftext|>": CONTROL,
    "[gMASK]": CONTROL,
    "<sop>": CONTROL,
    "<|system|>": CONTROL,
    "<|user|>": CONTROL,
    "<|assistant|>": CONTROL,
    "<|observation|>": CONTROL,
    "/nothink": CONTROL,
    "<think>": USER_DEFINED,
    "</think>": USER_DEFINED,
    "<tool_call>": USER_DEFINED,
    "</tool_call>": USER_DEFINED,
    "<arg_key>": USER_DEFINED,
    "</arg_key>": USER_DEFINED,
    "<arg_value>": USER_DEFINED,
    "</arg_value>": USER_DEFINED,
}
TEMPLATE = (
    "[gMASK]<sop>{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{% endfor %}<|assistant|>"
)


@dataclass(frozen=True)
class Shape:
    """The defaults are as small as llama.cpp takes: about 0.3 MB."""

    hidden: int = 64
    layers: int = 2
    heads: int = 2
    kv_heads: int = 1
    head_size: int = 32
    dense_ffn: int = 96
    expert_ffn: int = 32
    experts: int = 4
    experts_used: int = 2
    context: int = 1024
    vocabulary: int = 0  # at least this many tokens


@cache
def byte_characters() -> list[str]:
    """GPT-2's printable stand-in for every byte, as byte-level BPE vocabularies spell them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    table = {byte: chr(byte) for byte in plain}
    table |= {byte: chr(256 + index) for index, byte in enumerate(others)}
    return [table[byte] for byte in range(256)]


def spelled(text: str) -> str:
    """`text` in the vocabulary's spelling."""
    characters = byte_characters()
    return "".join(characters[byte] for byte in text.encode())


class TinyVocab:
    """256 byte tokens (ids are the bytes), then `words`, then the special tokens, then fillers."""

    def __init__(self, words: Sequence[str] = (), at_least: int = 0) -> None:
        self.tokens = byte_characters() + [spelled(word) for word in words]
        self.types = [NORMAL] * len(self.tokens)
        self.ids = {word: 256 + index for index, word in enumerate(words)}
        for text, kind in SPECIAL_TOKENS.items():
            self.ids[text] = len(self.tokens)
            self.tokens.append(text)
            self.types.append(kind)
        while len(self.tokens) < at_least:
            self.tokens.append(spelled(f"[{len(self.tokens)}]"))
            self.types.append(NORMAL)

    def __len__(self) -> int:
        return len(self.tokens)


def add_metadata(writer: gguf.GGUFWriter, shape: Shape, vocab: TinyVocab) -> None:
    writer.add_name("Tiny GLM")
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.dense_ffn)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.head_size // 2)
    writer.add_rope_freq_base(10000.0)
    writer.add_expert_count(shape.experts)
    writer.add_expert_used_count(shape.experts_used)
    writer.add_expert_feed_forward_length(shape.expert_ffn)
    writer.add_expert_shared_count(1)
    writer.add_leading_dense_block_count(1)
    writer.add_expert_weights_norm(True)
    writer.add_expert_weights_scale(1.0)
    _add_vocabulary(writer, vocab)
    writer.add_chat_template(TEMPLATE)


def _add_vocabulary(writer: gguf.GGUFWriter, vocab: TinyVocab) -> None:
    writer.add_vocab_size(len(vocab))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("glm4")
    writer.add_token_list(vocab.tokens)
    writer.add_token_types(vocab.types)
    writer.add_token_merges(["a b"])  # llama.cpp wants some; this pair is no token, so never made
    writer.add_bos_token_id(vocab.ids["[gMASK]"])
    writer.add_eos_token_id(vocab.ids["<|endoftext|>"])
    writer.add_eot_token_id(vocab.ids["<|user|>"])
    writer.add_uint32("tokenizer.ggml.eom_token_id", vocab.ids["<|observation|>"])


def tensor_shapes(shape: Shape, vocabulary: int) -> dict[str, tuple[int, ...]]:
    """Name -> shape in numpy's order."""
    hidden, head = shape.hidden, shape.head_size
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocabulary, hidden),
        "output_norm.weight": (hidden,),
        "output.weight": (vocabulary, hidden),
    }
    for layer in range(shape.layers):
        block: dict[str, tuple[int, ...]] = {
            "attn_norm.weight": (hidden,),
            "post_attention_norm.weight": (hidden,),
            "attn_q.weight": (shape.heads * head, hidden),
            "attn_k.weight": (shape.kv_heads * head, hidden),
            "attn_v.weight": (shape.kv_heads * head, hidden),
            "attn_output.weight": (hidden, shape.heads * head),
        }
        if layer == 0:
            block |= {
                "ffn_gate.weight": (shape.dense_ffn, hidden),
                "ffn_up.weight": (shape.dense_ffn, hidden),
                "ffn_down.weight": (hidden, shape.dense_ffn),
            }
        else:
            block |= {
                "ffn_gate_inp.weight": (shape.experts, hidden),
                "exp_probs_b.bias": (shape.experts,),
                "ffn_gate_exps.weight": (shape.experts, shape.expert_ffn, hidden),
                "ffn_up_exps.weight": (shape.experts, shape.expert_ffn, hidden),
                "ffn_down_exps.weight": (shape.experts, hidden, shape.expert_ffn),
                "ffn_gate_shexp.weight": (shape.expert_ffn, hidden),
                "ffn_up_shexp.weight": (shape.expert_ffn, hidden),
                "ffn_down_shexp.weight": (hidden, shape.expert_ffn),
            }
        shapes |= {f"blk.{layer}.{name}": size for name, size in block.items()}
    return shapes


def write_model(
    path: Path,
    shape: Shape = Shape(),
    *,
    words: Sequence[str] = (),
    scripts: Sequence[Sequence[int | str]] = (),
    quantization: gguf.GGMLQuantizationType = gguf.GGMLQuantizationType.F32,
    architecture: str = "glm4moe",
    seed: int = 0,
    add_bos: bool = False,
    **writer_options: Any,
) -> TinyVocab:
    """A model with random weights. With `scripts`, greedy decoding follows them instead: after a
    token (a byte, a word or a special token) comes the one that follows it in its script; no token
    may occur twice in all scripts, and after the last comes `<|endoftext|>`."""
    vocab = TinyVocab(words, shape.vocabulary)
    writer = gguf.GGUFWriter(path, architecture, **writer_options)
    add_metadata(writer, shape, vocab)
    if add_bos:
        writer.add_add_bos_token(True)
    random = np.random.default_rng(seed)
    embedding = random.standard_normal((len(vocab), shape.hidden), dtype=np.float32)
    for name, size in tensor_shapes(shape, len(vocab)).items():
        if name == "token_embd.weight":
            values = embedding
        elif name == "output.weight" and scripts:
            values = _successor_rows(vocab, embedding, scripts)
        elif "norm" in name:
            values = np.ones(size, dtype=np.float32)
        elif scripts and ("attn_output" in name or "ffn_down" in name):
            values = np.zeros(size, dtype=np.float32)  # the layers add nothing to the embedding
        else:
            values = random.standard_normal(size, dtype=np.float32) * np.float32(
                size[-1] ** -0.5 if len(size) > 1 else 0.1
            )
        _add_tensor(writer, name, values, quantization)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return vocab


def write_recurrent_model(path: Path, seed: int = 0) -> None:
    """A tiny Mamba with random weights: its state cannot be cut back."""
    vocab, hidden, inner, state, rank, kernel = TinyVocab(), 32, 64, 8, 4, 4
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_block_count(1)
    writer.add_context_length(512)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    _add_vocabulary(writer, vocab)
    random = np.random.default_rng(seed)
    for name, size in {
        "token_embd.weight": (len(vocab), hidden),
        "output_norm.weight": (hidden,),
        "blk.0.attn_norm.weight": (hidden,),
        "blk.0.ssm_in.weight": (2 * inner, hidden),
        "blk.0.ssm_conv1d.weight": (inner, kernel),
        "blk.0.ssm_conv1d.bias": (inner,),
        "blk.0.ssm_x.weight": (rank + 2 * state, inner),
        "blk.0.ssm_dt.weight": (inner, rank),
        "blk.0.ssm_dt.bias": (inner,),
        "blk.0.ssm_a": (inner, state),
        "blk.0.ssm_d": (inner,),
        "blk.0.ssm_out.weight": (hidden, inner),
    }.items():
        values = random.standard_normal(size, dtype=np.float32)
        writer.add_tensor(name, -np.abs(values) if name.endswith("ssm_a") else values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_other_model(path: Path, architecture: Literal["dream", "bert"]) -> None:
    """A tiny model that does not continue texts: Dream fills them in, BERT only reads them."""
    vocab, hidden = TinyVocab(), 32
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(1)
    writer.add_context_length(512)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)
    writer.add_token_type_count(1)
    _add_vocabulary(writer, vocab)
    matrices = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"]
    shapes: dict[str, tuple[int, ...]] = {"token_embd.weight": (len(vocab), hidden)}
    if architecture == "dream":
        matrices.append("ffn_gate")
        norms = ["output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"]
    else:
        shapes["position_embd.weight"] = (512, hidden)
        norms = ["token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"]
        shapes |= {f"{name}.bias": (hidden,) for name in norms}
    shapes |= {f"{name}.weight": (hidden,) for name in norms}
    shapes |= {f"blk.0.{name}.weight": (hidden, hidden) for name in matrices}
    for name, size in shapes.items():
        writer.add_tensor(name, np.ones(size, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_sparse_model(path: Path, shape: Shape) -> None:
    """A file that says it holds F16 weights of that shape, with a hole in their place."""
    vocab = TinyVocab((), shape.vocabulary)
    writer = gguf.GGUFWriter(path, "glm4moe")
    add_metadata(writer, shape, vocab)
    end = 0
    for name, size in tensor_shapes(shape, len(vocab)).items():
        kind = np.float32 if len(size) == 1 or "gate_inp" in name else np.float16
        bytes_ = int(np.prod(size, dtype=np.int64)) * np.dtype(kind).itemsize
        writer.add_tensor_info(name, size, np.dtype(kind), bytes_)
        end += gguf.GGUFWriter.ggml_pad(bytes_, 32)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        file.truncate(gguf.GGUFWriter.ggml_pad(path.stat().st_size, 32) + end)


def _successor_rows(
    vocab: TinyVocab, embedding: np.ndarray[Any, Any], scripts: Sequence[Sequence[int | str]]
) -> np.ndarray[Any, Any]:
    """The row of a token is the embedding of its predecessor, so its logit is the highest there."""
    rows = np.zeros_like(embedding)
    ends = []
    for script in scripts:
        tokens = [vocab.ids[token] if isinstance(token, str) else token for token in script]
        for token, following in pairwise(tokens):
            rows[following] += embedding[token]
        ends.append(tokens[-1])
    for token in ends:
        rows[vocab.ids["<|endoftext|>"]] += embedding[token]
    return rows


def _add_tensor(
    writer: gguf.GGUFWriter,
    name: str,
    values: np.ndarray[Any, Any],
    quantization: gguf.GGMLQuantizationType,
) -> None:
    keep = values.ndim == 1 or "gate_inp" in name
    if keep or quantization == gguf.GGMLQuantizationType.F32:
        writer.add_tensor(name, values)
        return
    packed = gguf.quants.quantize(values, quantization)
    writer.add_tensor(name, packed, raw_dtype=quantization)
