"""Headers of models on a server, read in a few ranges before anything is downloaded."""

import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote, unquote

from app.core.errors import KnownError
from app.core.language import tr
from app.gguf.cache import HeaderCache, cache_key
from app.gguf.parse import Entry, HeaderParser
from app.gguf.shards import ReadShard, join_shards, missing_shards, shard_names, sibling_names
from app.gguf.types import ModelHeader
from app.gguf.window import KnownEntry, Window

# The first shard holds the vocabulary, the others some tensor infos.
_FIRST_PIECE = 256 * 1024
_OTHER_FIRST_PIECE = 128 * 1024


@dataclass(frozen=True)
class RangeReply:
    """data: up to as many bytes as were asked for, fewer only at the file's end.

    total_size: bytes of the whole file. etag: identifies the content; for files of the Hub the
    SHA-256. commit: the repository's commit, where the server names it.
    """

    data: bytes
    total_size: int
    etag: str | None = None
    commit: str | None = None


class RangeFetcher(Protocol):
    def fetch(self, url: str, start: int, length: int) -> RangeReply:
        """Bytes from `start` on. Raises KnownError; Cancelled when it was told to stop."""
        ...


@dataclass(frozen=True)
class RemoteFile:
    """etag: the content's identity, if a listing has told it; makes a cached header usable without
    asking the server."""

    url: str
    etag: str | None = None

    @property
    def name(self) -> str:
        return unquote(_split(self.url)[1]) or self.url


@dataclass(frozen=True)
class MemoryEntries:
    """Metadata entries kept in memory; data is the file's beginning, compressed."""

    entries: tuple[Entry, ...]
    data: bytes

    def read(self, keys: Collection[str] | None = None) -> dict[str, bytes]:
        data = zlib.decompress(self.data)
        return {e.key: data[e.start : e.end] for e in self.entries if keys is None or e.key in keys}


def read_remote_header(
    files: str | Sequence[RemoteFile | str],
    fetcher: RangeFetcher,
    cache: HeaderCache | None = None,
) -> ModelHeader:
    """The header of the model at one URL, or in shards at several, in order.

    A single URL named like a shard stands for all of them. A cached header is used when the
    content's identity is known: from the ETags given, or from a commit in the URLs; otherwise the
    server is asked for it first. Raises KnownError, and what the fetcher raises.
    """
    remote = _remote_files(files)
    known = cache_key([(file.url, file.etag) for file in remote])
    cached = _cached(cache, known, remote)
    if cached is not None:
        return cached
    like = cache.entry_like if cache is not None else None
    openings = [_Opening(file, fetcher, index, like) for index, file in enumerate(remote)]
    told = cache_key([(opening.file.url, opening.etag) for opening in openings])
    cached = _cached(cache, told, remote) if told != known else None
    if cached is not None:
        return cached
    header = _join(openings)
    if cache is None:
        return header
    return cache.put({key for key in (known, told) if key is not None}, header)


def expand_shards(url: str) -> tuple[str, ...]:
    """The URLs of all files of a split model, from that of any; other URLs give themselves."""
    names = shard_names(RemoteFile(url).name)
    if names is None:
        return (url,)
    folder, _, query = _split(url)
    return tuple(f"{folder}{quote(name)}{query}" for name in names)


def _split(url: str) -> tuple[str, str, str]:
    """Up to the last slash of the path, the name after it, and what follows from ? or # on."""
    path = re.split(r"[?#]", url, maxsplit=1)[0]
    folder, slash, name = path.rpartition("/")
    return folder + slash, name, url[len(path) :]


def _remote_files(files: str | Sequence[RemoteFile | str]) -> list[RemoteFile]:
    given = [files] if isinstance(files, str) else list(files)
    if not given:
        raise ValueError("no URL was given")
    if len(given) == 1 and isinstance(given[0], str):
        given = list(expand_shards(given[0]))
    return [RemoteFile(file) if isinstance(file, str) else file for file in given]


def _cached(
    cache: HeaderCache | None, key: str | None, files: Sequence[RemoteFile]
) -> ModelHeader | None:
    """The cached header, said to lie where it was asked for this time."""
    header = cache.get(key) if cache is not None and key is not None else None
    if header is None or len(header.shards) != len(files):
        return None
    placed = zip(header.shards, files, strict=True)
    return replace(header, shards=tuple(replace(shard, location=f.url) for shard, f in placed))


def _join(openings: Sequence["_Opening"]) -> ModelHeader:
    first = openings[0]
    shards = [first.read()]
    names = sibling_names(first.file.name, shards[0].header)
    absent = [name for name in names if name not in {o.file.name for o in openings}]
    if absent or len(openings) != len(names):
        raise missing_shards(absent or list(names), len(names))
    shards += [opening.read() for opening in openings[1:]]
    return join_shards(shards, first.entries())


class _Opening:
    """A file whose first piece has been fetched; the rest follows as the parser asks for it."""

    def __init__(
        self, file: RemoteFile, fetcher: RangeFetcher, index: int, known_entry: KnownEntry | None
    ) -> None:
        self.file = file
        self._fetcher = fetcher
        self._index = index
        self._known_entry = known_entry
        self._first_piece = _OTHER_FIRST_PIECE if index else _FIRST_PIECE
        self._reply = fetcher.fetch(file.url, 0, self._first_piece)
        self.etag = self._reply.etag
        self._window: Window | None = None
        self._entries: tuple[Entry, ...] = ()
        if file.etag is not None and self.etag is not None and file.etag != self.etag:
            raise _changed(file.name)

    def read(self) -> ReadShard:
        reply = self._reply
        window = Window(
            self.file.name,
            reply.total_size,
            self._read_at,
            self._first_piece,
            self._known_entry,
        )
        header = HeaderParser(window, self._index).parse()
        self._window, self._entries = window, header.entries
        return ReadShard(
            self.file.name, self.file.url, reply.total_size, header, reply.commit or reply.etag
        )

    def entries(self) -> MemoryEntries:
        if self._window is None:
            raise ValueError("read first")
        end = self._entries[-1].end if self._entries else 0
        return MemoryEntries(self._entries, zlib.compress(self._window.data[:end], level=1))

    def _read_at(self, start: int, length: int) -> bytes:
        if start < len(self._reply.data):
            return self._reply.data[start : start + length]
        reply = self._fetcher.fetch(self.file.url, start, length)
        if (reply.etag, reply.total_size) != (self._reply.etag, self._reply.total_size):
            raise _changed(self.file.name)
        return reply.data[:length]


def _changed(name: str) -> KnownError:
    return KnownError(
        tr("{name} has changed on the server.", name=name),
        tr("It was replaced by another version just now."),
        tr("Refresh the list of files and try again."),
    )
