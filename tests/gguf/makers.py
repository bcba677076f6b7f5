"""Small headers, whole and broken, and the places in them where a lie can be told."""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.gguf.parse import FileHeader, HeaderParser
from app.gguf.quants import QUANT_TYPES_BY_NAME
from app.gguf.window import Window
from app.gguf.write import NewTensor, Typed, Value, encode_entry, encode_header

BASE: dict[str, Value] = {
    "general.architecture": "glm4moe",
    "general.name": "Tiny",
    "glm4moe.block_count": 2,
    "glm4moe.attention.head_count": [4, 2],
    "glm4moe.rope.freq_base": 1e6,
    "general.tags": ["text", "中文"],
    "tokenizer.ggml.tokens": [f"t{n}" for n in range(300)],
    "tokenizer.ggml.token_type": Typed("int32", [1] * 300),
    "tokenizer.ggml.add_bos_token": True,
    "tokenizer.chat_template": "{{ messages }}" * 8,
}
TENSORS = (
    ("token_embd.weight", (256, 300), "Q4_K"),
    ("blk.0.attn_norm.weight", (256,), "F32"),
    ("blk.0.attn_q.weight", (256, 64), "Q8_0"),
    ("blk.1.ffn_up_exps.weight", (256, 32, 4), "Q6_K"),
    ("blk.1.exp_probs_b.bias", (4,), "F32"),
)


def new_tensors(rows: Sequence[tuple[str, tuple[int, ...], str]] = TENSORS) -> list[NewTensor]:
    return [NewTensor(name, shape, QUANT_TYPES_BY_NAME[type_]) for name, shape, type_ in rows]


def header(
    metadata: Mapping[str, Value] | None = None,
    tensors: Sequence[NewTensor] | None = None,
    alignment: int = 32,
    version: int = 3,
) -> tuple[bytes, int]:
    """The header's bytes and the size of the whole file."""
    entries = [encode_entry(*item) for item in (BASE if metadata is None else metadata).items()]
    return encode_header(entries, new_tensors() if tensors is None else tensors, alignment, version)


def file_bytes(metadata: Mapping[str, Value] | None = None) -> bytes:
    data, size = header(metadata)
    return data + bytes(size - len(data))


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


class Recorded:
    """A parse of bytes in memory that tells what work it did."""

    def __init__(self, data: bytes, total: int | None = None) -> None:
        def read_at(start: int, length: int) -> bytes:
            return data[start : start + length]

        self.window = Window("model.gguf", len(data) if total is None else total, read_at)
        self.parser = HeaderParser(self.window)

    def parse(self) -> FileHeader:
        return self.parser.parse()


def parse(data: bytes, total: int | None = None) -> FileHeader:
    return Recorded(data, total).parse()


@dataclass(frozen=True)
class Field:
    """A number in a header: where it is, how it is packed, what it means."""

    offset: int
    code: str
    meaning: str

    def replaced(self, data: bytes, value: int) -> bytes:
        packed = struct.pack("<" + self.code, value & (2 ** (8 * struct.calcsize(self.code)) - 1))
        return data[: self.offset] + packed + data[self.offset + len(packed) :]


def fields(data: bytes) -> list[Field]:
    """Every count, length, type, dimension and offset of a valid little-endian header."""
    return list(_Walk(data).fields())


def field(data: bytes, meaning: str, nth: int = 0) -> Field:
    return [f for f in fields(data) if f.meaning == meaning][nth]


class _Walk:
    _SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # noqa: RUF012

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._last = 0

    def fields(self) -> Iterator[Field]:
        self._at = 4
        yield self._number("I", "version")
        yield self._number("Q", "tensor count")
        tensors = self._last
        yield self._number("Q", "entry count")
        for _ in range(self._last):
            yield from self._entry()
        for _ in range(tensors):
            yield from self._string("tensor name length")
            yield self._number("I", "dimensions")
            for _ in range(self._last):
                yield self._number("Q", "extent")
            yield self._number("I", "tensor type")
            yield self._number("Q", "offset")

    def _entry(self) -> Iterator[Field]:
        yield from self._string("key length")
        yield self._number("I", "value type")
        kind = self._last
        if kind != 9:
            yield from self._value(kind)
            return
        yield self._number("I", "element type")
        kind = self._last
        yield self._number("Q", "array count")
        count = self._last
        if kind != 8:
            self._at += count * self._SIZES[kind]
            return
        for _ in range(count):
            yield from self._string("element length")

    def _value(self, kind: int) -> Iterator[Field]:
        if kind == 8:
            yield from self._string("string length")
        else:
            self._at += self._SIZES[kind]

    def _string(self, meaning: str) -> Iterator[Field]:
        yield self._number("Q", meaning)
        self._at += self._last

    def _number(self, code: str, meaning: str) -> Field:
        found = Field(self._at, code, meaning)
        self._last = struct.unpack_from("<" + code, self._data, self._at)[0]
        self._at += struct.calcsize(code)
        return found


def swap(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace the only occurrence of `old`, keeping every length as it was."""
    assert data.count(old) == 1
    assert len(old) == len(new)
    return data.replace(old, new)


Breaker = Callable[[bytes], bytes]


def telling(meaning: str, value: int, nth: int = 0) -> Breaker:
    """A breaker that sets the nth field of this meaning."""
    return lambda data: field(data, meaning, nth).replaced(data, value)
