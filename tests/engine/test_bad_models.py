"""Files that llama.cpp must not crash the program with. What needs no engine is in test_files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import gguf
import pytest

from app.core.errors import KnownError
from app.core.placement import Placement, TensorOverride
from app.engine.client import EngineClient
from tests.engine.helpers import PLACEMENT, ask
from tests.models import (
    Shape,
    TinyVocab,
    write_model,
    write_other_model,
    write_sparse_model,
)


@pytest.fixture(scope="module")
def client(shared_client: EngineClient, scripted: tuple[Path, TinyVocab]) -> EngineClient:
    """One with a model loaded, which no bad file may take away."""
    shared_client.load(str(scripted[0]), PLACEMENT)
    return shared_client


@pytest.fixture(scope="module")
def good(random_model: Path) -> bytes:
    return random_model.read_bytes()


def refused(client: EngineClient, path: Path, placement: Placement = PLACEMENT) -> KnownError:
    with pytest.raises(KnownError) as caught:
        client.load(str(path), placement)
    assert ask(client, "one").text == " two three four"
    assert caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:2000],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data[:24] + b"\xff" * 8 + data[32:],
        lambda data: data[:8] + b"\xff" * 7 + b"\x7f" + data[16:],
    ],
    ids=["in the header", "in the data", "one byte", "string length", "tensor count"],
)
def test_a_truncated_or_damaged_file(
    client: EngineClient, tmp_path: Path, good: bytes, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "damaged.gguf"
    path.write_bytes(damage(good))
    error = refused(client, path)
    assert error.what == "damaged.gguf is incomplete or damaged."
    assert error.details


def test_an_unknown_architecture_is_named(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "future.gguf"
    write_model(path, architecture="glm99")
    assert "glm99" in refused(client, path).what


def test_a_file_that_makes_llama_cpp_abort(
    client: EngineClient, tmp_path: Path, good: bytes
) -> None:
    path = tmp_path / "abort.gguf"
    path.write_bytes(good.replace(b"glm4moe.expert_count", b"glm4moe.expert_xxxxx"))
    error = refused(client, path)
    assert "internal error" in error.why
    assert "GGML_ASSERT" in error.details


@pytest.mark.parametrize("name", ["glm4moe.block_count", "output_norm.weight"])
def test_a_file_that_lacks_something(
    client: EngineClient, tmp_path: Path, good: bytes, name: str
) -> None:
    path = tmp_path / "lacks.gguf"
    path.write_bytes(good.replace(name.encode(), name.encode()[:-2] + b"xx"))
    assert name in refused(client, path).why


def test_a_file_without_anything_in_it(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "nothing.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    assert "architecture" in refused(client, path).why


def test_a_missing_shard(client: EngineClient, tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf", split_max_tensors=10)
    missing = tmp_path / "m-00002-of-00003.gguf"
    missing.unlink()
    assert missing.name in refused(client, tmp_path / "m-00001-of-00003.gguf").why


def test_a_context_larger_than_memory(client: EngineClient, tmp_path: Path) -> None:
    """The full size of GLM-4.6, with holes for weights: nothing of it is ever loaded."""
    path = tmp_path / "huge.gguf"
    write_sparse_model(path, Shape(5120, 92, 96, 8, 128, 12288, 1536, 160, 8, 202752))
    wanted = 2_000_000
    error = refused(client, path, Placement(context_tokens=wanted))
    assert f"{wanted:,} tokens" in error.what
    assert "754 GB of it for the context" in error.why  # 376,832 bytes a token
    assert "are free" in error.why
    assert "Choose a context of about" in error.next_step


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (replace(PLACEMENT, kv_type_v="q8_0", flash_attention="off"), "without flash attention"),
        (replace(PLACEMENT, devices=("CUDA7",)), "CUDA7 is not there"),
        (
            replace(PLACEMENT, tensor_overrides=(TensorOverride("((", "CPU"),)),
            "regular expression",
        ),
        (replace(PLACEMENT, tensor_overrides=(TensorOverride("x", "Moon"),)), "Moon is not there"),
        (replace(PLACEMENT, tensor_split=(1.0,) * 1000), "1000 devices"),
        (replace(PLACEMENT, context_tokens=2**31 - 1), "does not fit into the memory"),
    ],
)
def test_settings_that_cannot_work(
    client: EngineClient, random_model: Path, placement: Placement, message: str
) -> None:
    assert message in str(refused(client, random_model, placement))


def test_a_kv_type_that_does_not_divide_the_heads(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "heads.gguf"
    write_model(path, Shape(head_size=48))
    error = refused(client, path, replace(PLACEMENT, kv_type_k="q8_0"))
    assert "K cache of type q8_0" in error.what


@pytest.mark.parametrize("architecture", ["dream", "bert"])
def test_a_model_that_does_not_continue_texts(
    client: EngineClient, tmp_path: Path, architecture: Literal["dream", "bert"]
) -> None:
    path = tmp_path / "other.gguf"
    write_other_model(path, architecture)
    assert "not a model for conversations" in refused(client, path).what


def test_the_eyes_of_a_model_are_not_a_chat_model(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "eyes.gguf"
    writer = gguf.GGUFWriter(path, "clip")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert refused(client, path)
