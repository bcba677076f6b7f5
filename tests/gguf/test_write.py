"""Sparse twins: the whole model in a few megabytes, and llama.cpp takes it for the real thing."""

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.gguf.cache import HeaderCache
from app.gguf.quants import quant_type
from app.gguf.read import read_header
from app.gguf.remote import read_remote_header
from app.gguf.write import (
    EncodedStrings,
    NewTensor,
    Typed,
    encode_entry,
    encode_header,
    write_sparse_twin,
)
from tests.gguf.glm46 import (
    GLM_4_32B,
    GLM_45_AIR,
    GLM_46,
    GLM_47_FLASH,
    SMALL_MOE,
    Glm,
    write_model,
)
from tests.gguf.makers import file_bytes, parse
from tests.gguf.servers import MemoryServer

needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None, reason="the engine package is not installed"
)

# Runs in a process of its own: a file that llama.cpp dislikes may abort it.
_NO_ALLOC_LOAD = """
import ctypes, json, sys
import llama_cpp.llama_cpp as llama
silent = llama.llama_log_callback(lambda level, text, data: None)
llama.llama_log_set(silent, ctypes.c_void_p(0))
llama.llama_backend_init()
params = llama.llama_model_default_params()
params.no_alloc, params.load_mode = True, 0
model = llama.llama_model_load_from_file(sys.argv[1].encode(), params)
print(json.dumps(model and {
    "parameters": llama.llama_model_n_params(model),
    "tensor_bytes": llama.llama_model_size(model),
    "layers": llama.llama_model_n_layer(model),
    "vocabulary": llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model)),
}))
"""


def _load_without_allocating(path: Path) -> object:
    done = subprocess.run(
        [sys.executable, "-c", _NO_ALLOC_LOAD, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_llama_cpp
@pytest.mark.parametrize(
    ("model", "quantization", "shards"),
    [
        (GLM_46, "Q4_K_M", 5),
        (GLM_45_AIR, "UD-Q2_K_XL", 3),
        (GLM_4_32B, "Q8_0", 1),
        (GLM_47_FLASH, "IQ4_XS", 1),
        (SMALL_MOE, "BF16", 2),
    ],
    ids=lambda value: value.name if isinstance(value, Glm) else str(value),
)
def test_llama_cpp_takes_the_twin_for_the_model(
    tmp_path: Path, model: Glm, quantization: str, shards: int
) -> None:
    header = read_header(write_model(tmp_path, model, quantization, shards))
    twin = tmp_path / "twin.gguf"
    write_sparse_twin(header, twin)
    assert twin.stat().st_size >= header.tensor_bytes
    if sys.platform == "linux":
        assert twin.stat().st_blocks * 512 < 12_000_000
    assert _load_without_allocating(twin) == {
        "parameters": header.parameters,
        "tensor_bytes": header.tensor_bytes,
        "layers": header.layer_count,
        "vocabulary": header.vocabulary_size,
    }


def test_a_twin_has_the_same_metadata_and_tensors_in_one_file(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path, SMALL_MOE, "Q4_K_M", shards=4))
    write_sparse_twin(header, tmp_path / "twin.gguf")
    twin = read_header(tmp_path / "twin.gguf")
    assert {k: v for k, v in header.metadata.items() if not k.startswith("split.")} == twin.metadata
    assert [t[:4] for t in twin.tensors] == [t[:4] for t in header.tensors]
    assert {t.shard for t in twin.tensors} == {0}


def beginning(path: Path) -> tuple[int, bytes]:
    with path.open("rb") as file:
        return path.stat().st_size, file.read(1_000_000)


def test_a_twin_of_a_cached_remote_header(tmp_path: Path) -> None:
    model = tmp_path / "server"
    model.mkdir()
    path = write_model(model, SMALL_MOE, "Q8_0", shards=2)
    url = f"https://hub.test/m/resolve/{'b2' * 20}/{path.name}"
    server, cache = MemoryServer(model), HeaderCache(tmp_path / "cache")
    read_remote_header(url, server, cache)
    for number, header in enumerate(
        (read_remote_header(url, server), read_remote_header(url, server, cache))
    ):
        write_sparse_twin(header, tmp_path / f"{number}.gguf")
    write_sparse_twin(read_header(path), tmp_path / "local.gguf")
    first, second, local = (tmp_path / f"{n}.gguf" for n in ("0", "1", "local"))
    assert beginning(first) == beginning(second) == beginning(local)


def test_what_llama_cpp_cannot_load_gets_no_twin(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path, SMALL_MOE, "IQ4_KS"))
    with pytest.raises(KnownError, match="only by ik_llama"):
        write_sparse_twin(header, tmp_path / "twin.gguf")
    assert not (tmp_path / "twin.gguf").exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    header = read_header(write_model(tmp_path, SMALL_MOE, "Q8_0"))
    with pytest.raises(KnownError, match="could not be prepared"):
        write_sparse_twin(header, tmp_path / "nowhere" / "twin.gguf")
    with pytest.raises(ValueError, match="without the bytes"):
        write_sparse_twin(replace(header, raw=None), tmp_path / "twin.gguf")


def test_values_that_have_no_type_are_refused() -> None:
    with pytest.raises(ValueError, match="empty array needs a type"):
        encode_entry("k", [])
    read = parse(file_bytes({"none": Typed("string", []), "two": EncodedStrings(0, b"")}))
    assert read.metadata == {"none": (), "two": ()}


def test_tensors_of_unknown_layout_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="size of type 4711 tensors is not known"):
        encode_header([], [NewTensor("w", (256,), quant_type(4711))])
    with pytest.raises(ValueError, match="not a multiple"):
        encode_header([], [NewTensor("w", (255,), quant_type(8))])
