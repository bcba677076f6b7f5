"""File contents that cost no memory, whatever their size."""

import hashlib
import os
import random
import socket
from functools import cached_property
from pathlib import Path
from typing import Protocol

_BLOCK = 64 * 1024


class Content(Protocol):
    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> str: ...

    def read(self, offset: int, length: int) -> bytes: ...


class FileContent:
    """A file on the disk, which the system itself sends where it can."""

    def __init__(self, path: Path, sha256: str) -> None:
        self.size = path.stat().st_size
        self.sha256 = sha256
        self._fd = os.open(path, os.O_RDONLY)

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self._fd, length, offset)

    def send(self, sock: socket.socket, start: int, end: int) -> None:
        while start < end:
            start += os.sendfile(sock.fileno(), self._fd, start, end - start)


class BytesContent:
    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self._data).hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]


class PatternContent:
    """Seeded bytes of any size; every 64 KiB block carries its number, so that misplaced ones show.

    sha256: to be given for sizes that nobody wants to hash (a sparse 200 GB set).
    """

    def __init__(self, size: int, seed: int = 0, sha256: str | None = None) -> None:
        self._size = size
        self._base = random.Random(seed).randbytes(_BLOCK)
        self._given = sha256

    @property
    def size(self) -> int:
        return self._size

    @cached_property
    def sha256(self) -> str:
        if self._given is not None:
            return self._given
        digest = hashlib.sha256()
        for offset in range(0, self._size, 1 << 20):
            digest.update(self.read(offset, 1 << 20))
        return digest.hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self._size)
        if end <= offset:
            return b""
        first, last = offset // _BLOCK, (end - 1) // _BLOCK
        data = bytearray(self._base * (last - first + 1))
        for index in range(first, last + 1):
            start = (index - first) * _BLOCK
            data[start : start + 8] = index.to_bytes(8, "little")
        return bytes(memoryview(data)[offset - first * _BLOCK : end - first * _BLOCK])
