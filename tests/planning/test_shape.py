"""A header as planning sees it: exact bytes, exact context memory."""

from dataclasses import replace

import pytest

from app.core.errors import KnownError
from app.core.placement import KvType
from app.gguf.quants import QUANT_TYPES_BY_NAME
from app.gguf.types import ModelHeader, ShardInfo, TensorInfo
from app.planning.assignment import cells_for, kv_bytes
from app.planning.shape import model_shape, padded_cells, row_bytes
from app.planning.types import MIB, Choice
from tests.gguf.glm46 import GLM_4_9B, GLM_4_32B, GLM_45_AIR, GLM_46, GLM_47_FLASH, MODELS, Glm
from tests.planning.made import header_of, shape_of

# Published or printed by llama.cpp, bytes per token at f16.
KV_PER_TOKEN = {
    GLM_46: 376_832,
    GLM_45_AIR: 188_416,
    GLM_4_32B: 62_464,
    GLM_4_9B: 40_960,
    GLM_47_FLASH: 54_144,
}


def per_token(model: Glm, kind: KvType) -> int:
    shape = shape_of(model)
    return sum(shape.kv_bytes_per_token(index, kind, kind) for index in range(len(shape.layers)))


@pytest.mark.parametrize("model", KV_PER_TOKEN, ids=lambda model: model.name)
def test_context_memory_per_token(model: Glm) -> None:
    assert per_token(model, "f16") == KV_PER_TOKEN[model]
    assert per_token(model, "q8_0") == KV_PER_TOKEN[model] * 17 // 32
    assert per_token(model, "q4_0") == KV_PER_TOKEN[model] * 9 // 32


def test_context_memory_as_llama_cpp_prints_it() -> None:
    shape = shape_of(GLM_46)
    choice = Choice(context_tokens=32_768)
    assert sum(kv_bytes(shape, choice, cells_for(shape, choice))) == 11_776 * MIB


def test_a_context_is_rounded_up_to_whole_pages() -> None:
    assert [padded_cells(tokens) for tokens in (1, 256, 257, 32_768)] == [256, 256, 512, 32_768]


def test_a_row_that_is_not_whole_blocks_is_refused() -> None:
    assert row_bytes("q8_0", 0) == 0
    with pytest.raises(KnownError) as caught:
        row_bytes("q8_0", 40)
    assert "q8_0" in caught.value.what


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_byte_of_the_file_is_somewhere(model: Glm) -> None:
    header, shape = header_of(model), shape_of(model)
    assert shape.weights_bytes + shape.skipped_bytes == header.tensor_bytes
    assert sum(layer.always_elements + layer.expert_elements for layer in shape.layers) < (
        header.parameters
    )


def test_mtp_layers_cost_nothing_unless_they_are_loaded() -> None:
    header = header_of(GLM_46)
    without, loaded = model_shape(header), model_shape(header, load_mtp=True)
    assert (len(without.layers), without.computed_layers) == (93, 92)
    last = without.layers[-1]
    assert (last.always_bytes, last.expert_bytes, last.key_elements) == (0, 0, 0)
    assert without.skipped_bytes > 10**9
    assert loaded.skipped_bytes == 0
    assert loaded.weights_bytes == header.tensor_bytes
    assert loaded.layers[-1].key_elements == 1024


def test_experts_are_told_from_what_is_always_read() -> None:
    shape = shape_of(GLM_46)
    assert shape.expert_layers == tuple(range(3, 92))
    assert not shape.layers[0].expert_bytes
    experts = sum(layer.expert_elements for layer in shape.layers)
    assert 335.9e9 < experts < 336.1e9
    assert shape.active_expert_share == 8 / 160
    assert not shape_of(GLM_4_32B).mixture_of_experts


def test_a_compressed_context_has_keys_only() -> None:
    shape = shape_of(GLM_47_FLASH)
    layer = shape.layers[0]
    assert (layer.key_elements, layer.value_elements) == (576, 0)


def test_attention_is_compressed_only_where_the_file_says_so() -> None:
    """Older conversions of such models keep whole keys and values."""
    header = header_of(GLM_47_FLASH)
    metadata = dict(header.metadata)
    del metadata["deepseek2.attention.key_length_mla"]
    layer = model_shape(replace(header, metadata=metadata)).layers[0]
    assert (layer.key_elements, layer.value_elements) == (576, 512)


@pytest.mark.parametrize("key", ["attention.sliding_window", "ssm.state_size", "kda.head_dim"])
def test_other_kinds_of_memory_are_an_estimate(key: str) -> None:
    header = header_of(GLM_4_9B)
    assert model_shape(header).kv_exact
    changed = {**header.metadata, f"glm4.{key}": 128}
    assert not model_shape(replace(header, metadata=changed)).kv_exact


def tied(header: ModelHeader) -> ModelHeader:
    kept = tuple(tensor for tensor in header.tensors if tensor.name != "output.weight")
    return replace(header, tensors=kept)


def test_a_tied_output_is_loaded_a_second_time() -> None:
    header = header_of(GLM_4_9B)
    embedding = next(t.size_bytes for t in header.tensors if t.name == "token_embd.weight")
    shape = model_shape(tied(header))
    assert shape.tied_bytes == embedding
    assert shape.input_bytes == embedding
    assert shape.output_bytes > embedding
    assert shape_of(GLM_4_9B).tied_bytes == 0


def test_layers_of_different_width() -> None:
    """Per-layer numbers of KV heads, as some models have them."""
    header = header_of(GLM_4_9B)
    heads = tuple(2 if index % 2 else 4 for index in range(40))
    metadata = {**header.metadata, "glm4.attention.head_count_kv": heads}
    shape = model_shape(replace(header, metadata=metadata))
    assert [layer.key_elements for layer in shape.layers[:3]] == [512, 256, 512]


def test_a_header_without_heads_says_so() -> None:
    tensor = TensorInfo("token_embd.weight", (8, 8), QUANT_TYPES_BY_NAME["F32"], 256, 0, 0)
    header = ModelHeader(
        {"general.architecture": "glm4", "glm4.block_count": 2},
        (tensor,),
        (ShardInfo("m.gguf", "m.gguf", 256, 0, 0, 1),),
    )
    with pytest.raises(KnownError) as caught:
        model_shape(header)
    assert "context memory" in caught.value.what
