"""The values of a header: numbers, texts and arrays, bounded before they are built."""

import struct

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.strings import iterate_strings, skip_strings
from app.gguf.types import ArraySkipped, ByteOrder, MetadataArray, ScalarType
from app.gguf.window import Window

MAX_STRINGS = 1 << 20
MAX_DIMENSIONS = 4
MAX_BUILT_ELEMENTS = 1024
MAX_BUILT_STRING_BYTES = 1 << 20
MAX_ALL_BUILT_STRING_BYTES = 4 << 20

STRING, ARRAY = 8, 9
SCALARS: dict[int, tuple[ScalarType, str]] = {
    0: ("uint8", "B"),
    1: ("int8", "b"),
    2: ("uint16", "H"),
    3: ("int16", "h"),
    4: ("uint32", "I"),
    5: ("int32", "i"),
    6: ("float32", "f"),
    7: ("bool", "b"),
    10: ("uint64", "Q"),
    11: ("int64", "q"),
    12: ("float64", "d"),
}


class Layout:
    """The format's numbers in one byte order; info[n] is a tensor's entry with n dimensions."""

    def __init__(self, sign: str) -> None:
        self.sign = sign
        self.u32 = struct.Struct(sign + "I")
        self.u64 = struct.Struct(sign + "Q")
        self.numbers = {id_: struct.Struct(sign + code) for id_, (_, code) in SCALARS.items()}
        self.info = [struct.Struct(f"{sign}{n}QIQ") for n in range(MAX_DIMENSIONS + 1)]


LAYOUTS: dict[ByteOrder, Layout] = {"little": Layout("<"), "big": Layout(">")}


class ValueParser:
    """Reads values one after another. steps counts the items it touched, a measure of the work.
    Raises KnownError, and struct.error where the file ends."""

    def __init__(self, window: Window) -> None:
        self.steps = 0
        self._window = window
        self._layout = LAYOUTS["little"]
        self._position = 0
        self._built_string_bytes = 0
        self._strings = 0

    def _read_number(self, type_id: int) -> bool | int | float:
        number = self._layout.numbers[type_id]
        value: int | float = number.unpack_from(self._window.data, self._position)[0]
        self._position += number.size
        return value != 0 if SCALARS[type_id][0] == "bool" else value

    def _read_string(self) -> str | ArraySkipped:
        length: int = self._layout.u64.unpack_from(self._window.data, self._position)[0]
        start = self._position + 8
        self._window.need(start + length)
        self._position = start + length
        budget = MAX_ALL_BUILT_STRING_BYTES - self._built_string_bytes
        if length > min(MAX_BUILT_STRING_BYTES, budget):
            return ArraySkipped("string", None, start, length)
        self._built_string_bytes += length
        return self._window.data[start : start + length].decode(errors="replace")

    def _read_array(self, key: str, entry_start: int) -> MetadataArray | ArraySkipped:
        type_id = self._read_u32()
        count: int = self._layout.u64.unpack_from(self._window.data, self._position)[0]
        self._position += 8
        if count > MAX_BUILT_ELEMENTS:
            self._window.prefill(entry_start)
        if type_id == STRING:
            return self._read_string_array(key, count)
        if type_id == ARRAY:
            raise self._damaged(
                tr("{key} is an array of arrays, which llama.cpp does not read.", key=key)
            )
        if type_id not in SCALARS:
            raise self._damaged(
                tr(
                    "The array {key} has the unknown element type {type_id}.",
                    key=key,
                    type_id=type_id,
                )
            )
        return self._read_number_array(key, type_id, count)

    def _read_number_array(
        self, key: str, type_id: int, count: int
    ) -> MetadataArray | ArraySkipped:
        name, code = SCALARS[type_id]
        start = self._position
        size = count * self._layout.numbers[type_id].size
        self._fits(key, size)
        self._window.need(start + size)
        self._position = start + size
        if count > MAX_BUILT_ELEMENTS:
            return ArraySkipped(name, count, start, size)
        self.steps += count
        sign = self._layout.sign
        values = struct.unpack_from(f"{sign}{count}{code}", self._window.data, start)
        return tuple(value != 0 for value in values) if name == "bool" else values

    def _read_string_array(self, key: str, count: int) -> MetadataArray | ArraySkipped:
        start = self._position
        self._fits(key, 8 * count)
        self._strings += count
        if self._strings > MAX_STRINGS:
            raise self._damaged(
                tr("It lists more than {max_strings:,} texts.", max_strings=MAX_STRINGS)
            )
        self._position = skip_strings(self._window, start, count, self._layout.u64)
        self.steps += count
        size = self._position - start
        budget = MAX_ALL_BUILT_STRING_BYTES - self._built_string_bytes
        if count > MAX_BUILT_ELEMENTS or size > min(MAX_BUILT_STRING_BYTES, budget):
            return ArraySkipped("string", count, start, size)
        self._built_string_bytes += size
        texts = iterate_strings(self._window.data, start, count, self._layout.u64)
        return tuple(text.decode(errors="replace") for text in texts)

    def _read_u32(self) -> int:
        value: int = self._layout.u32.unpack_from(self._window.data, self._position)[0]
        self._position += 4
        return value

    def _fits(self, key: str, size: int) -> None:
        if size > self._window.total - self._position:
            raise self._damaged(tr("The array {key} is longer than the file.", key=key))

    def _damaged(self, why: str) -> KnownError:
        return KnownError(
            tr(
                "{name} is damaged, or not a model file that can be read safely.",
                name=self._window.name,
            ),
            why,
            tr("Download it again, or choose another file."),
        )
