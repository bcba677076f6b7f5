"""Deleting a model: what it frees, what stays because others use it; a cache stays whole."""

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import KnownError
from app.core.language import tr
from app.core.units import gigabytes
from app.downloads.part_file import PartFile
from app.downloads.storage import PART_SUFFIX
from app.library.types import InstalledModel, Snapshot
from app.library.walk import parts

_MAX_MANIFEST_BYTES = 1_000_000
_log = logging.getLogger(__name__)

Trash = Callable[[Path], None]


class NoTrashError(KnownError):
    """There is no trash for these files: ask whether to delete them for good."""


class ForeignError(KnownError):
    """The files belong to another program: ask a second time."""


@dataclass(frozen=True)
class Removal:
    """What would happen. links: names to be taken away. contents: files to be trashed or deleted.
    frees_bytes: links and shared blobs not counted. kept: what stays and why, "" when nothing.
    question: to be asked a second time before files of another program go, "" for our own.
    """

    model: InstalledModel
    links: tuple[Path, ...]
    contents: tuple[Path, ...]
    frees_bytes: int
    kept: str = ""
    question: str = ""


@dataclass(frozen=True)
class Removed:
    freed_bytes: int
    to_trash: bool


def plan_removal(model: InstalledModel, snapshot: Snapshot) -> Removal:
    """Reads folders and link counts, changes nothing. Files that have gone are left out."""
    if model.source.kind == "ollama":
        links, contents, shared = _ollama_files(model)
    else:
        links, contents, shared = _files(model, snapshot)
    frees, bound = 0, 0
    for path in contents:
        with contextlib.suppress(OSError):
            status = path.lstat()
            size = _allocated(status)
            if status.st_nlink > 1 and not path.is_symlink():
                bound += size
            else:
                frees += size
    return Removal(
        model,
        tuple(links),
        tuple(contents),
        frees,
        _kept(shared, bound),
        "" if model.owned else _question(model),
    )


def remove(
    removal: Removal, *, permanently: bool, confirmed_foreign: bool, trash: Trash
) -> Removed:
    """Raises ForeignError, NoTrashError, KnownError when the system refuses."""
    if removal.question and not confirmed_foreign:
        raise ForeignError(removal.question, "", tr("Confirm that the files shall go."))
    trashed = False
    try:
        for index, path in enumerate(removal.contents):
            if permanently:
                path.unlink(missing_ok=True)
            elif path.exists() or path.is_symlink():
                _to_trash(path, trash, started=index > 0)
                trashed = True
        for link in removal.links:
            link.unlink(missing_ok=True)
    except OSError as error:
        raise KnownError(
            tr("{title} could not be deleted completely.", title=removal.model.title),
            tr("The system says: {strerror}.", strerror=error.strerror or error),
            tr("Close programs that use the files and check the folder's rights, then try again."),
            repr(error),
        ) from error
    _tidy(removal)
    return Removed(removal.frees_bytes, trashed)


def refuse_downloading(model: InstalledModel) -> None:
    """Raises KnownError when one of our partial files is being written to at this moment."""
    for file in model.files:
        if not file.path.name.endswith(PART_SUFFIX) or not file.path.exists():
            continue
        try:
            PartFile(file.path).close()
        except KnownError as error:
            raise KnownError(
                tr("{title} is being downloaded.", title=model.title),
                "",
                tr("Cancel the download instead; that removes what has come."),
                str(file.path),
            ) from error
        except OSError:
            _log.info("%s cannot be locked", file.path, exc_info=True)


def to_trash(path: Path) -> None:
    """Raises OSError where there is none."""
    from send2trash import send2trash  # type: ignore[import-untyped]

    send2trash(os.fspath(path))


def _to_trash(path: Path, trash: Trash, *, started: bool) -> None:
    try:
        trash(path)
    except Exception as error:  # every platform's own kinds
        _log.info("No trash for %s: %r", path, error)
        raise NoTrashError(
            tr("The files cannot be moved to the trash."),
            tr("There is no trash on their disk, or it has no room for them.")
            + (tr(" Some of the files are in it already.") if started else ""),
            tr("Delete them for good, or leave them."),
            repr(error),
        ) from error


def _files(model: InstalledModel, snapshot: Snapshot) -> tuple[list[Path], list[Path], int]:
    """Links, contents, and the bytes of blobs that something else needs."""
    others = [one for one in snapshot.models if one.key != model.key]
    used = {file.path for one in others for file in (*one.files, *one.attached)}
    attached = [file for file in model.attached if file.path not in used]
    links: list[Path] = []
    contents: list[Path] = []
    shared = 0
    for file in (*model.files, *attached):
        in_cache = model.source.kind == "hub-cache"
        if file.path == file.content:
            contents.append(file.path)
        elif in_cache and not _used_elsewhere(file.path, file.content, model):
            links.append(file.path)
            contents.append(file.content)
        elif in_cache:
            links.append(file.path)
            shared += file.done_bytes
        else:
            links.append(file.path)  # a link somewhere else takes only itself away
            shared += file.done_bytes
        if file.partial:
            contents += [p for p in _beside(file.path) if p.exists()]
    return links, contents, shared


