"""Making damaged files whole again with as few fetched bytes as can be known to be enough.

One hash of a whole file does not tell which bytes are wrong. What can be told without more: a file
that is too short lacks its end, and lost writes leave holes or runs of zeros, which quantized
weights do not have. So a copy of the damaged file is made (which takes no room where the file
system can share blocks), those ranges are withdrawn from its journal, and the downloader fetches
them and hashes all of it; only when that is not enough does it fetch everything. The damaged file
itself is not touched until the new one has its right hash and takes its place in one step.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from app.catalog.names import RepoFile
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.facade import download
from app.downloads.journal import Identity, Journal, Picture
from app.downloads.ranges import RangeSet
from app.downloads.storage import discard, free_bytes, place_of, sync_folder
from app.downloads.types import DownloadRequest, FileRequest, JobStatus, Target
from app.library.records import Records
from app.library.types import InstalledModel, ModelFile
from app.library.verify import ListFiles, known_repository
from app.library.walk import REPAIR_FOLDER

_PAGE_BYTES = 4096
# Shorter runs of zeros than this are found in sound files: padding, empty biases.
_SUSPICIOUS_BYTES = 64 * 1024
_PIECE_BYTES = 4 * 1024 * 1024


def repair(
    model: InstalledModel,
    wrong: tuple[ModelFile, ...],
    records: Records,
    hub: HubAccess,
    list_files: ListFiles,
    *,
    on_progress: Callable[[JobStatus], None] = lambda _: None,
    cancel: CancelToken | None = None,
) -> tuple[Path, ...]:
    """The files that were made whole. Blocking. Raises KnownError when it cannot be known where
    they are from, there is no room, or the Hub has another version by now; Cancelled, which keeps
    what was fetched for the next try."""
    token = cancel or CancelToken()
    listed = _listed(model, records, list_files)
    pairs = [(file, _counterpart(model, file, listed)) for file in wrong]
    repo = known_repository(model, records)
    for file, of_hub in pairs:
        token.raise_if_cancelled()
        _repair_one(file, of_hub, repo, hub, on_progress, token)
    return tuple(file.content for file, _ in pairs)


def completion(
    model: InstalledModel, records: Records, list_files: ListFiles
) -> tuple[DownloadRequest, Target]:
    """What to ask the downloads for, so that a partial model becomes whole where it lies. Raises
    KnownError when that cannot be known."""
    listed = _listed(model, records, list_files)
    wanted = {*model.missing, *(f.path.name for f in model.files if not f.partial)}
    wanted |= {f.path.name.removesuffix(".glm-part") for f in model.files if f.partial}
    hashes = {f.sha256 for f in model.files if f.sha256}
    files = [f for f in listed if f.name in wanted or (f.sha256 in hashes and f.sha256)]
    if not files:
        raise _unknown_origin(model, tr("no file of the repository has its name"))
    repo = known_repository(model, records)
    requests = tuple(FileRequest(f.path, f.size_bytes, f.sha256) for f in files)
    request = DownloadRequest(repo, files[0].revision, requests, model.title)
    if model.source.kind == "hub-cache":
        return replace(request, ref="main"), Target("hub-cache", model.source.folder)
    root = model.files[0].path.parent
    for folder in reversed(files[0].path.split("/")[:-1]):
        root = root.parent if root.name == folder else root
    return request, Target("folder", root)


def suspicious_ranges(path: Path, size_bytes: int) -> Iterator[tuple[int, int]]:
    """Holes, long runs of zeros, and what is missing at the end, in order; whole pages. Reads the
    file once. Raises OSError."""
    start: int | None = None
    position = 0
    buffer = memoryview(bytearray(_PIECE_BYTES))
    zeros = bytes(_PAGE_BYTES)
    with path.open("rb", buffering=0) as file:
        while position < size_bytes and (count := file.readinto(buffer)):
            for offset in range(0, count, _PAGE_BYTES):
                page = buffer[offset : min(offset + _PAGE_BYTES, count)]
                if page == zeros[: len(page)]:
                    start = position + offset if start is None else start
                elif start is not None:
                    if position + offset - start >= _SUSPICIOUS_BYTES:
                        yield start, position + offset
                    start = None
            position += count
    end = min(position, size_bytes)
    if start is not None and (end < size_bytes or end - start >= _SUSPICIOUS_BYTES):
        yield start, size_bytes
    elif end < size_bytes:
        yield end, size_bytes


def _repair_one(
    file: ModelFile,
    of_hub: RepoFile,
    repo: str,
    hub: HubAccess,
    on_progress: Callable[[JobStatus], None],
    cancel: CancelToken,
) -> None:
    target = Target("folder", file.content.parent / REPAIR_FOLDER)
    wanted = FileRequest(of_hub.path, of_hub.size_bytes, of_hub.sha256)
    request = DownloadRequest(repo, of_hub.revision, (wanted,), file.name)
    place = place_of(request, wanted, target)
    identity = Identity(repo, of_hub.path, of_hub.size_bytes, of_hub.sha256, of_hub.revision)
    try:
        if not place.content.exists() and Journal(place.journal, identity).load() is None:
            _seed(file, place.part, Journal(place.journal, identity), of_hub.size_bytes, cancel)
        status = download(request, target, hub, on_progress=on_progress, cancel=cancel)
        whole = status.files[0].location
        if whole is None:
            raise ValueError("a finished download has a place")
        with contextlib.suppress(OSError):
            shutil.copymode(file.content, whole)
        whole.replace(file.content)
        sync_folder(file.content.parent)
    except OSError as error:
        raise KnownError(
            tr("{name} could not be repaired.", name=file.name),
            tr("The system says: {strerror}.", strerror=error.strerror or error),
            tr("Check the folder's rights and the disk. The file is as it was."),
            repr(error),
        ) from error
    discard(place)
    for folder in place.part.parents:
        if target.folder not in (folder, *folder.parents):
            break
        with contextlib.suppress(OSError):  # another file is being repaired beside this one
            folder.rmdir()


def _seed(
    file: ModelFile, part: Path, journal: Journal, size_bytes: int, cancel: CancelToken
) -> None:
    """A partial file that has what the damaged one has, but for what is suspicious."""
    part.parent.mkdir(parents=True, exist_ok=True)
    have = RangeSet()
    if file.content.exists():
        have.add(0, size_bytes)
        for start, end in suspicious_ranges(file.content, size_bytes):
            cancel.raise_if_cancelled()
            have.remove(start, end)
        free = free_bytes(part.parent)
        if not _cloned(file.content, part):
            if free < size_bytes:
                raise KnownError(
                    tr("There is no room to repair {name}.", name=file.name),
                    tr(
                        "It needs {size} beside the damaged file, and {free} are free.",
                        size=gigabytes(size_bytes),
                        free=gigabytes(free),
                    ),
                    tr("Make room, or delete the model and download it again."),
                )
            _copy(file.content, part, min(size_bytes, file.content.stat().st_size), cancel)
    try:
        journal.start(Picture(have))
    finally:
        journal.close()


def _cloned(source: Path, part: Path) -> bool:
    """Shares the blocks where the file system can: no time and no room."""
    try:
        import fcntl
    except ImportError:
        return False
    with source.open("rb") as reading, part.open("wb") as writing:
        try:
            fcntl.ioctl(writing.fileno(), 0x40049409, reading.fileno())  # FICLONE
        except OSError:
            return False
    return True


def _copy(source: Path, part: Path, size_bytes: int, cancel: CancelToken) -> None:
    buffer = memoryview(bytearray(_PIECE_BYTES))
    left = size_bytes
    try:
        with source.open("rb", buffering=0) as reading, part.open("wb", buffering=0) as writing:
            while left and (count := reading.readinto(buffer[: min(left, _PIECE_BYTES)])):
                cancel.raise_if_cancelled()
                if writing.write(buffer[:count]) < count:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))
                left -= count
            os.fsync(writing.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _listed(model: InstalledModel, records: Records, list_files: ListFiles) -> tuple[RepoFile, ...]:
    repo = known_repository(model, records)
    if not repo:
        raise _unknown_origin(model, tr("its folder names no repository"))
    return tuple(list_files(repo, model.commit))


def _counterpart(model: InstalledModel, file: ModelFile, listed: tuple[RepoFile, ...]) -> RepoFile:
    if file.sha256 is not None:
        found = [one for one in listed if one.sha256 == file.sha256]
    else:
        found = [one for one in listed if one.name == file.path.name and one.sha256]
        # Several folders of a repository may hold the same name: the folder decides.
        found.sort(key=lambda one: one.path.split("/")[-2:-1] != [file.path.parent.name])
    if not found:
        raise KnownError(
            tr("{title} cannot be repaired.", title=model.title),
            tr("The Hub has another version of this file by now, or none."),
            tr("Delete the model and download it again."),
            f"{file.path}",
        )
    return found[0]


def _unknown_origin(model: InstalledModel, details: str) -> KnownError:
    return KnownError(
        tr("{title} cannot be repaired.", title=model.title),
        tr("Nothing tells which repository of the Hub it is from."),
        tr("Download it again, or copy it again from where it came."),
        details,
    )
