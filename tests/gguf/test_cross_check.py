"""The same files read by the `gguf` package, written by it and by us."""

import random
from pathlib import Path

import gguf
import numpy as np
import pytest

from app.gguf.quants import QUANT_TYPES
from app.gguf.read import read_header
from app.gguf.types import ArraySkipped
from tests.gguf.glm46 import MODELS, SMALL_MOE, write_model

_QUANTIZATIONS = ("Q4_K_M", "Q8_0", "UD-Q2_K_XL", "BF16", "UD-TQ1_0", "IQ4_XS")


def _compare(path: Path) -> None:
    header = read_header(path)
    reader = gguf.GGUFReader(path)
    fields = {k: f for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    assert list(header.metadata) == list(fields)
    for key, value in header.metadata.items():
        theirs = fields[key].contents()
        if isinstance(value, ArraySkipped):
            assert value.count == len(theirs), key
        else:
            assert (list(value) if isinstance(value, tuple) else value) == theirs, key
    assert len(header.tensors) == len(reader.tensors)
    for ours, their in zip(header.tensors, reader.tensors, strict=True):
        assert ours.name == their.name
        assert list(ours.shape) == their.shape.tolist()
        assert ours.type.id == int(their.tensor_type)
        assert (ours.size_bytes, ours.offset) == (their.n_bytes, their.data_offset)


@pytest.mark.parametrize("quantization", _QUANTIZATIONS)
def test_our_files(tmp_path: Path, quantization: str) -> None:
    _compare(write_model(tmp_path, SMALL_MOE, quantization))


@pytest.mark.parametrize("seed", range(6))
def test_files_of_the_gguf_package(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    path = tmp_path / "theirs.gguf"
    writer = gguf.GGUFWriter(path, "glm4moe")
    writer.add_uint8("n.u8", rng.randrange(256))
    writer.add_int16("n.i16", -rng.randrange(32768))
    writer.add_uint64("n.u64", rng.randrange(2**64))
    writer.add_int64("n.i64", -rng.randrange(2**63))
    writer.add_float32("n.f32", float(np.float32(rng.random())))
    writer.add_float64("n.f64", rng.random())
    writer.add_bool("n.bool", rng.random() < 0.5)
    writer.add_string("t.text", "".join(rng.choices("aä中🙂\n", k=rng.randrange(1, 90))))
    writer.add_array("a.ints", [rng.randrange(-99, 99) for _ in range(rng.randrange(1, 30))])
    writer.add_array("a.floats", [float(np.float32(rng.random())) for _ in range(5)])
    writer.add_array("a.texts", ["x" * rng.randrange(90) for _ in range(rng.randrange(1, 1500))])
    writer.add_custom_alignment(rng.choice((32, 64, 256)))
    for number in range(rng.randrange(1, 9)):
        shape = [rng.randrange(1, 5) for _ in range(rng.randrange(3))] + [256]
        writer.add_tensor(f"blk.{number}.w", np.zeros(shape, rng.choice((np.float32, np.float16))))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    _compare(path)


def test_block_sizes() -> None:
    """Q8_1 never occurs in files, and the package counts it as 40 bytes; the C struct has 36."""
    theirs = {int(id_): sizes for id_, sizes in gguf.GGML_QUANT_SIZES.items()}
    ours = {id_: (q.block_elements, q.block_bytes) for id_, q in QUANT_TYPES.items()}
    theirs[9] = (32, 36)
    assert {id_: ours[id_] for id_ in theirs} == theirs
    assert {id_ for id_, q in QUANT_TYPES.items() if q.loadable} - set(theirs) <= {42}


def test_tensor_names_are_those_of_the_package() -> None:
    """The synthetic models use names that the package's table has for their architecture."""
    for model in MODELS:
        architecture = next(a for a, n in gguf.MODEL_ARCH_NAMES.items() if n == model.architecture)
        patterns = {gguf.TENSOR_NAMES[t] for t in gguf.MODEL_TENSORS[architecture]}
        for name, _ in model.tensors():
            bare = name.removesuffix(".weight").removesuffix(".bias")
            head, _, rest = bare.partition(".")
            block, _, tail = rest.partition(".")
            assert (f"blk.{{bid}}.{tail}" if head == "blk" and block else bare) in patterns, name
