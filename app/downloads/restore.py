"""What an earlier run left of a file: opened, locked, and read for what may be believed."""

from dataclasses import dataclass

from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.hashing import new_digest
from app.downloads.journal import Identity, Journal, NewerJournalError, Picture
from app.downloads.part_file import PartFile
from app.downloads.ranges import RangeSet
from app.downloads.storage import Place


@dataclass
class Partial:
    """An open partial file with its journal. picture: what is in it. from_before: bytes of an
    earlier run are among them."""

    place: Place
    identity: Identity
    file: PartFile
    journal: Journal
    picture: Picture

    @property
    def size(self) -> int:
        return self.identity.size_bytes

    @property
    def from_before(self) -> bool:
        return self.picture.ranges.total > 0

    def checkpoint(self, picture: Picture) -> None:
        """The data first, then the claim. Raises OSError."""
        self.file.sync()
        self.journal.append(picture)

    def reread(self) -> None:
        """Keep the bytes, believe no hash of them."""
        self.picture = Picture(self.journal_ranges(), None)
        self.journal.start(self.picture)

    def journal_ranges(self) -> RangeSet:
        loaded = self.journal.load()
        return loaded.ranges if loaded is not None else RangeSet()

    def restart(self) -> None:
        """Forget all bytes; the claim is withdrawn before they are touched."""
        self.picture = Picture(RangeSet(), None)
        self.journal.start(self.picture)
        self.file.truncate(0)
        self.file.sync()

    def close(self) -> None:
        self.journal.close()
        self.file.close()


def open_partial(place: Place, identity: Identity) -> Partial:
    """Raises KnownError when another program has it open or a newer version of this one has begun
    it, OSError."""
    file = PartFile(place.part)
    try:
        journal = Journal(place.journal, identity)
        picture = _believable(journal.load(), file, identity)
        journal.start(picture)
        if not picture.ranges and file.length:
            file.truncate(0)
    except NewerJournalError:
        file.close()
        raise KnownError(
            tr(
                "The download of {path} was begun by a newer version of the program.",
                path=identity.path,
            ),
            tr("This version does not know how to go on with it, and leaves it as it is."),
            tr("Update the program, or cancel this download and start it anew."),
            str(place.journal),
        ) from None
    except BaseException:
        file.close()
        raise
    return Partial(place, identity, file, journal, picture)


def done_before(place: Place, identity: Identity) -> int:
    """Bytes that an earlier run has left, for display. Raises OSError."""
    try:
        loaded = Journal(place.journal, identity).load()
    except NewerJournalError:
        return 0
    return loaded.ranges.total if loaded is not None and place.part.exists() else 0


def _believable(loaded: Picture | None, file: PartFile, identity: Identity) -> Picture:
    if loaded is None:
        return Picture(RangeSet())
    ranges = loaded.ranges.copy()
    lost = not loaded.trusted and not ranges
    if lost and file.length == identity.size_bytes and identity.sha256 is not None:
        # The journal is lost, the file has its full length: the hash decides.
        ranges.add(0, identity.size_bytes)
    ranges.remove(file.length, identity.size_bytes)
    state = loaded.hash_state if loaded.trusted else None
    if state is not None and not ranges.covers(0, state.length):
        state = None
    if state is not None and new_digest(state).length != state.length:
        state = None
    return Picture(ranges, state)
