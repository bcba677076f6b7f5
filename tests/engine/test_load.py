"""What a load tells, takes and gives back."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gguf
import psutil
import pytest

from app.core.placement import KvType, Placement, TensorOverride
from app.engine import host
from app.engine.client import EngineClient
from app.engine.dryrun import DryRun
from app.engine.protocol import BufferUse, LoadProgress
from tests.engine.helpers import ENDLESS, PLACEMENT, ask
from tests.models import TEMPLATE, Shape, write_model


@pytest.fixture(scope="module")
def client(shared_client: EngineClient) -> EngineClient:
    return shared_client


@pytest.fixture
def llama_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, logger="llama.cpp"):
        yield caplog


def test_what_is_known_of_a_model(client: EngineClient, random_model: Path) -> None:
    stages: list[LoadProgress] = []
    info = client.load(str(random_model), PLACEMENT, stages.append)
    assert info.path == str(random_model)
    assert info.name == "Tiny GLM"
    assert info.architecture == "glm4moe"
    assert info.context_tokens == 512
    assert info.trained_context_tokens == 65536
    assert info.chat_template == TEMPLATE
    assert info.special_tokens[:3] == ("<|endoftext|>", "[gMASK]", "<sop>")
    assert "<arg_value>" in info.special_tokens
    assert info.bos_text == "[gMASK]"
    assert info.eos_text == "<|endoftext|>"
    assert not info.adds_bos
    assert info.parameters > 100_000
    assert info.size_bytes == 4 * info.parameters
    assert info.metadata["glm4moe.expert_count"] == "4"
    assert not any(key.startswith("tokenizer.chat_template") for key in info.metadata)
    kinds = {use.kind for use in info.buffers}
    assert kinds == {"weights", "kv", "compute", "output"}
    assert [event.stage for event in stages] == sorted(
        (event.stage for event in stages), key=["checking", "loading", "preparing"].index
    )
    assert all(0 <= event.fraction <= 1 for event in stages)
    assert {"checking", "loading", "preparing"} == {e.stage for e in stages if e.fraction == 1}


def test_the_context_is_the_trained_one_by_default(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "no name.gguf"
    write_model(path, Shape(context=768))
    assert client.load(str(path), replace(PLACEMENT, context_tokens=0)).context_tokens == 768


def test_a_split_model_is_one_model(client: EngineClient, tmp_path: Path) -> None:
    write_model(tmp_path / "m.gguf", split_max_tensors=10)
    info = client.load(str(tmp_path / "m-00001-of-00003.gguf"), PLACEMENT)
    assert info.architecture == "glm4moe"
    assert ask(client, "hi", replace(ENDLESS, max_tokens=2)).finished.stats.generated_tokens == 2


@pytest.mark.parametrize("name", ["模型 🙂.gguf", "with space.gguf"])
def test_any_file_name(client: EngineClient, tmp_path: Path, random_model: Path, name: str) -> None:
    (tmp_path / name).write_bytes(random_model.read_bytes())
    assert client.load(str(tmp_path / name), PLACEMENT).path.endswith(name)


@pytest.mark.parametrize("kind", ["f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"])
def test_kv_types(
    client: EngineClient, random_model: Path, llama_log: pytest.LogCaptureFixture, kind: KvType
) -> None:
    client.load(str(random_model), replace(PLACEMENT, kv_type_k=kind, kv_type_v=kind))
    assert f"K ({kind})" in llama_log.text
    assert f"V ({kind})" in llama_log.text
    answer = ask(client, "hi", replace(ENDLESS, max_tokens=2))
    assert answer.finished.stats.generated_tokens == 2


def test_settings_reach_llama_cpp(
    client: EngineClient, random_model: Path, llama_log: pytest.LogCaptureFixture
) -> None:
    placement = Placement(
        devices=(),
        gpu_layers=0,
        context_tokens=768,
        batch_tokens=96,
        ubatch_tokens=48,
        flash_attention="on",
        threads=1,
        mmap=False,
        kv_offload=False,
        op_offload=False,
        tensor_overrides=(TensorOverride(r"blk\.1\.ffn_(up|down)_exps", "CPU"),),
    )
    buffers = client.load(str(random_model), placement).buffers
    text = " ".join(llama_log.text.split())
    assert "n_ctx = 768" in text
    assert "n_batch = 96" in text
    assert "n_ubatch = 48" in text
    assert "flash_attn = enabled" in text
    assert "load_mode = none" in text
    assert "tensor blk.1.ffn_up_exps.weight" in text
    assert "buffer type overridden to CPU" in text
    assert any(use.device == "CPU" and use.kind == "weights" for use in buffers)


@pytest.mark.parametrize(
    ("mmap", "mlock", "mode"),
    [(True, False, "mmap"), (False, True, "mlock"), (True, True, "mmap+mlock")],
)
def test_load_modes(
    client: EngineClient,
    random_model: Path,
    llama_log: pytest.LogCaptureFixture,
    mmap: bool,
    mlock: bool,
    mode: str,
) -> None:
    client.load(str(random_model), replace(PLACEMENT, mmap=mmap, mlock=mlock))
    assert f"(load_mode = {mode})" in llama_log.text


@pytest.mark.parametrize("repack", [True, False])
def test_repacking_is_a_choice(client: EngineClient, tmp_path: Path, repack: bool) -> None:
    path = tmp_path / "q4.gguf"
    write_model(path, Shape(dense_ffn=128), quantization=gguf.GGMLQuantizationType.Q4_0)
    buffers = client.load(str(path), replace(PLACEMENT, repack=repack)).buffers
    assert any(use.device == "CPU_REPACK" for use in buffers) == repack


def test_twenty_loads_leave_no_memory_behind(
    client: EngineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resident memory returns to within 5 %. The check runs elsewhere and would only take time."""
    path = tmp_path / "larger.gguf"
    write_model(path, Shape(hidden=256, dense_ffn=512, expert_ffn=256, layers=8, experts=8))
    placement = replace(PLACEMENT, context_tokens=8192, mmap=False, kv_type_k="f32")
    size = BufferUse("CPU", "weights", path.stat().st_size)
    run = DryRun(size.size_bytes, 0, True, 0, 0, False, 8192, 1024, None)
    monkeypatch.setattr(host, "check", lambda *_: run)
    process = psutil.Process()
    resident = []
    for _ in range(22):
        client.load(str(path), placement)
        ask(client, "Hello", replace(ENDLESS, max_tokens=2))
        loaded = process.memory_info().rss
        client.unload()
        resident.append(process.memory_info().rss)
        assert loaded - resident[-1] > size.size_bytes / 2
    assert resident[-1] < resident[1] * 1.05
