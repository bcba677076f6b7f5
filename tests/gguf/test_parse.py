"""What the parser reads, and what it refuses, byte by byte."""

import math
import struct

import pytest

from app.core.errors import KnownError
from app.gguf import values
from app.gguf.types import ArraySkipped
from app.gguf.window import MAX_HEADER_BYTES
from app.gguf.write import EncodedStrings, Typed, Value, encode_entry, encode_header
from tests.gguf.makers import (
    BASE,
    Breaker,
    Recorded,
    field,
    file_bytes,
    header,
    new_tensors,
    parse,
    swap,
    telling,
)


def test_metadata_of_every_type_comes_back() -> None:
    values: dict[str, Value] = {
        "a.u8": Typed("uint8", 255),
        "a.i8": Typed("int8", -128),
        "a.u16": Typed("uint16", 65535),
        "a.i16": Typed("int16", -32768),
        "a.u32": 2**32 - 1,
        "a.i32": Typed("int32", -(2**31)),
        "a.f32": 0.5,
        "a.true": True,
        "a.false": False,
        "a.text": "Grüße, 世界 🙂",
        "a.empty": "",
        "a.u64": Typed("uint64", 2**64 - 1),
        "a.i64": Typed("int64", -(2**63)),
        "a.f64": Typed("float64", math.pi),
        "a.numbers": [1, 2, 3],
        "a.flags": [True, False],
        "a.texts": ["", "x", "😀" * 40],
        "a.nothing": Typed("uint32", ()),
    }
    read = parse(file_bytes(values)).metadata
    expected = {
        key: value.value if isinstance(value, Typed) else value for key, value in values.items()
    }
    assert read == {k: tuple(v) if isinstance(v, list) else v for k, v in expected.items()}
    assert type(read["a.true"]) is bool


def test_large_arrays_are_skipped_but_counted_and_located() -> None:
    texts = [f"token {n} " * (n % 12) for n in range(5000)]
    data = file_bytes({"t": texts, "n": Typed("int32", [7] * 5000), "after": 5})
    read = parse(data).metadata
    skipped = read["t"]
    assert isinstance(skipped, ArraySkipped)
    assert (skipped.type, skipped.count) == ("string", 5000)
    encoded = encode_entry("t", texts)
    assert data[skipped.offset :][: skipped.size_bytes] == encoded[8 + 1 + 16 :]
    numbers = read["n"]
    assert isinstance(numbers, ArraySkipped)
    assert (numbers.type, numbers.count, numbers.size_bytes) == ("int32", 5000, 20_000)
    assert read["after"] == 5


def test_text_is_built_within_a_budget() -> None:
    long = "x" * (values.MAX_BUILT_STRING_BYTES + 1)
    fits = "y" * values.MAX_BUILT_STRING_BYTES
    read = parse(file_bytes({"long": long} | {f"k{n}": fits for n in range(6)})).metadata
    assert read["long"] == ArraySkipped("string", None, 24 + 8 + 4 + 4 + 8, len(long))
    assert [type(read[f"k{n}"]) for n in range(6)] == [str] * 4 + [ArraySkipped] * 2


def test_short_lists_of_long_texts_count_against_the_budget() -> None:
    texts = ["z" * 1000] * 1000
    read = parse(file_bytes({f"k{n}": texts for n in range(6)})).metadata
    assert [type(read[f"k{n}"]) for n in range(6)] == [tuple] * 4 + [ArraySkipped] * 2


def test_text_that_is_not_utf8_is_shown_with_marks() -> None:
    data = swap(file_bytes(), b"Tiny", b"T\xff\xfey")
    assert parse(data).metadata["general.name"] == "T\ufffd\ufffdy"


def test_tensors_are_placed_in_the_file() -> None:
    data, size = header()
    read = parse(data, size)
    assert read.data_offset == len(data)
    assert [t.name for t in read.tensors] == [t.name for t in new_tensors()]
    assert [t.size_bytes for t in read.tensors] == [300 * 144, 1024, 64 * 272, 128 * 210, 16]
    assert read.tensors[0].offset == len(data)
    assert all(t.offset % 32 == 0 for t in read.tensors)


