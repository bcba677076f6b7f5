"""The beginning of a file, fetched in growing pieces while a header is read."""

from collections.abc import Callable

from app.core.errors import KnownError
from app.core.language import tr

MIB = 1024 * 1024

# GLM-4.6's header takes 9 MB, the largest known vocabularies make 20.
MAX_HEADER_BYTES = 64 * MIB
_LARGEST_PIECE = 4 * MIB

# How much of a metadata entry's beginning must be the same for it to be taken for a known one. It
# holds the key, the number of elements and the first dozens of them.
FINGERPRINT_BYTES = 1024
# Special tokens stand at the end of a vocabulary; this covers them and their types.
_TAIL_BYTES = 4096
_AFTER_TAIL_BYTES = 64 * 1024

ReadAt = Callable[[int, int], bytes]
KnownEntry = Callable[[bytes], bytes | None]


class Window:
    """`data` holds the first bytes of a file of `total` bytes and grows only on demand.

    read_at(start, length) answers with at most `length` bytes. known_entry gives the whole of a
    metadata entry met before, by its first FINGERPRINT_BYTES.
    """

    def __init__(
        self,
        name: str,
        total: int,
        read_at: ReadAt,
        first_piece: int = MIB,
        known_entry: KnownEntry | None = None,
    ) -> None:
        self.name = name
        self.total = total
        self.data = bytearray()
        self.reads = 0
        self._read_at = read_at
        self._known_entry = known_entry
        self._piece = first_piece
        self._ended = False

    def want(self, end: int) -> None:
        """Fetch up to `end`, or as far as the bytes go. Raises KnownError."""
        end = min(end, self.total)
        if end > MAX_HEADER_BYTES:
            raise KnownError(
                tr("{name} has a header too large to be read.", name=self.name),
                tr(
                    "Headers of model files take some ten million bytes; this one "
                    "goes on beyond {max_header_bytes:,}.",
                    max_header_bytes=MAX_HEADER_BYTES,
                ),
                tr("Choose another file."),
            )
        if len(self.data) >= end:
            return
        # Fetching ahead may overshoot what is needed, not what is allowed.
        stop = min(max(end, len(self.data) + self._piece), self.total, MAX_HEADER_BYTES)
        self._piece = min(4 * self._piece, _LARGEST_PIECE)
        while len(self.data) < stop and not self._ended:
            piece = self._read_at(len(self.data), stop - len(self.data))
            self.reads += 1
            # Shorter than its size says: cut off since, or a server that lies.
            self._ended = not piece
            self.data += piece

    def need(self, end: int) -> None:
        """Fetch up to `end`. Raises KnownError, also when the file is shorter."""
        if end > self.total:
            raise self.truncated()
        self.want(end)
        if len(self.data) < end:
            raise self.truncated()

    def prefill(self, start: int) -> None:
        """Before a large entry is crossed: do not fetch what another file has told already.

        All quantizations of a model have the same vocabulary, most of the header. An entry that
        begins like a known one, and ends like it at the same length, is taken for the same.
        """
        if self._known_entry is None:
            return
        self.want(start + FINGERPRINT_BYTES)
        have = bytes(self.data[start:])
        entry = self._known_entry(have[:FINGERPRINT_BYTES])
        if entry is None or len(have) >= len(entry) or not entry.startswith(have):
            return
        end = start + len(entry)
        if end > min(self.total, MAX_HEADER_BYTES):
            return
        tail = self._read_at(end - _TAIL_BYTES, _TAIL_BYTES + _AFTER_TAIL_BYTES)
        self.reads += 1
        if tail[:_TAIL_BYTES] == entry[-_TAIL_BYTES:]:
            self.data += entry[len(have) :] + tail[_TAIL_BYTES:]

    def truncated(self) -> KnownError:
        return KnownError(
            tr("{name} is not complete.", name=self.name),
            tr("It ends in the middle of its header."),
            tr("Download it again; an interrupted download leaves such a file."),
            tr("file size: {total:,} bytes", total=self.total),
        )
