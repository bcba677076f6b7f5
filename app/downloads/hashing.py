"""SHA-256 whose state can be put into a journal and taken out again.

Python's hashlib cannot do that, but OpenSSL beneath it can: after a multiple of 64 bytes the state
is the eight words of the standard and the length. Where that library cannot be reached, hashing
works the same and only the state is not kept: a restart then reads the file once more.
"""

import ctypes
import hashlib
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

_BLOCK = 64


@dataclass(frozen=True)
class HashState:
    """The digest of the first `length` bytes, unfinished. words: 32 bytes; length: a multiple of
    64."""

    length: int
    words: bytes


class Digest(Protocol):
    """length: bytes seen. state: None where it cannot be kept."""

    @property
    def length(self) -> int: ...

    def update(self, data: memoryview) -> None: ...

    def hexdigest(self) -> str: ...

    def state(self) -> HashState | None: ...


def new_digest(state: HashState | None = None) -> Digest:
    """Starts from `state` when that is possible here; look at `length` to learn where it stands."""
    library = _library()
    if library is None:
        return _PlainDigest()
    return _OpenSslDigest(library, state)


class _PlainDigest:
    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def update(self, data: memoryview) -> None:
        self._hash.update(data)
        self.length += len(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def state(self) -> HashState | None:
        return None


class _Context(ctypes.Structure):
    """SHA256_CTX, the same since OpenSSL 0.9.8; room is kept for one that grows."""

    _fields_ = (
        ("words", ctypes.c_uint32 * 8),
        ("bits_low", ctypes.c_uint32),
        ("bits_high", ctypes.c_uint32),
        ("data", ctypes.c_uint32 * 16),
        ("used", ctypes.c_uint),
        ("digest_length", ctypes.c_uint),
        ("room", ctypes.c_ubyte * 64),
    )


@dataclass(frozen=True)
class _Library:
    init: Callable[..., int]
    update: Callable[..., int]
    final: Callable[..., int]


class _OpenSslDigest:
    def __init__(self, library: _Library, state: HashState | None = None) -> None:
        self._library = library
        self._context = _Context()
        library.init(ctypes.byref(self._context))
        self.length = 0
        if state is not None and state.length % _BLOCK == 0 and len(state.words) == 32:
            self._context.words[:] = struct.unpack(">8I", state.words)
            bits = state.length * 8
            self._context.bits_low = bits & 0xFFFFFFFF
            self._context.bits_high = bits >> 32
            self.length = state.length

    def update(self, data: memoryview) -> None:
        """data: of a writable buffer; the GIL is free meanwhile."""
        if not data:
            return
        address = ctypes.addressof(ctypes.c_char.from_buffer(data))
        self._library.update(ctypes.byref(self._context), address, len(data))
        self.length += len(data)

    def hexdigest(self) -> str:
        copy = _Context.from_buffer_copy(self._context)
        out = (ctypes.c_ubyte * 32)()
        self._library.final(out, ctypes.byref(copy))
        return bytes(out).hex()

    def state(self) -> HashState | None:
        if self.length % _BLOCK:
            return None
        return HashState(self.length, struct.pack(">8I", *self._context.words))


@lru_cache(maxsize=1)
def _library() -> _Library | None:
    """None when there is no such library here, or it does not pass the test."""
    for load in (_beside_hashlib, _by_name):
        try:
            library = load()
        except (OSError, AttributeError, ImportError):
            continue
        if _works(library):
            return library
    return None


def _beside_hashlib() -> _Library:
    import _hashlib

    return _bind(ctypes.CDLL(_hashlib.__file__))


def _by_name() -> _Library:
    name = "libcrypto-3.dll" if sys.platform == "win32" else "libcrypto.so.3"
    return _bind(ctypes.CDLL(name))


def _bind(library: ctypes.CDLL) -> _Library:
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    library.SHA256_Init.argtypes = [pointer]
    library.SHA256_Update.argtypes = [pointer, pointer, size]
    library.SHA256_Final.argtypes = [pointer, pointer]
    return _Library(library.SHA256_Init, library.SHA256_Update, library.SHA256_Final)


def _works(library: _Library) -> bool:
    """A digest taken over in the middle comes out as hashlib's."""
    data = bytearray(range(256)) * 3
    first = _OpenSslDigest(library)
    first.update(memoryview(data)[:640])
    second = _OpenSslDigest(library, first.state())
    second.update(memoryview(data)[640:700])
    return second.hexdigest() == hashlib.sha256(data[:700]).hexdigest()
