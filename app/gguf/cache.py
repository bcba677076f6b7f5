"""Headers kept on disk, so that planning a known quantization needs neither network nor parsing.

One small file per model holds what planning reads. The raw metadata, wanted only for sparse twins,
lies beside it by content, so that all quantizations of a model share one copy of the vocabulary,
and the next one's header can be read without fetching it again.
Entries that do not check out are taken for absent and written anew.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.serial import header_from_json, header_to_json
from app.gguf.types import ModelHeader
from app.gguf.window import FINGERPRINT_BYTES

_log = logging.getLogger(__name__)

_MAGIC = b"GLMH1\n"
_DIGEST_BYTES = 32
_COMMIT_IN_URL = re.compile(r"/resolve/[0-9a-f]{40}/")
_LARGE_ENTRY_BYTES = 16 * 1024

_Pieces = tuple[tuple[str, str], ...]


def cache_key(files: Sequence[tuple[str, str | None]]) -> str | None:
    """A name for the content of these (URL, ETag) pairs; None when it is not pinned down."""
    identities: list[str] = []
    for url, etag in files:
        if etag is not None:
            identities.append(f"etag {etag} {url.rpartition('/')[2]}")
        elif _COMMIT_IN_URL.search(url):
            identities.append(f"url {url}")
        else:
            return None
    return hashlib.sha256("\n".join(identities).encode()).hexdigest()


@dataclass(frozen=True)
class CachedEntries:
    """Metadata entries in the cache: (key, digest of the stored bytes) in file order."""

    folder: Path
    pieces: _Pieces

    def read(self, keys: Collection[str] | None = None) -> dict[str, bytes]:
        """Raises KnownError when the cache was emptied meanwhile."""
        wanted = [(key, digest) for key, digest in self.pieces if keys is None or key in keys]
        stored = {digest: _read_checked(_raw_path(self.folder, digest)) for _, digest in wanted}
        found: dict[str, bytes] = {}
        for key, digest in wanted:
            packed = stored[digest]
            data = _unpack(packed, key) if packed is not None else None
            if data is None:
                raise KnownError(
                    tr("The stored header of this model is gone."),
                    tr("The folder of cached headers was emptied or damaged."),
                    tr("Refresh the list of files; the header will be fetched again."),
                )
            found[key] = data
        return found


class HeaderCache:
    """Headers by content, in a folder of their own. Safe to share between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> ModelHeader | None:
        """The header stored under a key of `cache_key`, None when absent or damaged."""
        stored = _read_checked(self._folder / f"{key}.header")
        if stored is None:
            return None
        try:
            value = json.loads(stored)
            header = header_from_json(value["header"])
            pieces: _Pieces = tuple((str(name), str(digest)) for name, digest in value["raw"])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            _log.warning("cached header %s is unreadable: %r", key, error)
            return None
        raw = CachedEntries(self._folder, pieces) if pieces else None
        return replace(header, raw=raw)

    def put(self, keys: Iterable[str], header: ModelHeader) -> ModelHeader:
        """Store under each key; gives the header with its raw bytes now in the cache.

        A disk that refuses costs only the saving: the header comes back as it was.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            pieces = self._store_raw(header)
            value = {"header": header_to_json(header), "raw": pieces}
            text = json.dumps(value, separators=(",", ":")).encode()
            for key in keys:
                _write_checked(self._folder / f"{key}.header", text)
        except OSError as error:
            _log.warning("header not cached: %s", error)
            return header
        return replace(header, raw=CachedEntries(self._folder, pieces)) if pieces else header

    def entry_like(self, beginning: bytes) -> bytes | None:
        """The whole of a large metadata entry stored before, by its first bytes."""
        pointer = _read_checked(self._beginning_path(beginning))
        packed = _read_checked(_raw_path(self._folder, pointer.decode())) if pointer else None
        return packed[_entries_at(packed) :] if packed else None

    def _beginning_path(self, beginning: bytes) -> Path:
        return self._folder / f"{hashlib.sha256(beginning).hexdigest()}.begin"

    def _store_raw(self, header: ModelHeader) -> _Pieces:
        if header.raw is None:
            return ()
        entries = header.raw.read()
        small = {key: data for key, data in entries.items() if len(data) < _LARGE_ENTRY_BYTES}
        digests = dict.fromkeys(small, self._store_group(small))
        for key, data in entries.items():
            if key not in small:
                digests[key] = self._store_group({key: data})
                beginning = self._beginning_path(data[:FINGERPRINT_BYTES])
                _write_checked(beginning, digests[key].encode())
        return tuple((key, digests[key]) for key in entries)

    def _store_group(self, entries: dict[str, bytes]) -> str:
        packed = _pack(entries)
        digest = hashlib.sha256(packed).hexdigest()
        path = _raw_path(self._folder, digest)
        if _read_checked(path) is None:
            _write_checked(path, packed)
        return digest


def _raw_path(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.raw"


def _pack(entries: dict[str, bytes]) -> bytes:
    index = json.dumps({key: len(data) for key, data in entries.items()}).encode()
    return b"%d\n%b%b" % (len(index), index, b"".join(entries.values()))


def _entries_at(packed: bytes) -> int:
    """Where the entries begin, after the index."""
    head, _, _ = packed.partition(b"\n")
    return len(head) + 1 + int(head)


def _unpack(packed: bytes, key: str) -> bytes | None:
    """None when there is no such entry."""
    position = _entries_at(packed)
    for name, length in json.loads(packed[packed.index(b"\n") : position]).items():
        if name == key:
            return packed[position : position + length]
        position += length
    return None


def _write_checked(path: Path, data: bytes) -> None:
    """Atomically, with a digest in front. Raises OSError."""
    packed = zlib.compress(data, level=1)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_MAGIC + hashlib.sha256(packed).digest() + packed)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _read_checked(path: Path) -> bytes | None:
    """What `_write_checked` wrote, None when absent or not as it was written."""
    try:
        stored = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("cached header %s: %s", path.name, error)
        return None
    start = len(_MAGIC) + _DIGEST_BYTES
    packed = stored[start:]
    if (
        not stored.startswith(_MAGIC)
        or hashlib.sha256(packed).digest() != stored[len(_MAGIC) : start]
    ):
        _log.warning("cached header %s is damaged", path.name)
        return None
    return zlib.decompress(packed)
