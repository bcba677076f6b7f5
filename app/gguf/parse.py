"""One file's header, read from its bytes. The border to files from strangers.

Every count, length and offset is checked against what the file can hold before anything is built
from it, and what is built is bounded by constants of this module. Raises KnownError, nothing else.
"""

import math
import struct
from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.quants import QuantType, quant_type
from app.gguf.types import (
    ByteOrder,
    MetadataValue,
    TensorInfo,
)
from app.gguf.values import ARRAY, LAYOUTS, MAX_DIMENSIONS, SCALARS, STRING, ValueParser
from app.gguf.window import Window

MAX_ENTRIES = 16_384
MAX_TENSORS = 16_384
MAX_KEY_BYTES = 65_535
MAX_TENSOR_NAME_BYTES = 63
MAX_ALIGNMENT = 1 << 20

_LONGEST_INFO = 4 + 8 * MAX_DIMENSIONS + 12
_MAX_INT64 = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a metadata entry, key included, lies in the file; type is "array" for any array."""

    key: str
    type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FileHeader:
    """header_bytes: up to the end of the tensor infos; data_offset: the same, padded."""

    version: int
    byte_order: ByteOrder
    alignment: int
    metadata: dict[str, MetadataValue]
    entries: tuple[Entry, ...]
    tensors: tuple[TensorInfo, ...]
    header_bytes: int
    data_offset: int


class HeaderParser(ValueParser):
    """Reads one header. steps counts the items it touched, a measure of the work done."""

    def __init__(self, window: Window, shard: int = 0) -> None:
        super().__init__(window)
        self._shard = shard
        self._kinds: dict[tuple[int, tuple[int, ...]], tuple[QuantType, int]] = {}

    def parse(self) -> FileHeader:
        """Raises KnownError."""
        try:
            return self._parse()
        except struct.error:
            raise self._window.truncated() from None

    def _parse(self) -> FileHeader:
        version, order = self._read_version()
        self._layout = LAYOUTS[order]
        self._position = 8
        tensor_count = self._count("tensors", MAX_TENSORS, smallest_bytes=24)
        entry_count = self._count(tr("metadata entries"), MAX_ENTRIES, smallest_bytes=13)
        metadata, entries = self._read_metadata(entry_count)
        alignment = self._alignment(metadata, entries)
        listed = self._read_tensor_infos(tensor_count)
        header_bytes = self._position
        data_offset = header_bytes + (-header_bytes % alignment if tensor_count else 0)
        tensors = self._place(listed, data_offset, alignment)
        return FileHeader(
            version, order, alignment, metadata, tuple(entries), tensors, header_bytes, data_offset
        )

    # -- the fixed beginning ---------------------------------------------------------------------

    def _read_version(self) -> tuple[int, ByteOrder]:
        window = self._window
        window.want(24)
        if bytes(window.data[:4]) != b"GGUF":
            raise KnownError(
                tr("{name} is not a GGUF file.", name=window.name),
                tr("It does not begin with the letters GGUF.")
                if window.total
                else tr("The file is empty."),
                tr("Choose a file whose name ends in .gguf, or download it again."),
            )
        little: int = struct.unpack_from("<I", window.data, 4)[0]
        # A version is a small number: with its bytes the other way round it looks like 0x03000000.
        order: ByteOrder = "big" if little and not little & 0xFFFF else "little"
        version: int = struct.unpack_from(">I", window.data, 4)[0] if order == "big" else little
        if version in (2, 3):
            return version, order
        if version == 1:
            why = tr("It is written in version 1 of the format, which llama.cpp no longer reads.")
            next_step = tr(
                "Choose a newer file of this model; conversions since late 2023 will do."
            )
        else:
            why = tr(
                "It says it is version {version} of the format; versions 2 and 3 are known.",
                version=version,
            )
            next_step = tr("It may be damaged, or made for a newer program. Choose another file.")
        raise KnownError(tr("{name} cannot be read.", name=window.name), why, next_step)

    def _count(self, what: str, limit: int, smallest_bytes: int) -> int:
        count: int = self._layout.u64.unpack_from(self._window.data, self._position)[0]
        self._position += 8
        if count > limit:
            raise self._damaged(
                tr(
                    "It claims {count:,} {what}; at most {limit:,} are read.",
                    count=count,
                    what=what,
                    limit=limit,
                )
            )
        if count * smallest_bytes > self._window.total - self._position:
            raise self._damaged(
                tr(
                    "It claims {count:,} {what}, more than fit into the file.",
                    count=count,
                    what=what,
                )
            )
        return count

    # -- metadata --------------------------------------------------------------------------------

    def _read_metadata(self, count: int) -> tuple[dict[str, MetadataValue], list[Entry]]:
        metadata: dict[str, MetadataValue] = {}
        entries: list[Entry] = []
        for _ in range(count):
            self.steps += 1
            start = self._position
            key = self._name("key", MAX_KEY_BYTES)
            if key in metadata:
                raise self._damaged(tr("The key {key} appears twice.", key=key))
            self._window.want(self._position + 16)
            type_id = self._read_u32()
            if type_id == ARRAY:
                metadata[key] = self._read_array(key, start)
            elif type_id == STRING:
                metadata[key] = self._read_string()
            elif type_id in SCALARS:
                metadata[key] = self._read_number(type_id)
            else:
                raise self._damaged(
                    tr(
                        "The value of {key} has the unknown type {type_id}.",
                        key=key,
                        type_id=type_id,
                    )
                )
            entries.append(Entry(key, _type_name(type_id), start, self._position))
        return metadata, entries

    def _alignment(self, metadata: dict[str, MetadataValue], entries: list[Entry]) -> int:
        alignment = metadata.get("general.alignment", 32)
        typed = all(e.type == "uint32" for e in entries if e.key == "general.alignment")
        if not typed or not isinstance(alignment, int):
            raise self._damaged(tr("Its general.alignment is not a 32-bit number."))
        if not 0 < alignment <= MAX_ALIGNMENT or alignment & (alignment - 1):
            raise self._damaged(
                tr(
                    "Its alignment, {alignment:,}, is not a usable power of two.",
                    alignment=alignment,
                )
            )
        return alignment

    # -- tensors ---------------------------------------------------------------------------------

    def _read_tensor_infos(self, count: int) -> list[TensorInfo]:
        """With offsets relative to the tensor data, and -1 for a size not yet known."""
        window = self._window
        listed: list[TensorInfo] = []
        names: set[str] = set()
        for _ in range(count):
            self.steps += 1
            name = self._name(tr("tensor name"), MAX_TENSOR_NAME_BYTES)
            if name in names:
                raise self._damaged(tr("The tensor {name} appears twice.", name=name))
            names.add(name)
            if self._position + _LONGEST_INFO > len(window.data):
                window.want(self._position + _LONGEST_INFO)
            dimensions = self._read_u32()
            if dimensions > MAX_DIMENSIONS:
                raise self._damaged(
                    tr(
                        "The tensor {name} has {dimensions:,} dimensions; at most "
                        "{max_dimensions} are possible.",
                        name=name,
                        dimensions=dimensions,
                        max_dimensions=MAX_DIMENSIONS,
                    )
                )
            info = self._layout.info[dimensions]
            *extents, type_id, offset = info.unpack_from(window.data, self._position)
            self._position += info.size
            shape = tuple(extents)
            known = self._kinds.get((type_id, shape))
            quant, size = known or self._new_kind(name, type_id, shape)
            listed.append(TensorInfo(name, shape, quant, size, self._shard, offset))
        return listed

    def _new_kind(self, name: str, type_id: int, shape: tuple[int, ...]) -> tuple[QuantType, int]:
        """A type and the size of tensors of this shape, -1 when the type's layout is not known."""
        # Zeros are left out, so that no order of multiplying overflows in any program.
        if math.prod(extent for extent in shape if extent) > _MAX_INT64:
            raise self._damaged(
                tr("The tensor {name} claims more elements than any file holds.", name=name)
            )
        quant = quant_type(type_id)
        try:
            size = quant.size_of(shape)
        except ValueError as error:
            raise self._damaged(
                tr(
                    "The tensor {name} does not fit its type {name2}: {error}.",
                    name=name,
                    name2=quant.name,
                    error=error,
                )
            ) from None
        kind = (quant, -1 if size is None else size)
        self._kinds[type_id, shape] = kind
        return kind

    def _place(
        self, listed: list[TensorInfo], data_offset: int, alignment: int
    ) -> tuple[TensorInfo, ...]:
        """Check that the tensors lie inside the file and apart; fill in what is not known yet."""
        available = self._window.total - data_offset
        by_offset = sorted(
            range(len(listed)), key=lambda i: (listed[i].offset, listed[i].size_bytes)
        )
        placed: list[TensorInfo] = list(listed)
        limit = max(available, 0)
        for index in reversed(by_offset):
            tensor = listed[index]
            size = max(limit - tensor.offset, 0) if tensor.size_bytes < 0 else tensor.size_bytes
            end = tensor.offset + size
            if tensor.offset % alignment:
                raise self._damaged(
                    tr("The data of tensor {name} is not aligned.", name=tensor.name)
                )
            if end > available:
                raise self._data_missing(data_offset + end)
            if end > limit:
                raise self._damaged(
                    tr("The data of tensor {name} overlaps another's.", name=tensor.name)
                )
            limit = tensor.offset
            name, shape, quant, _, shard, offset = tensor
            placed[index] = TensorInfo(name, shape, quant, size, shard, data_offset + offset)
        return tuple(placed)

    # -- small things ----------------------------------------------------------------------------

    def _name(self, what: str, longest: int) -> str:
        window = self._window
        start = self._position + 8
        ahead = start + min(longest, 256)
        if ahead > len(window.data):
            window.want(ahead)
        length: int = self._layout.u64.unpack_from(window.data, self._position)[0]
        if not 0 < length <= longest:
            raise self._damaged(
                tr("It has a {what} of {length:,} bytes.", what=what, length=length)
            )
        end = start + length
        if end > len(window.data):
            window.need(end)
        try:
            name = window.data[start:end].decode()
        except UnicodeDecodeError:
            raise self._damaged(tr("It has a {what} that is not text.", what=what)) from None
        if not name.isprintable():
            raise self._damaged(
                tr(
                    "It has a {what} with invisible characters: {name!a}.",
                    what=what,
                    name=name[:80],
                )
            )
        self._position = end
        return name

    def _data_missing(self, end: int) -> KnownError:
        window = self._window
        return KnownError(
            tr("{name} is not complete.", name=window.name),
            tr(
                "Its tensors need {end:,} bytes, and the file has {total:,}.",
                end=end,
                total=window.total,
            ),
            tr("Download it again; an interrupted download leaves such a file."),
        )


def _type_name(type_id: int) -> str:
    if type_id in SCALARS:
        return SCALARS[type_id][0]
    return "string" if type_id == STRING else "array"