def test_version_2_and_other_alignments() -> None:
    metadata = BASE | {"general.alignment": 128}
    data, size = header(metadata, version=2, alignment=128)
    read = parse(data, size)
    assert (read.version, read.alignment, read.data_offset % 128) == (2, 128, 0)
    assert read.tensors[-1].offset % 128 == 0


def big_endian() -> bytes:
    name, tensor = b"general.name", b"w"
    return b"".join(
        [
            b"GGUF",
            struct.pack(">IQQ", 3, 1, 1),
            struct.pack(">Q", len(name)) + name + struct.pack(">IQ", 8, 3) + b"Big",
            struct.pack(">Q", 1) + tensor + struct.pack(">I2QIQ", 2, 32, 2, 8, 0),
        ]
    )


def test_big_endian_files_are_read_and_named() -> None:
    data = big_endian()
    read = parse(data, len(data) + 200)
    assert (read.byte_order, read.version) == ("big", 3)
    assert read.metadata == {"general.name": "Big"}
    assert (read.tensors[0].shape, read.tensors[0].size_bytes) == ((32, 2), 68)


def test_every_truncation_is_called_incomplete() -> None:
    data, _ = header()
    complete = len(data.rstrip(b"\0"))
    for length in range(4, complete - 8, 3):
        with pytest.raises(KnownError, match=r"not complete|more than fit|longer than the file"):
            parse(data[:length])


def test_missing_tensor_data_is_called_incomplete() -> None:
    data, size = header()
    end = parse(data, size).tensors[-1]
    exact = end.offset + end.size_bytes
    assert parse(data, exact).tensors[-1] == end, "padding after the last tensor may be absent"
    with pytest.raises(KnownError, match=f"need {exact:,} bytes, and the file has {exact - 1:,}"):
        parse(data, exact - 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"GG", "not a GGUF"),
        (b"PK\x03\x04" + bytes(100), "not a GGUF"),
        (b"GGUF", "not complete"),
        (b"GGUF" + struct.pack("<III", 1, 5, 5) + bytes(30), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 4, 0, 0), "version 4"),
        (b"GGUF" + struct.pack(">IQQ", 4, 0, 0), "version 4"),
        (b"GGUF" + struct.pack("<IQQ", 0, 0, 0), "version 0"),
        (b"GGUF" + struct.pack("<IQQ", 0x8000_0000, 0, 0), "version 128"),
    ],
)
def test_other_files_are_named_for_what_they_are(data: bytes, words: str) -> None:
    with pytest.raises(KnownError, match=words):
        parse(data)