def _beside(part: Path) -> Iterator[Path]:
    yield part.with_name(part.name + ".journal")
    yield part.with_name(part.name + ".journal.new")


def _used_elsewhere(link: Path, blob: Path, model: InstalledModel) -> bool:
    """Another link in this repository's snapshots leads to the same blob."""
    mine = {file.path for file in (*model.files, *model.attached)}
    repo = model.source.folder / next(parts(model.source.folder, str(link)), "")
    for folder, _, names in os.walk(repo / "snapshots"):
        for name in names:
            path = Path(folder, name)
            if path not in mine and path.is_symlink() and path.resolve() == blob:
                return True
    return False


def _ollama_files(model: InstalledModel) -> tuple[list[Path], list[Path], int]:
    """The manifest goes, and with it every blob that no other manifest names."""
    manifest = Path(model.key.removeprefix("ollama:"))
    if manifest.parent.name == "blobs":  # a download without a manifest
        pieces = manifest.parent.glob(f"{manifest.name}-*")
        return [], [manifest, *pieces], 0
    blobs = model.source.folder / "blobs"
    mine = _digests(manifest)
    others: set[str] = set()
    for folder, _, names in os.walk(model.source.folder / "manifests"):
        for name in names:
            path = Path(folder, name)
            others |= _digests(path) if path != manifest else set()
    going = [blobs / name for name in sorted(mine - others)]
    shared = sum(file.done_bytes for file in model.files if file.path.name in others)
    return [manifest], [path for path in going if path.exists()], shared


def _digests(manifest: Path) -> set[str]:
    try:
        with manifest.open("rb") as file:
            value = json.loads(file.read(_MAX_MANIFEST_BYTES))
        layers = [value.get("config"), *value.get("layers", [])]
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return set()
    told = [str(layer.get("digest")) for layer in layers if isinstance(layer, dict)]
    names = {digest.replace(":", "-") for digest in told}
    return {name for name in names if "/" not in name and name.startswith("sha256-")}


def _tidy(removal: Removal) -> None:
    """Empty folders go, and what a cache notes about a snapshot that is no longer there."""
    source = removal.model.source
    own = [source.folder / name for name in ("blobs", "manifests")]
    tops = {source.folder, *own} if source.kind == "ollama" else {source.folder}
    for path in (*removal.links, *removal.contents):
        _drop_empty(path.parent, tops)
    if source.kind != "hub-cache":
        return
    for path in (*removal.links, *removal.contents):
        first = next(parts(source.folder, str(path)), "")
        if first.startswith("models--"):
            _tidy_repo(source.folder / first)


def _drop_empty(folder: Path, tops: set[Path]) -> None:
    while folder not in tops and tops & set(folder.parents):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _tidy_repo(repo: Path) -> None:
    with contextlib.suppress(OSError):
        for ref in [path for path in (repo / "refs").rglob("*") if path.is_file()]:
            commit = ref.read_text(encoding="ascii", errors="replace").strip()
            if not (repo / "snapshots" / commit).is_dir():
                ref.unlink()
                _drop_empty(ref.parent, {repo})
    for name in ("refs", "blobs", "snapshots"):
        with contextlib.suppress(OSError):
            (repo / name).rmdir()
    left = {path.name for path in repo.iterdir()} if repo.is_dir() else set()
    if left <= {".no_exist"}:  # notes about files that a repository does not have
        shutil.rmtree(repo, ignore_errors=True)


def _allocated(status: os.stat_result) -> int:
    blocks = getattr(status, "st_blocks", None)
    # What a file takes, not how long it claims to be: partial files have holes.
    return status.st_size if blocks is None else min(status.st_size, blocks * 512)


def _kept(shared: int, bound: int) -> str:
    said = []
    if shared:
        said.append(
            tr(
                "{shared} stay, because something else uses the same data.",
                shared=gigabytes(shared),
            )
        )
    if bound:
        said.append(
            tr("{bound} have another name elsewhere and stay under that.", bound=gigabytes(bound))
        )
    return " ".join(said)


def _question(model: InstalledModel) -> str:
    if model.source.kind == "folder":
        return tr("These files are in a folder of your own; this program did not put them there.")
    if model.source.kind == "hub-cache":
        return tr("These files are in the Hugging Face cache, which other programs use as well.")
    return tr(
        "These files belong to {label}, which will no longer find them.",
        label=tr(model.source.label),
    )
