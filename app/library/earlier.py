"""What this program downloaded to a place that is not the one for downloads any more."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import KnownError
from app.downloads.storage import free_bytes, place_of
from app.downloads.types import DownloadRequest, FileRequest, JobState, JobStatus, Target
from app.gguf.shards import shard_names
from app.library.listing import ATTACHED, names_of
from app.library.origins import Origin, found_in_snapshots, origin_of
from app.library.records import FileRecord, Records
from app.library.types import Source

_UNKNOWN_COMMIT = "0" * 40
_COARSE_TIME_NS = 2_000_000_000  # some file systems know times no better
_OURS = ("own", "hub-cache", "folder")


@dataclass(frozen=True)
class MovingSet:
    """What is moved together. old: as its download knows it. size_bytes: of what is at the old
    place. job_id: of a download that has not ended, else "". is_model: not a projector or the like.
    commit_known: False when the request's commit stands for any."""

    title: str
    request: DownloadRequest
    old: Target
    size_bytes: int
    job_id: str = ""
    is_model: bool = True
    commit_known: bool = True


@dataclass(frozen=True)
class EarlierPlace:
    """needed_bytes: of room at the new place; 0 on the same disk. free_bytes: there, None when the
    system does not say."""

    target: Target
    sets: tuple[MovingSet, ...]
    needed_bytes: int
    free_bytes: int | None

    @property
    def models(self) -> int:
        return sum(one.is_model and not one.job_id for one in self.sets)

    @property
    def downloads(self) -> int:
        return sum(bool(one.job_id) for one in self.sets)

    @property
    def others(self) -> int:
        return len(self.sets) - self.models - self.downloads

    @property
    def size_bytes(self) -> int:
        return sum(one.size_bytes for one in self.sets)


def places_of(
    records: Records, jobs: Iterable[JobStatus], new: Target, sources: Sequence[Source]
) -> tuple[EarlierPlace, ...]:
    """The largest first. Folders of other programs are no places of ours, even when a model there
    was made whole by a download. Reads the disk; what cannot be read is left out."""
    foreign = [Path(os.path.realpath(s.folder)) for s in sources if s.kind not in _OURS]
    there = real(new)
    found: dict[Target, list[MovingSet]] = {}
    for one in (*_downloads(jobs), *_downloaded(records, there)):
        old = real(one.old)
        of_others = old.kind == "folder" and any(old.folder.is_relative_to(f) for f in foreign)
        if old != there and not of_others:
            found.setdefault(old, []).append(one)
    places = [_place(old, sets, there) for old, sets in found.items()]
    return tuple(sorted(places, key=lambda place: -place.size_bytes))


def real(target: Target) -> Target:
    """Without links on the way, as the records have it."""
    return Target(target.kind, Path(os.path.realpath(target.folder)))


def _downloads(jobs: Iterable[JobStatus]) -> Iterator[MovingSet]:
    for job in jobs:
        if job.state is not JobState.DONE:
            size = sum(_sizes(job.request, real(job.target)))
            title = job.request.title or job.request.repo
            yield MovingSet(title, job.request, job.target, size, job.job_id)


def _downloaded(records: Records, new: Target) -> Iterator[MovingSet]:
    groups: dict[tuple[Target, str, str, str, str], list[tuple[FileRecord, Origin]]] = {}
    for content, record in records.owned_files():
        origin = origin_of(content, record)
        if origin is not None and origin.place != new and not _replaced(content, record):
            origin = found_in_snapshots(origin, content)
            folder, _, name = origin.path.rpartition("/")
            first = (shard_names(name) or (name,))[0]
            key = (origin.place, origin.repo, origin.commit, folder, first)
            groups.setdefault(key, []).append((record, origin))
    for (place, repo, commit, folder, first), files in groups.items():
        wanted = tuple(
            FileRequest(origin.path, record.size_bytes, record.sha256)
            for record, origin in sorted(files, key=lambda pair: pair[1].path)
        )
        name = repo.rpartition("/")[2]
        title = " ".join(filter(None, names_of(first, folder or str(place.folder), name)))
        ref = next((origin.ref for _, origin in files if origin.ref), None)
        request = DownloadRequest(repo, commit or _UNKNOWN_COMMIT, wanted, title, ref)
        size = _still_there(request, place, new)
        if size is not None and (commit or place.kind == "folder"):
            attached = ATTACHED.search(first) is not None
            yield MovingSet(title, request, place, size, "", not attached, bool(commit))


def _replaced(content: Path, record: FileRecord) -> bool:
    """Somebody has put another file there."""
    try:
        status = content.stat()
    except OSError:
        return False
    apart = abs(status.st_mtime_ns - record.mtime_ns)
    return status.st_size != record.size_bytes or apart > _COARSE_TIME_NS


def _still_there(request: DownloadRequest, old: Target, new: Target) -> int | None:
    """Bytes at the old place; None when there is nothing left to do. What an earlier move that was
    killed has not ended is left to do."""
    left, size = False, 0
    for file, count in zip(request.files, _sizes(request, old), strict=True):
        try:
            before, now = place_of(request, file, old), place_of(request, file, new)
        except KnownError:
            return None
        unpublished = now.content.exists() and not os.path.lexists(now.location)
        left = left or bool(count) or os.path.lexists(before.location) or unpublished
        size += count
    return size if left else None


def _sizes(request: DownloadRequest, target: Target) -> list[int]:
    return [_held(request, file, target)[1] for file in request.files]


def _held(request: DownloadRequest, file: FileRequest, target: Target) -> tuple[Path, int]:
    """The file that has the bytes, complete or partial, with its length."""
    try:
        place = place_of(request, file, target)
    except KnownError:
        return target.folder, 0
    for path in (place.content, place.location, place.part):
        if path.is_file():
            return path, path.stat().st_size
    return place.content, 0


def _place(old: Target, sets: Sequence[MovingSet], new: Target) -> EarlierPlace:
    device = _device(new.folder)
    needed = 0
    for one in sets:
        for file in one.request.files:
            path, size = _held(one.request, file, old)
            if size and path.stat().st_dev != device:
                needed += size
    try:
        free: int | None = free_bytes(new.folder)
    except OSError:
        free = None
    return EarlierPlace(old, tuple(sets), needed, free)


def _device(folder: Path) -> int | None:
    """Of the disk that the folder is on or would be made on."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return folder.stat().st_dev
    except OSError:
        return None
