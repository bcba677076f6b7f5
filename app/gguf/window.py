"""The beginning of a file, fetched in growing pieces while a header is read."""

from collections.abc import Callable

from app.core.errors import KnownError

MIB = 1024 * 1024

# GLM-4.6's header takes 9 MB, the largest known vocabularies make 20.
MAX_HEADER_BYTES = 64 * MIB
_LARGEST_PIECE = 4 * MIB

ReadAt = Callable[[int, int], bytes]


class Window:
    """`data` holds the first bytes of a file of `total` bytes and grows only on demand.

    read_at(start, length) answers with at most `length` bytes.
    """

    def __init__(self, name: str, total: int, read_at: ReadAt, first_piece: int = MIB) -> None:
        self.name = name
        self.total = total
        self.data = bytearray()
        self.reads = 0
        self._read_at = read_at
        self._piece = first_piece
        self._ended = False

    def want(self, end: int) -> None:
        """Fetch up to `end`, or as far as the bytes go. Raises KnownError."""
        end = min(end, self.total)
        if end > MAX_HEADER_BYTES:
            raise KnownError(
                f"{self.name} has a header too large to be read.",
                f"Headers of model files take some ten million bytes; this one goes on beyond "
                f"{MAX_HEADER_BYTES:,}.",
                "Choose another file.",
            )
        while len(self.data) < end and not self._ended:
            start = len(self.data)
            # The last piece may overshoot what is needed, not what is allowed.
            stop = min(max(end, start + self._piece), self.total, MAX_HEADER_BYTES)
            piece = self._read_at(start, stop - start)
            self.reads += 1
            # Shorter than its size says: cut off since, or a server that lies.
            self._ended = not piece
            self.data += piece
            self._piece = min(2 * self._piece, _LARGEST_PIECE)

    def need(self, end: int) -> None:
        """Fetch up to `end`. Raises KnownError, also when the file is shorter."""
        if end > self.total:
            raise self.truncated()
        self.want(end)
        if len(self.data) < end:
            raise self.truncated()

    def truncated(self) -> KnownError:
        return KnownError(
            f"{self.name} is not complete.",
            "It ends in the middle of its header.",
            "Download it again; an interrupted download leaves such a file.",
            f"file size: {self.total:,} bytes",
        )
