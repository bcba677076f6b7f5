"""Writing headers: sparse twins of real models for dry runs, and files for tests.

A sparse twin has a model's real header and its full size, and takes a few megabytes on disk:
llama.cpp plans it as if it were the real thing.
"""

import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.loadable import why_not_loadable
from app.gguf.quants import QuantType
from app.gguf.types import ModelHeader, ScalarType

_TYPE_IDS: dict[ScalarType | str, int] = {
    "uint8": 0,
    "int8": 1,
    "uint16": 2,
    "int16": 3,
    "uint32": 4,
    "int32": 5,
    "float32": 6,
    "bool": 7,
    "string": 8,
    "array": 9,
    "uint64": 10,
    "int64": 11,
    "float64": 12,
}
_CODES = dict(zip(_TYPE_IDS, "BbHhIif?--Qqd", strict=True))

Scalar = bool | int | float | str


@dataclass(frozen=True)
class Typed:
    """A value of a chosen type; a sequence becomes an array of that type."""

    type: ScalarType
    value: Scalar | Sequence[Scalar]


@dataclass(frozen=True)
class EncodedStrings:
    """An array of `count` strings, encoded already."""

    count: int
    data: bytes


# Plain values become bool, uint32, float32 or string, and arrays of these.
Value = Scalar | Sequence[Scalar] | Typed | EncodedStrings


@dataclass(frozen=True)
class NewTensor:
    """shape: innermost dimension first."""

    name: str
    shape: tuple[int, ...]
    type: QuantType


def encode_string(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def encode_entry(key: str, value: Value) -> bytes:
    """One metadata entry. Raises ValueError for a value that has no type in GGUF."""
    head = encode_string(key)
    if isinstance(value, EncodedStrings):
        return head + struct.pack("<IIQ", _TYPE_IDS["array"], 8, value.count) + value.data
    typed = value if isinstance(value, Typed) else Typed(_type_of(value), value)
    type_id = _TYPE_IDS[typed.type]
    if isinstance(typed.value, bool | int | float | str):
        return head + struct.pack("<I", type_id) + _encode_scalar(typed.type, typed.value)
    items = b"".join(_encode_scalar(typed.type, item) for item in typed.value)
    return head + struct.pack("<IIQ", _TYPE_IDS["array"], type_id, len(typed.value)) + items


def encode_header(
    entries: Sequence[bytes], tensors: Sequence[NewTensor], alignment: int = 32, version: int = 3
) -> tuple[bytes, int]:
    """The header, padded to where tensor data begins, and the size of the whole file.

    Raises ValueError for tensors whose type has no known layout or does not divide their rows.
    """
    parts = [b"GGUF", struct.pack("<IQQ", version, len(tensors), len(entries)), *entries]
    offset = 0
    for tensor in tensors:
        size = tensor.type.size_of(tensor.shape)
        if size is None:
            raise ValueError(f"the size of {tensor.type.name} tensors is not known")
        shape = tensor.shape
        parts += (
            encode_string(tensor.name),
            struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, tensor.type.id, offset),
        )
        offset += size + -size % alignment
    data = b"".join(parts)
    data += bytes(-len(data) % alignment)
    return data, len(data) + offset


def write_sparse(path: Path, header: bytes, size_bytes: int) -> None:
    """Write `header` and let the file end at `size_bytes`, without taking that much disk.

    Raises KnownError when the disk refuses.
    """
    try:
        with path.open("wb") as file:
            if sys.platform == "win32":
                _mark_sparse(file.fileno())
            file.write(header)
            file.truncate(size_bytes)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise KnownError(
            tr("The trial load of this model could not be prepared."),
            tr(
                "Writing {name} failed: {strerror}.",
                name=path.name,
                strerror=error.strerror or error,
            ),
            tr("Make some room on this disk. File systems such as FAT32 cannot hold such files."),
            repr(error),
        ) from error


def write_sparse_twin(header: ModelHeader, path: Path) -> None:
    """Write one file that llama.cpp plans like the model, shards joined, metadata byte for byte.

    Raises KnownError when llama.cpp could not load the model or the file cannot be written, and
    when the model's own header can no longer be read.
    """
    problem = why_not_loadable(header)
    if problem is not None:
        raise problem
    tensors = [NewTensor(tensor.name, tensor.shape, tensor.type) for tensor in header.tensors]
    if header.raw is None:
        raise ValueError("this header was made without the bytes it comes from")
    raw = header.raw.read()
    entries = [entry for key, entry in raw.items() if not key.startswith("split.")]
    data, size = encode_header(entries, tensors, header.alignment, header.version)
    write_sparse(path, data, size)


def _type_of(value: Scalar | Sequence[Scalar]) -> ScalarType:
    probe = value
    if not isinstance(value, bool | int | float | str):
        if not value:
            raise ValueError("an empty array needs a type")
        probe = value[0]
    if isinstance(probe, bool):
        return "bool"
    if isinstance(probe, int):
        return "uint32"
    return "float32" if isinstance(probe, float) else "string"


def _encode_scalar(type_: ScalarType, value: Scalar) -> bytes:
    if isinstance(value, str):
        return encode_string(value)
    return struct.pack("<" + _CODES[type_], value)


if sys.platform == "win32":

    def _mark_sparse(descriptor: int) -> None:
        """NTFS reserves the whole size unless told that the file is sparse (FSCTL_SET_SPARSE)."""
        import ctypes
        import msvcrt

        returned = ctypes.c_ulong()
        ctypes.windll.kernel32.DeviceIoControl(
            msvcrt.get_osfhandle(descriptor),
            0x900C4,
            None,
            0,
            None,
            0,
            ctypes.byref(returned),
            None,
        )
