"""Moving whole sets between two places: complete files with their links and refs, and partial ones
with their journals.

Safe to be cancelled or killed at any moment: every file is whole in at least one of the places, and
the same call takes up what is left.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app.core.cancel import CancelToken
from app.downloads.move import MoveProgress, check_room, copy_file, in_the_way, move_file
from app.downloads.part_file import PartFile
from app.downloads.storage import Place, discard, place_of, publish, repo_folder, sync_folder
from app.downloads.types import MIB, DownloadRequest, FileRequest, Target

Tell = Callable[[int], None]


def move_sets(
    requests: Sequence[DownloadRequest],
    old: Target,
    new: Target,
    on_progress: Callable[[MoveProgress], None],
    cancel: CancelToken,
) -> None:
    """Files of these sets that are at the old place, complete or partial, are at the new one
    afterwards. Blocking; for a worker thread. Their downloads have to be paused meanwhile and told
    by `DownloadManager.relocate` afterwards.

    What other programs link to in a Hugging Face cache is copied and stays for them. Raises
    Cancelled, which keeps what has been moved and leaves the rest; KnownError when there is no
    room, another file has the name at the new place, or one is being downloaded; OSError.
    """
    if old == new:
        return
    moves = [
        _Move(request, file, old, new, cancel)
        for request in requests
        for file in request.files
        if place_of(request, file, old) != place_of(request, file, new)
    ]
    moves = [move for move in moves if move.size_bytes or move.finished_before()]
    check_room(sum(move.size_bytes for move in moves if move.needs_room()), new.folder)
    total, done = sum(move.size_bytes for move in moves), 0
    for move in moves:
        cancel.raise_if_cancelled()
        size, base = move.size_bytes, done

        def tell(count: int, base: int = base, path: Path = move.source) -> None:
            on_progress(MoveProgress(base + count, total, path))

        move.run(tell, cancel)
        done += size
        tell(size)
    for request in requests:
        _tidy(request, old)


class _Move:
    """One file."""

    def __init__(
        self,
        request: DownloadRequest,
        file: FileRequest,
        old: Target,
        new: Target,
        cancel: CancelToken,
    ) -> None:
        self._request = request
        self._file = file
        self._new = new
        self._cancel = cancel
        self._from = place_of(request, file, old)
        self._to = place_of(request, file, new)
        self.source = self._where_complete(self._from) or self._from.part
        self.size_bytes = self.source.stat().st_size if self.source.is_file() else 0

    def finished_before(self) -> bool:
        """An earlier try has brought the bytes and was killed before it had tidied up."""
        unpublished = self._to.content.exists() and not os.path.lexists(self._to.location)
        left = (self._from.location, self._from.part, self._from.journal)
        return unpublished or any(os.path.lexists(path) for path in left)

    def needs_room(self) -> bool:
        return not _same_disk(self.source, self._new.folder) and not self._arrived()

    def run(self, tell: Tell, cancel: CancelToken) -> None:
        if self._from.part.exists() and self.source == self._from.part:
            self._move_partial(tell, cancel)
        elif self.source.exists():
            self._move_complete(tell, cancel)
        elif self._arrived():
            self._publish()
        if not self._from.part.exists():
            discard(self._from)  # a journal alone tells of nothing
        if os.path.lexists(self._from.location) and not self._from.location.exists():
            self._from.location.unlink()  # a link whose file has gone with an earlier try

    def _where_complete(self, place: Place) -> Path | None:
        """A cache without links has the file itself at its location."""
        if place.content.is_file():
            return place.content
        return place.location if place.location.is_file() else None

    def _arrived(self) -> bool:
        """The file is complete at the new place. Raises KnownError when another one is there."""
        there = self._where_complete(self._to)
        if there is None:
            return False
        if there.stat().st_size != self._file.size_bytes:
            raise in_the_way(there)
        if (
            self._file.sha256 not in (None, there.name)
            and _sha256(there, self._cancel) != self._file.sha256
        ):
            raise in_the_way(there)
        return True

    def _move_complete(self, tell: Tell, cancel: CancelToken) -> None:
        shared = _others_link_to(self._from)
        if not self._arrived():
            if shared:
                copy_file(self.source, self._to.content, tell, cancel)
            else:
                move_file(self.source, self._to.content, tell, cancel)
        self._publish()
        if self._from.location != self.source:
            self._from.location.unlink(missing_ok=True)
        if not shared:
            self.source.unlink(missing_ok=True)

    def _publish(self) -> None:
        discard(self._to)
        publish(self._to, self._request, self._new)

    def _move_partial(self, tell: Tell, cancel: CancelToken) -> None:
        """Both names appear at the new place before one goes at the old one."""
        if self._arrived():
            discard(self._from)
            return
        pairs = [(self._from.journal, self._to.journal), (self._from.part, self._to.part)]
        held = PartFile(self._from.part)  # raises when it is being downloaded
        try:
            for source, destination in pairs:
                if not source.exists():
                    continue
                destination.parent.mkdir(parents=True, exist_ok=True)
                if destination.exists():
                    if destination.samefile(source):
                        continue  # an earlier try was killed just here
                    destination.unlink()
                try:
                    destination.hardlink_to(source)
                except OSError:  # another disk, or one without hard links
                    copy_file(source, destination, tell, cancel)
            sync_folder(self._to.part.parent)
        finally:
            held.close()
        discard(self._from)


def _others_link_to(place: Place) -> bool:
    """Another snapshot of the cache has this content too."""
    if place.content == place.location or not place.content.exists():
        return False
    snapshots = place.content.parent.parent / "snapshots"
    return any(
        path != place.location and path.is_symlink() and path.resolve() == place.content.resolve()
        for path in _walk(snapshots)
    )


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def _same_disk(source: Path, folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return source.exists() and source.stat().st_dev == folder.stat().st_dev


def _sha256(path: Path, cancel: CancelToken) -> str:
    digest, buffer = hashlib.sha256(), memoryview(bytearray(MIB))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            cancel.raise_if_cancelled()
            digest.update(buffer[:count])
    return digest.hexdigest()


def _tidy(request: DownloadRequest, old: Target) -> None:
    """Folders that are empty now, and a ref to a snapshot that has gone."""
    if old.kind == "folder":
        for file in request.files:
            _remove_empty(place_of(request, file, old).content.parent, old.folder)
        return
    repo = repo_folder(old.folder, request.repo)
    snapshot = repo / "snapshots" / request.commit
    for folder in sorted((Path(parent) for parent, _, _ in os.walk(snapshot)), reverse=True):
        _remove_empty(folder, repo / "snapshots")
    if not snapshot.exists():
        for ref in list(_walk(repo / "refs")):
            with contextlib.suppress(OSError):
                if ref.read_text(encoding="utf-8").strip() == request.commit:
                    ref.unlink()
                    _remove_empty(ref.parent, repo)
    for name in ("snapshots", "blobs", "refs"):
        _remove_empty(repo / name, old.folder)


def _remove_empty(folder: Path, top: Path) -> None:
    """And its parents below `top`, as far as nothing is in them."""
    while folder != top and folder.is_relative_to(top):
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent
