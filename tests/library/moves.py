"""Downloaded models in small, for what moves them."""

from collections.abc import Callable, Collection
from pathlib import Path

from app.downloads.storage import place_of
from app.downloads.types import (
    DownloadRequest,
    Event,
    FileRequest,
    JobStatus,
    Target,
)
from app.library.library import Library
from tests.library.trees import COMMIT, put, sha256


class NoQueue:
    """Nothing is being downloaded."""

    def __init__(self) -> None:
        self.resumed: list[str] = []

    def jobs(self) -> tuple[JobStatus, ...]:
        return ()

    def pause(self, job_id: str) -> None:
        raise AssertionError(job_id)

    def resume(self, job_id: str) -> None:
        self.resumed.append(job_id)

    def relocate(self, old: Target, new: Target, job_ids: Collection[str] | None = None) -> None:
        raise AssertionError((old, new, job_ids))

    def subscribe(self, _: Callable[[Event], None]) -> Callable[[], None]:
        return lambda: None


def downloaded(
    shelf: Library, target: Target, repo: str, files: dict[str, bytes], *, with_commit: bool = True
) -> DownloadRequest:
    """As a finished download leaves them."""
    wanted = tuple(FileRequest(path, len(data), sha256(data)) for path, data in files.items())
    request = DownloadRequest(repo, COMMIT, wanted, ref="main")
    for file in wanted:
        place = place_of(request, file, target)
        put(place.content, files[file.path])
        if place.location != place.content:
            place.location.parent.mkdir(parents=True, exist_ok=True)
            place.location.symlink_to(place.content)
    if target.kind == "hub-cache":
        put(target.folder / f"models--{repo.replace('/', '--')}/refs/main", COMMIT.encode())
    locations = [place_of(request, file, target).location for file in wanted]
    known = {"commit": COMMIT, "ref": "main", "paths": list(files)} if with_commit else {}
    shelf.note_downloaded(
        [(path, file.sha256) for path, file in zip(locations, wanted, strict=True)],
        repo,
        **known,  # type: ignore[arg-type]
    )
    return request


def is_whole(request: DownloadRequest, target: Target) -> bool:
    places = [place_of(request, file, target) for file in request.files]
    return all(
        place.location.is_file() and sha256(place.location.read_bytes()) == file.sha256
        for place, file in zip(places, request.files, strict=True)
    )


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
