"""What a header says about GLM models: sizes as published, dimensions, loadability, tokens."""

import pickle
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.gguf.loadable import why_not_loadable
from app.gguf.quants import QUANT_TYPES, quant_type
from app.gguf.read import read_header
from app.gguf.types import ModelHeader, ShardInfo
from app.gguf.vocabulary import CONTROL, NORMAL, USER_DEFINED, Token, read_tokens, token_text
from app.gguf.write import NewTensor, Typed, Value, encode_entry, encode_header
from tests.gguf.glm46 import (
    GLM_4_9B,
    GLM_4_32B,
    GLM_45_AIR,
    GLM_46,
    GLM_47_FLASH,
    SMALL_MOE,
    Glm,
    write_model,
)
from tests.gguf.makers import BASE, field, file_bytes, header, new_tensors, save
from tests.gguf.test_parse import big_endian


@pytest.mark.parametrize(
    ("model", "quantization", "published_gb", "tolerance"),
    [
        (GLM_46, "BF16", 713.72, 0.0005),
        (GLM_46, "Q8_0", 379.32, 0.0005),
        (GLM_46, "Q6_K", 293.0, 0.002),
        (GLM_46, "Q5_K_M", 253.0, 0.002),
        (GLM_46, "Q4_K_M", 216.0, 0.005),
        (GLM_46, "Q2_K", 131.0, 0.01),
        (GLM_46, "UD-Q4_K_XL", 204.0, 0.01),
        (GLM_46, "UD-Q3_K_XL", 158.0, 0.01),
        (GLM_46, "UD-Q2_K_XL", 135.0, 0.01),
        (GLM_46, "UD-IQ1_M", 107.0, 0.01),
        (GLM_46, "UD-TQ1_0", 84.1, 0.02),
        (GLM_45_AIR, "Q4_K_M", 72.976, 0.003),
        (GLM_45_AIR, "BF16", 220.99, 0.001),
        (GLM_4_32B, "Q4_K_M", 19.67, 0.001),
    ],
    ids=lambda value: value.name if isinstance(value, Glm) else str(value),
)
def test_sizes_are_close_to_those_of_the_published_files(
    model: Glm, quantization: str, published_gb: float, tolerance: float
) -> None:
    sizes = [t.type.size_of(t.shape) or 0 for t in model.new_tensors(quantization)]
    assert sum(sizes) / 1e9 == pytest.approx(published_gb, rel=tolerance)


@pytest.mark.parametrize(
    ("model", "billions"),
    [
        (GLM_46, 356.786),
        (GLM_45_AIR, 110.469),
        (GLM_4_32B, 32.566),
        (GLM_4_9B, 9.400),
        (GLM_47_FLASH, 29.943),
    ],
    ids=lambda value: value.name if isinstance(value, Glm) else str(value),
)
def test_parameters_are_those_llama_cpp_prints(tmp_path: Path, model: Glm, billions: float) -> None:
    read = read_header(write_model(tmp_path, model, "Q8_0"))
    assert round(read.parameters / 1e9, 3) == billions


def test_glm46_describes_itself(tmp_path: Path) -> None:
    glm = read_header(write_model(tmp_path, GLM_46, "Q4_K_M"))
    assert (glm.architecture, glm.name, glm.file_type) == ("glm4moe", "GLM-4.6", "Q4_K_M")
    assert (glm.block_count, glm.mtp_block_count, glm.layer_count) == (93, 1, 92)
    assert (glm.context_length, glm.embedding_length) == (202_752, 5120)
    assert glm.head_counts == (96,) * 93
    assert glm.kv_head_counts == (8,) * 93
    assert (glm.key_length, glm.value_length) == (128, 128)
    assert (glm.expert_count, glm.expert_used_count, glm.expert_shared_count) == (160, 8, 1)
    assert (glm.expert_feed_forward_length, glm.leading_dense_block_count) == (1536, 3)
    assert glm.feed_forward_lengths == (12_288,) * 93
    assert glm.vocabulary_size == 151_552
    assert glm.count("tokenizer.ggml.merges") == 318_088
    assert glm.arch_number("rope.freq_base") == 1e6
    assert glm.bits_per_weight == pytest.approx(4.83, abs=0.01)
    assert glm.chat_template is not None
    assert glm.chat_template.startswith("[gMASK]<sop>")
    assert len(glm.tensors) == 1759
    by_name = {tensor.name: tensor for tensor in glm.tensors}
    assert by_name["blk.92.nextn.eh_proj.weight"].block == 92
    assert by_name["blk.3.ffn_down_exps.weight"].shape == (1536, 5120, 160)
    assert by_name["output.weight"].block is None
    assert why_not_loadable(glm) is None


def test_headers_travel_between_processes(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path, SMALL_MOE, "Q4_K_M", shards=2))
    there = pickle.loads(pickle.dumps(header))  # noqa: S301 - our own
    assert there == header
    assert there.raw.read(["general.name"]) == header.raw.read(["general.name"])  # type: ignore[union-attr]


def described(**values: Value) -> ModelHeader:
    metadata = {"general.architecture": "x"} | {f"x.{k}": v for k, v in values.items()}
    shard = ShardInfo("m.gguf", "m.gguf", 0, 0, 0, 0)
    return ModelHeader(metadata, (), (shard,))  # type: ignore[arg-type] # values of both kinds


def test_what_a_header_does_not_say() -> None:
    nothing = described()
    assert nothing.context_length is None
    assert nothing.expert_count == nothing.expert_used_count == 0
    assert nothing.vocabulary_size is None
    assert nothing.chat_template is None
    assert nothing.file_type is None
    assert nothing.bits_per_weight is None
    assert nothing.name == "m.gguf"


