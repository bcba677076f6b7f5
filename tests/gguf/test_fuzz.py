"""Thirty thousand broken headers: each is read or refused in words, with bounded work and memory.

The mutations know the format: they set counts, lengths, types, dimensions and offsets to the values
that break readers, besides flipping, cutting and moving bytes. Everything follows from a seed.
"""

import random
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest

from app.core.errors import KnownError
from app.gguf.loadable import why_not_loadable
from app.gguf.parse import FileHeader
from app.gguf.shards import ReadShard, join_shards, sibling_names
from app.gguf.types import ModelHeader
from app.gguf.write import Typed, Value
from tests.gguf.makers import BASE, Field, Recorded, fields, header, new_tensors
from tests.gguf.test_parse import big_endian

CASES_PER_SEED = 3000
SEEDS = range(10)

_NASTY = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 63, 64, 127, 128, 255, 256, 1023, 1025, 4095, 65_535, 65_536),
    *(2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**61, 2**62, 2**63 - 1, 2**63, 2**64 - 32, 2**64 - 1),
)


def _originals() -> list[tuple[bytes, int, list[Field]]]:
    split: dict[str, Value] = {
        "split.no": Typed("uint16", 0),
        "split.count": Typed("uint16", 2),
        "split.tensors.count": Typed("int32", 5),
    }
    short: dict[str, Value] = {"general.architecture": "llama", "llama.block_count": 1}
    made = [
        header(BASE),
        header(BASE | {"general.alignment": 64}, alignment=64),
        header(split | {"t": ["a" * (n % 70) for n in range(600)]}, version=2),
        header(short, new_tensors((("w", (32, 2, 2, 2), "Q4_0"), ("b", (), "F32")))),
        header(short, []),
    ]
    return [(data, size, fields(data)) for data, size in made] + [(big_endian(), 300, [])]


def _mutants(seed: int) -> Iterator[tuple[bytes, int]]:
    rng = random.Random(seed)
    originals = _originals()
    for _ in range(CASES_PER_SEED):
        data, size, places = rng.choice(originals)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            data = _mutate(rng, data, places)
        # The file goes on behind the header, as it does on disk, or ends with it.
        yield data, rng.choice((len(data), max(size, len(data)), size, 10**12))


def _mutate(rng: random.Random, data: bytes, places: list[Field]) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    choice = rng.random()
    if choice < 0.6 and places:
        place = rng.choice(places)
        if place.offset + struct.calcsize(place.code) > len(data):
            return data
        old: int = struct.unpack_from("<" + place.code, data, place.offset)[0]
        value = rng.choice((rng.choice(_NASTY), old + rng.choice((-33, -1, 1, 8)), old << 1))
        return place.replaced(data, value)
    if choice < 0.8:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if choice < 0.9:
        return data[:at]
    end = min(at + rng.randrange(1, 40), len(data))
    if choice < 0.95:
        return data[:at] + data[end:]
    return data[:at] + data[at:end] + data[at:]


@pytest.mark.parametrize("seed", SEEDS)
def test_broken_headers_are_read_or_refused_with_bounded_work(seed: int) -> None:
    read = 0
    for data, total in _mutants(seed):
        recorded = Recorded(data, total)
        try:
            model = _use(recorded.parse(), total)
        except KnownError as error:
            assert error.what
        else:
            read += 1
            end = max((t.offset + t.size_bytes for t in model.tensors), default=0)
            assert end <= total
        # Every step consumes a byte at least, and bytes are fetched once, in a few pieces.
        assert recorded.parser.steps <= max(len(data), 24)
        assert len(recorded.window.data) <= len(data)
        assert recorded.window.reads <= 2
    assert CASES_PER_SEED // 20 < read < CASES_PER_SEED, "the mutations are too wild or too tame"


def _use(parsed: FileHeader, total: int) -> ModelHeader:
    """What every caller does next with a header must hold for a broken one as well."""
    shard = ReadShard("model-00001-of-00002.gguf", "/models", total, parsed)
    sibling_names(shard.name, parsed)
    model = join_shards([shard], None)
    assert model.bits_per_weight is None or model.bits_per_weight >= 0
    why_not_loadable(model)
    with suppress(KnownError):
        _ = (model.head_counts, model.kv_head_counts, model.layer_count, model.key_length)
    _ = (model.name, model.file_type, model.vocabulary_size, model.expert_used_count)
    _ = [tensor.block for tensor in model.tensors]
    return model


def test_broken_headers_allocate_no_more_than_their_size_and_a_constant() -> None:
    parser_objects = 64 * 1024
    tracemalloc.start()
    try:
        for index, (data, total) in enumerate(_mutants(99)):
            if index == 600:
                break
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            with suppress(KnownError):
                Recorded(data, total).parse()
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak <= 4 * len(data) + parser_objects
    finally:
        tracemalloc.stop()
