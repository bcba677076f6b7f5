"""Where files that this program downloaded lie: in which cache or folder, under which path of which
repository."""

import os
from dataclasses import dataclass
from pathlib import Path

from app.downloads.types import Target
from app.library.records import FileRecord


@dataclass(frozen=True)
class Origin:
    """place: what was the folder for models when the file came. commit, ref: "" when unknown; path
    is "" for a cache's blob whose name nothing tells without looking into the snapshots."""

    place: Target
    repo: str
    path: str
    commit: str
    ref: str


def origin_of(content: Path, record: FileRecord) -> Origin | None:
    """From names alone, without a look at the disk. None when they do not fit together: somebody
    else has put the file there."""
    cache = _cache_of(content, record.repo)
    if cache is not None:
        place = Target("hub-cache", cache)
        return Origin(place, record.repo, record.path, record.commit, record.ref)
    path = record.path or content.name
    steps = path.split("/")
    if not record.repo or list(content.parts[-len(steps) :]) != steps:
        return None
    place = Target("folder", content.parents[len(steps) - 1])
    return Origin(place, record.repo, path, record.commit, record.ref)


def found_in_snapshots(origin: Origin, content: Path) -> Origin:
    """With commit and path, of a blob that an older version of the program has noted without."""
    repo = content.parent.parent
    if origin.path or content.parent.name != "blobs":
        return origin
    for parent, _, names in os.walk(repo / "snapshots"):
        for name in names:
            link = Path(parent, name)
            if link.is_symlink() and link.readlink().name == content.name:
                commit, *path = link.relative_to(repo / "snapshots").parts
                return Origin(origin.place, origin.repo, "/".join(path), commit, "main")
    return origin


def _cache_of(content: Path, repo: str) -> Path | None:
    name = f"models--{repo.replace('/', '--')}"
    for folder, below in zip(content.parents[1:], content.parents, strict=False):
        if folder.name == name and below.name in ("blobs", "snapshots"):
            return folder.parent
    return None