@pytest.mark.parametrize("count", [None, 0, -1, 513, 2**32 - 1, "93", True, 3.0])
def test_an_impossible_number_of_layers(count: Value | None) -> None:
    damaged = described(**({} if count is None else {"block_count": count}))
    with pytest.raises(KnownError, match="block_count is"):
        _ = damaged.layer_count


def test_values_per_layer() -> None:
    mixed = described(
        block_count=3,
        embedding_length=96,
        vocab_size=7,
        expert_used_count=(2, 6, 4),
        **{"attention.head_count": (4, 0, 8)},
    )
    assert mixed.head_counts == (4, 0, 8)
    assert mixed.kv_head_counts == (4, 0, 8), "as many as heads where the file does not say"
    assert mixed.key_length == 96 // 8
    assert mixed.expert_used_count == 6
    assert mixed.vocabulary_size == 7
    with pytest.raises(KnownError, match="2 values for 3 layers"):
        _ = described(block_count=3, feed_forward_length=(1, 2)).feed_forward_lengths
    with pytest.raises(KnownError, match="3 values for 3 layers"):
        _ = described(block_count=3, feed_forward_length=(1.0, 2.0, 3.0)).feed_forward_lengths


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("IQ4_KS", "(IQ4_KS) can be loaded only by ik_llama.cpp"),
        ("IQ2_KL", "(IQ2_KL) can be loaded only by ik_llama.cpp"),
        ("IQ1_KT", "(IQ1_KT) can be loaded only by ik_llama.cpp"),
        ("Q4_0_4_4", "(Q4_0_4_4) was given up by llama.cpp"),
    ],
)
def test_types_of_other_programs_are_named(tmp_path: Path, name: str, words: str) -> None:
    tensors = new_tensors((("a", (256,), "F32"), ("w", (256, 64), name)))
    data, size = encode_header([encode_entry("general.architecture", "x")], tensors)
    problem = why_not_loadable(read_header(save(tmp_path / "m.gguf", data.ljust(size, b"\0"))))
    assert problem is not None
    assert words in problem.why


def test_row_bytes_of_ik_llama_cpp_count() -> None:
    """Two more bytes per row, beside 86 per 256 weights (ik_llama.cpp's ggml_row_size)."""
    assert quant_type(157).size_of((512, 10, 3)) == (2 + 2 * 86) * 30
    assert quant_type(144).size_of((0, 10)) == 0


def test_other_reasons_not_to_load(tmp_path: Path) -> None:
    data, size = header()
    unknown = field(data, "tensor type").replaced(data, 999).ljust(size, b"\0")
    gap = field(data, "offset", 4).replaced(data, 32 * 10_000).ljust(2 * size + 320_032, b"\0")
    empty = file_bytes()[:4] + encode_header([], [])[0][4:]
    for data_, words in (
        (unknown, "does not know (type 999)"),
        (gap, "does not follow the tensor before it"),
        (empty, "a vocabulary or a list of settings"),
        (big_endian() + bytes(200), "own machine's byte order"),
    ):
        problem = why_not_loadable(read_header(save(tmp_path / "m.gguf", data_)))
        assert problem is not None
        assert words in problem.why


def test_special_tokens_and_texts(tmp_path: Path) -> None:
    types = [1] * 2000
    types[5], types[1999] = CONTROL, USER_DEFINED
    tokens = [f"tok{n}" for n in range(1999)] + ["<think>"]
    metadata: dict[str, Value] = {
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": Typed("int32", types),
        "tokenizer.ggml.eos_token_id": 1999,
        "tokenizer.ggml.bos_token_id": 2000,
    }
    read = read_header(save(tmp_path / "m.gguf", file_bytes(BASE | metadata)))
    assert read_tokens(read) == (Token(5, "tok5", CONTROL), Token(1999, "<think>", USER_DEFINED))
    assert len(read_tokens(read, (NORMAL,))) == 1998
    assert token_text(read, "tokenizer.ggml.eos_token_id") == "<think>"
    assert token_text(read, "tokenizer.ggml.bos_token_id") is None
    assert token_text(read, "tokenizer.ggml.absent") is None


def test_a_vocabulary_that_does_not_match_its_types(tmp_path: Path) -> None:
    metadata: dict[str, Value] = {"tokenizer.ggml.token_type": Typed("int32", [1, 3])}
    read = read_header(save(tmp_path / "m.gguf", file_bytes(BASE | metadata)))
    with pytest.raises(KnownError, match="300 tokens and 2 token types"):
        read_tokens(read)


def test_token_types_of_another_kind(tmp_path: Path) -> None:
    metadata: dict[str, Value] = {"tokenizer.ggml.token_type": Typed("uint8", [1] * 300)}
    read = read_header(save(tmp_path / "m.gguf", file_bytes(BASE | metadata)))
    with pytest.raises(KnownError, match="not 32-bit numbers"):
        read_tokens(read)


def test_a_vocabulary_without_types_has_no_special_tokens(tmp_path: Path) -> None:
    metadata = {k: v for k, v in BASE.items() if k != "tokenizer.ggml.token_type"}
    read = read_header(save(tmp_path / "m.gguf", file_bytes(metadata)))
    assert read_tokens(read) == ()
    assert len(read_tokens(read, (NORMAL,))) == 300


def test_names_of_types_are_unique() -> None:
    assert len({quant.name for quant in QUANT_TYPES.values()}) == len(QUANT_TYPES)
    assert quant_type(8).bits_per_weight == 8.5
    assert quant_type(999).bits_per_weight is None
    assert NewTensor("w", (32,), quant_type(8)).type is QUANT_TYPES[8]
