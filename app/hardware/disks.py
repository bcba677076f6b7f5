"""The volumes that models may go to."""

from collections.abc import Iterable
from pathlib import Path

from app.hardware.facts import SystemFacts
from app.hardware.files import read_text
from app.hardware.types import Disk


def read_disks(facts: SystemFacts, root: Path, paths: Iterable[Path]) -> tuple[Disk, ...]:
    """One entry per volume, named after the first of the paths on it. A path that does not exist
    yet stands for its nearest folder that does; one that cannot be read is left out."""
    found: dict[object, Disk] = {}
    for path in paths:
        existing = _existing(path)
        try:
            volume = facts.volume(existing)
        except OSError:
            continue
        key = volume.mount or volume.device or str(existing)
        if key not in found:
            found[key] = Disk(
                path=str(path),
                total_bytes=volume.total_bytes or None,
                free_bytes=volume.free_bytes,
                filesystem=volume.filesystem,
                rotational=_rotational(root, volume.device),
            )
    return tuple(found.values())


def _existing(path: Path) -> Path:
    for folder in (path, *path.parents):
        if folder.exists():
            return folder
    return path


def _rotational(root: Path, device: str | None) -> bool | None:
    """Linux only. A partition has no queue of its own: ask the disk above it. Virtual disks
    call themselves rotational without turning."""
    if device is None:
        return None
    folder = (root / "sys/dev/block" / device).resolve()
    if folder.name.startswith(("vd", "xvd", "dm-", "md", "loop")):
        return None
    for place in (folder, folder.parent):
        answer = read_text(place / "queue/rotational")
        if answer in ("0", "1"):
            return answer == "1"
    return None