LIES: dict[str, tuple[Breaker, str]] = {
    "tensor count": (telling("tensor count", 2**64 - 1), "claims 18,446,744"),
    "tensor count, small": (telling("tensor count", 16_000), "more than fit"),
    "entry count": (telling("entry count", 2**63), "claims 9,223,372"),
    "key length": (telling("key length", 2**64 - 1), "key of 18,446"),
    "key length 0": (telling("key length", 0), "key of 0"),
    "string length": (telling("string length", 2**64 - 1), "not complete"),
    "string length, wrapping": (telling("string length", 2**64 - 9), "not complete"),
    "array count": (telling("array count", 2**61), "longer than the file"),
    "array count, big": (telling("array count", 2**40, nth=3), "longer than the file"),
    "element length": (telling("element length", 2**63, nth=150), "not complete"),
    "value type": (telling("value type", 13), "unknown type 13"),
    "element type": (telling("element type", 77), "unknown element type 77"),
    "array of arrays": (telling("element type", 9), "array of arrays"),
    "name length": (telling("tensor name length", 64), "tensor name of 64"),
    "name length 0": (telling("tensor name length", 0), "tensor name of 0"),
    "dimensions": (telling("dimensions", 5), "5 dimensions"),
    "dimensions, wild": (telling("dimensions", 2**32 - 1), "4,294,967,295 dimensions"),
    "extent": (telling("extent", 2**63), "more elements"),
    "extent of another row": (telling("extent", 255), "not a multiple of 256"),
    "product": (telling("extent", 2**62, nth=1), "more elements"),
    "more than the file": (telling("extent", 2**40, nth=1), "not complete"),
    "offset": (telling("offset", 2**64 - 32, nth=1), "not complete"),
    "unaligned": (telling("offset", 43_201, nth=1), "not aligned"),
    "overlap": (telling("offset", 32, nth=1), "overlaps"),
    "name not text": (
        lambda d: swap(d, b"blk.1.exp_probs_b", b"blk.1.exp_prob\xff\xfeb"),
        "not text",
    ),
    "name with a bell": (
        lambda d: swap(d, b"blk.1.exp_probs_b", b"blk.1.exp_probs\x07b"),
        "invisible",
    ),
    "key not text": (lambda d: swap(d, b"general.tags", b"general.ta\xc3\x28"), "not text"),
    "duplicate key": (lambda d: swap(d, b"general.tags", b"general.name"), "appears twice"),
}


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_lies_are_found_before_anything_is_built_from_them(lie: str) -> None:
    breaker, words = LIES[lie]
    recorded = Recorded(breaker(file_bytes()))
    with pytest.raises(KnownError, match=words) as caught:
        recorded.parse()
    assert caught.value.next_step
    assert len(recorded.window.data) <= recorded.window.total
    assert recorded.parser.steps <= recorded.window.total


def test_a_tensor_listed_twice_is_refused() -> None:
    twice = new_tensors((("a", (32,), "F32"), ("a", (32,), "F32")))
    data, size = encode_header([], twice)
    with pytest.raises(KnownError, match="tensor a appears twice"):
        parse(data, size)


@pytest.mark.parametrize("alignment", [0, 3, 24, 2**31])
def test_alignment_is_a_power_of_two_of_bearable_size(alignment: int) -> None:
    with pytest.raises(KnownError, match="alignment"):
        parse(file_bytes(BASE | {"general.alignment": alignment}))


@pytest.mark.parametrize("value", [Typed("uint64", 32), Typed("int32", 32), "32", [32], 32.0])
def test_alignment_has_the_type_llama_cpp_asserts(value: Value) -> None:
    with pytest.raises(KnownError, match="alignment"):
        parse(file_bytes(BASE | {"general.alignment": value}))


def test_a_header_larger_than_any_real_one_is_refused_unread() -> None:
    data = file_bytes()
    huge = field(data, "string length").replaced(data, MAX_HEADER_BYTES)
    recorded = Recorded(huge, total=10**12)
    with pytest.raises(KnownError, match="too large"):
        recorded.parse()
    assert len(recorded.window.data) <= len(data)


def test_more_texts_than_any_vocabulary_are_refused_unwalked() -> None:
    count = values.MAX_STRINGS + 1
    data, _ = header({"t": EncodedStrings(count, b"")})
    recorded = Recorded(data, total=10**12)
    with pytest.raises(KnownError, match="more than 1,048,576 texts"):
        recorded.parse()
    assert recorded.parser.steps < 10


@pytest.mark.parametrize("length", [62, 63, 64, 65, 255, 256, 70_000])
def test_strings_of_any_length_are_crossed(length: int) -> None:
    """Around the bound of the fast path, in the middle of a long array of short ones."""
    texts = ["ab"] * 700
    texts[300] = "y" * length
    assert parse(file_bytes({"t": texts * 3, "after": 1})).metadata["after"] == 1


def test_unknown_tensor_types_take_what_the_file_leaves() -> None:
    data, size = header()
    foreign = field(data, "tensor type", 2).replaced(data, 4711)
    read = parse(foreign, size)
    assert read.tensors[2].type.name == "type 4711"
    assert not read.tensors[2].type.loadable
    assert read.tensors[2].size_bytes == read.tensors[3].offset - read.tensors[2].offset
