"""Where a file lies while it is partial and when it is complete.

The Hugging Face cache: `models--owner--name/{blobs,snapshots,refs}`, blobs named by hash, snapshots
of links to them (of the files themselves where links are not allowed), as huggingface_hub does.
"""

import contextlib
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from app.catalog.names import is_safe_path
from app.core.errors import KnownError
from app.core.language import tr
from app.downloads.types import DownloadRequest, FileRequest, Target

PART_SUFFIX = ".glm-part"
JOURNAL_SUFFIX = ".journal"
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_REVISION = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Place:
    """part and its journal lie side by side. content: where the bytes end up. location: the path
    that people and the engine use, which may be a link to content."""

    part: Path
    content: Path
    location: Path

    @property
    def journal(self) -> Path:
        return self.part.with_name(self.part.name + JOURNAL_SUFFIX)


def place_of(request: DownloadRequest, file: FileRequest, target: Target) -> Place:
    """Raises KnownError when a name would lead out of the folder or cannot exist."""
    _check(request, file)
    if target.kind == "folder":
        content = target.folder.joinpath(*file.path.split("/"))
        return Place(content.with_name(content.name + PART_SUFFIX), content, content)
    repo = repo_folder(target.folder, request.repo)
    location = repo.joinpath("snapshots", request.commit, *file.path.split("/"))
    if file.sha256 is None:
        return Place(location.with_name(location.name + PART_SUFFIX), location, location)
    blob = repo / "blobs" / file.sha256
    return Place(blob.with_name(blob.name + PART_SUFFIX), blob, location)


def repo_folder(cache: Path, repo: str) -> Path:
    return cache / f"models--{repo.replace('/', '--')}"


def publish(place: Place, request: DownloadRequest, target: Target) -> Path:
    """Let the verified partial file appear under its name. Raises OSError."""
    if place.part.exists():
        place.content.parent.mkdir(parents=True, exist_ok=True)
        place.part.replace(place.content)
        sync_folder(place.content.parent)
    location = place.location
    # Without links there is no blob: the file has been moved to its location before.
    if location != place.content and place.content.exists():
        location.parent.mkdir(parents=True, exist_ok=True)
        location = _link(place.content, location)
    if target.kind == "hub-cache" and request.ref is not None and is_safe_path(request.ref):
        ref = repo_folder(target.folder, request.repo).joinpath("refs", *request.ref.split("/"))
        ref.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(ref, request.commit)
    return location


def _link(content: Path, location: Path) -> Path:
    relative = os.path.relpath(content, location.parent)
    beside = location.with_name(location.name + ".glm-link")
    beside.unlink(missing_ok=True)
    try:
        beside.symlink_to(relative)
    except OSError:
        # No right to make links (Windows without developer mode): the file itself moves there,
        # as huggingface_hub does.
        content.replace(location)
        sync_folder(location.parent)
        return location
    beside.replace(location)
    sync_folder(location.parent)
    return location


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".glm-new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def discard(place: Place) -> None:
    """Remove what is partial; nothing that is complete."""
    for path in (place.part, place.journal, place.journal.with_name(place.journal.name + ".new")):
        path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """Of the file system that the folder is on or would be made on."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def sync_handle(fd: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(fd)  # not every file system knows it
    elif hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:
        os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Make a rename last. Windows cannot open folders and does not need it."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems refuse
            os.fsync(fd)
    finally:
        os.close(fd)


def _check(request: DownloadRequest, file: FileRequest) -> None:
    sound = (
        _REPO.fullmatch(request.repo)
        and ".." not in request.repo
        and _REVISION.fullmatch(request.commit)
        and is_safe_path(file.path)
        and (file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256))
        and file.size_bytes >= 0
    )
    if not sound:
        raise KnownError(
            tr("This file cannot be stored."),
            tr("Its name, size or hash is not one that a file of the Hub can have."),
            tr("Pick another file."),
            f"{request.repo} {request.commit} {file}"[:500],
        )
