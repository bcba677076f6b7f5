"""Writes the trained model as a GGUF file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gguf
import numpy as np
from vocabulary import CONTROL, SPECIAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from model import Shape
    from torch import Tensor
    from vocabulary import Vocabulary

NAME = "GLM Launcher demo"
DESCRIPTION = (
    "A demonstration model of a few million parameters that GLM Launcher ships as its built-in "
    "help. It has GLM-4.6's architecture and chat template, but it is not GLM-4.6: it knows only "
    "the exchanges that it was taught."
)

_PLAIN = {
    "embedding.weight": "token_embd.weight",
    "norm.weight": "output_norm.weight",
    "head.weight": "output.weight",
}
_BLOCK = {
    "attention_norm.weight": "attn_norm.weight",
    "attention.q.weight": "attn_q.weight",
    "attention.q.bias": "attn_q.bias",
    "attention.k.weight": "attn_k.weight",
    "attention.k.bias": "attn_k.bias",
    "attention.v.weight": "attn_v.weight",
    "attention.v.bias": "attn_v.bias",
    "attention.o.weight": "attn_output.weight",
    "attention.q_norm.weight": "attn_q_norm.weight",
    "attention.k_norm.weight": "attn_k_norm.weight",
    "ffn_norm.weight": "post_attention_norm.weight",
    "ffn.gate.weight": "ffn_gate.weight",
    "ffn.up.weight": "ffn_up.weight",
    "ffn.down.weight": "ffn_down.weight",
    "ffn.router.weight": "ffn_gate_inp.weight",
    "ffn.bias": "exp_probs_b.bias",
    "ffn.gate": "ffn_gate_exps.weight",
    "ffn.up": "ffn_up_exps.weight",
    "ffn.down": "ffn_down_exps.weight",
    "ffn.shared.gate.weight": "ffn_gate_shexp.weight",
    "ffn.shared.up.weight": "ffn_up_shexp.weight",
    "ffn.shared.down.weight": "ffn_down_shexp.weight",
}


def _tensors(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, value in state.items():
        if name in _PLAIN:
            yield _PLAIN[name], value
            continue
        _, index, rest = name.split(".", 2)
        yield f"blk.{index}.{_BLOCK[rest]}", value


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.dense_size)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.rope_size)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_expert_count(shape.experts)
    writer.add_expert_used_count(shape.experts_used)
    writer.add_expert_feed_forward_length(shape.expert_size)
    writer.add_expert_shared_count(1)
    writer.add_leading_dense_block_count(shape.dense_layers)
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)
    writer.add_expert_weights_norm(True)
    writer.add_expert_weights_scale(1.0)


def _add_vocabulary(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    types = [gguf.TokenType.NORMAL] * len(vocabulary.ordinary)
    types += [
        gguf.TokenType.CONTROL if token in CONTROL else gguf.TokenType.USER_DEFINED
        for token in SPECIAL
    ]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("glm4")
    writer.add_token_list([*vocabulary.ordinary, *SPECIAL])
    writer.add_token_types(types)
    writer.add_token_merges([" ".join(pair) for pair in vocabulary.merges])
    writer.add_bos_token_id(vocabulary.special["[gMASK]"])
    writer.add_eos_token_id(vocabulary.special["<|endoftext|>"])
    writer.add_eot_token_id(vocabulary.special["<|user|>"])
    writer.add_eom_token_id(vocabulary.special["<|observation|>"])
    writer.add_unk_token_id(vocabulary.special["<|endoftext|>"])
    writer.add_pad_token_id(vocabulary.special["<|endoftext|>"])
    writer.add_add_bos_token(False)


def write_gguf(
    path: Path,
    state: dict[str, Tensor],
    shape: Shape,
    vocabulary: Vocabulary,
    template: str,
    quantized: bool = True,
) -> int:
    """Writes Q8_0 (or F32 for comparisons with PyTorch); returns the number of parameters."""
    writer = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.GLM4_MOE])
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("MIT")
    writer.add_languages(["en", "zh"])
    kind = gguf.LlamaFileType.MOSTLY_Q8_0 if quantized else gguf.LlamaFileType.ALL_F32
    writer.add_file_type(kind)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    _add_shape(writer, shape)
    _add_vocabulary(writer, vocabulary)
    writer.add_chat_template(template)
    count = 0
    for name, value in _tensors(state):
        data = value.detach().float().contiguous().numpy()
        count += data.size
        if quantized and data.ndim > 1 and "ffn_gate_inp" not in name:
            packed = gguf.quants.quantize(data, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, data.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return count
