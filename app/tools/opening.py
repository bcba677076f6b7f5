"""Files within opened folders, opened so that nothing on the way can be swapped for a link.

A path is resolved first, then walked from the opened folder down, one directory at a time and
without following links: what is opened is what was checked. Where the system cannot do that
(Windows), the file that was opened is compared with the path once more.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.core import paths
from app.core.errors import KnownError
from app.core.language import tr
from app.tools.folders import Folder, Folders
from app.tools.tool import ToolFailure

WALKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_LONGEST_PATH = 4_000
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FILE |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_DIRECTORY = _FILE | getattr(os, "O_DIRECTORY", 0)
_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/boot")
# What would let whoever reads it act as the person, below the home folder.
_SECRET = (
    ".ssh",
    ".gnupg",
    ".aws",
    ".azure",
    ".kube",
    ".docker",
    ".password-store",
    ".mozilla",
    ".thunderbird",
    ".netrc",
    ".git-credentials",
    ".local/share/keyrings",
    ".config/google-chrome",
    ".config/chromium",
    ".config/gcloud",
    "Library/Keychains",
    "Library/Cookies",
    "AppData/Roaming/Microsoft/Credentials",
)
_RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10)),
}


@dataclass(frozen=True)
class Place:
    """Where a path leads. path: absolute, links resolved. folder: the opened one that holds it,
    None when no opened one does."""

    path: Path
    folder: Folder | None

    @property
    def inside(self) -> tuple[str, ...]:
        """The way from the opened folder."""
        if self.folder is None:
            raise ToolFailure(f"{self.path} is in no folder that is open to tools")
        return self.path.relative_to(self.folder.path).parts


class Opener:
    """Blocks; for worker threads. protected: never read or written, whatever is opened."""

    def __init__(self, folders: Folders, protected: Sequence[Path] | None = None) -> None:
        self.folders = folders
        self._protected = tuple(_secrets() if protected is None else protected)

    def unavailable(self) -> str:
        """Why tools for files cannot be offered, "" when they can."""
        return (
            "" if self.folders.opened else tr("Open a folder to tools first, in Settings, Tools.")
        )

    def place(self, written: str) -> Place:
        """Of a path as the model wrote it; relative ones are looked for in the opened folders.
        Raises ToolFailure for what no tool may touch."""
        _check_text(written)
        path = Path(written).expanduser()
        candidates = [path]
        if not path.is_absolute():
            candidates = [Path(folder.path) / path for folder in self.folders.opened]
            if not candidates:
                raise ToolFailure("no folder is open to tools; give the whole path")
        resolved = [Path(os.path.realpath(one)) for one in candidates]
        found = next((one for one in resolved if os.path.lexists(one)), resolved[0])
        self._refuse_protected(found)
        return Place(found, self.folders.holding(found))

    def may_be_opened(self, folder: Path) -> bool:
        """Whether a card may offer to open it: not the system, not a home as a whole."""
        try:
            self._refuse_protected(folder)
        except ToolFailure:
            return False
        home = Path.home()
        return folder.is_dir() and folder != home and folder not in home.parents

    def check_folder(self, folder: Path) -> None:
        """Of one that the person chooses in the settings. Raises KnownError."""
        what = "This folder cannot be opened to tools."
        if folder == Path(folder.anchor):
            raise KnownError(what, tr("It holds the whole disk."), tr("Choose a folder in it."))
        if not folder.is_dir():
            raise KnownError(
                what, tr("It is not there, or it is a file."), tr("Choose another one.")
            )
        try:
            self._refuse_protected(folder)
        except ToolFailure as failure:
            raise KnownError(what, f"{failure}.", tr("Choose another one.")) from None

    @contextmanager
    def file(self, place: Place) -> Iterator[int]:
        """The descriptor of a plain file. Raises ToolFailure, OSError."""
        if not place.inside:
            raise ToolFailure(f"{place.path} is a folder")
        *way, name = place.inside
        with self.directory(place, way) as parent:
            handle = open_below(parent, place.path, name)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise ToolFailure(f"{place.path} is not a plain file")
                yield handle
            finally:
                os.close(handle)

    @contextmanager
    def directory(
        self, place: Place, way: Sequence[str] | None = None, *, make: bool = False
    ) -> Iterator[int]:
        """The descriptor of a folder below the opened one (-1 where the system has none); way None:
        the place itself. make: what is missing is made. Raises ToolFailure, OSError."""
        steps = place.inside if way is None else way
        if place.folder is None:
            raise ToolFailure(f"{place.path} is in no folder that is open to tools")
        if not WALKS:
            yield _without_descriptors(place.folder.path, steps, make=make)
            return
        handle = os.open(place.folder.path, _DIRECTORY)
        try:
            self._refuse_identity(handle, place.path)
            for name in steps:
                handle = self._step(handle, name, place.path, make=make)
            yield handle
        finally:
            os.close(handle)

    def _step(self, parent: int, name: str, path: Path, *, make: bool) -> int:
        """The folder below; the parent is closed when that went well."""
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=parent)
        inner = os.open(name, _DIRECTORY, dir_fd=parent)
        try:
            self._refuse_identity(inner, path)
        except BaseException:
            os.close(inner)
            raise
        os.close(parent)
        return inner

    def _refuse_protected(self, path: Path) -> None:
        folded = Path(str(path).casefold())
        for one in self._protected:
            other = Path(str(one).casefold())
            if folded == other or other in folded.parents:
                raise _off_limits(path)
        if (
            any(part.casefold().split(".")[0] in _RESERVED for part in path.parts)
            and os.name == "nt"
        ):
            raise ToolFailure(f"{path} is a device")

    def _refuse_identity(self, handle: int, path: Path) -> None:
        """By what a folder is, not by what it is called: names differ in case and by mounts."""
        here = os.fstat(handle)
        for one in self._protected:
            try:
                other = one.stat()
            except OSError:
                continue
            if os.path.samestat(here, other):
                raise _off_limits(path)


def open_below(parent: int, path: Path, name: str, flags: int = _FILE, mode: int = 0o600) -> int:
    """A file in a folder that was walked to; by its path where there are no descriptors."""
    if parent >= 0:
        return os.open(name, flags, mode, dir_fd=parent)
    handle = os.open(path, flags, mode)
    if os.path.realpath(path) != str(path) or not os.path.samestat(os.fstat(handle), path.lstat()):
        os.close(handle)
        raise ToolFailure(f"{path} is a link now")
    return handle


def reason(error: OSError) -> str:
    """Why a file could not be opened, in words for the model and the person."""
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return "it is a link"
    if error.errno == errno.ENOTDIR:
        return "a folder on the way is none, or a link"
    return (error.strerror or "the disk refuses").lower()


def _without_descriptors(root: str, steps: Sequence[str], *, make: bool) -> int:
    path = Path(root, *steps)
    if make:
        path.mkdir(parents=True, exist_ok=True)
    if os.path.realpath(path) != str(path) or not path.is_dir():
        raise ToolFailure(f"{path} is no folder, or a link")
    return -1


def _check_text(written: str) -> None:
    if not written.strip():
        raise ToolFailure("the path is empty")
    if len(written) > _LONGEST_PATH:
        raise ToolFailure("the path is too long")
    if any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in written):
        raise ToolFailure("the path holds signs that no path may hold")
    if os.name == "nt" and ":" in written[2:]:
        raise ToolFailure("the path names a hidden stream of a file")


def _off_limits(path: Path) -> ToolFailure:
    return ToolFailure(f"{path} is off limits for tools, whatever folder is open to them")


def _secrets() -> list[Path]:
    home = Path.home()
    own = [paths.config_dir(), paths.data_dir(), paths.log_dir()]
    found = [Path(one) for one in _SYSTEM] if os.name == "posix" else []
    found += [home / one for one in _SECRET] + own
    return list(dict.fromkeys([*found, *(Path(os.path.realpath(one)) for one in found)]))
