"""The tool that writes a file, after a look at the changes."""

import difflib
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.core.units import count, gigabytes
from app.tools.backups import Backup, Backups
from app.tools.files_text import FileText, as_text, read_all
from app.tools.opening import Opener, Place, open_below, reason
from app.tools.tool import ALL_CHOICES, Choice, Plan, Tool, ToolFailure, planning_tool

WRITE_FILE = "write_file"
MAX_CHARACTERS = 1_000_000
_LONGEST_DIFF = 90_000
_CONTEXT_LINES = 3
_ALWAYS_ASKED: tuple[Choice, ...] = ("once", "deny")
_OUTSIDE: tuple[Choice, ...] = ("always", "deny")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_NEW |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# What other programs run or obey without being told to.
_OBEYED = (".py", ".sh", ".bat", ".cmd", ".ps1", ".desktop", ".service", ".plist", ".reg", ".lnk")


@dataclass(frozen=True)
class _Writing:
    """before: what the file holds, None when there is none."""

    place: Place
    data: bytes
    before: bytes | None


def writing_tools(opener: Opener, backups: Backups) -> tuple[Tool, ...]:
    parameters: JsonObject = {
        "type": "object",
        "properties": {
            "path": {
                "type": "string",
                "minLength": 1,
                "description": "The file's path, whole or within an opened folder.",
            },
            "content": {
                "type": "string",
                "maxLength": MAX_CHARACTERS,
                "description": "The whole text that the file holds afterwards.",
            },
        },
        "required": ["path", "content"],
    }
    spec = ToolSpec(
        WRITE_FILE,
        "Writes a text file in a folder that the person has opened to tools for writing. The "
        "person sees the changes first. What the file held is replaced.",
        parameters,
    )
    tool = planning_tool(
        spec,
        "writes",
        partial(_plan, opener, backups),
        title=mark("Write a file"),
        unavailable=opener.unavailable,
    )
    return (tool,)


def _plan(opener: Opener, backups: Backups, arguments: JsonObject, _cancel: CancelToken) -> Plan:
    path, content = str(arguments["path"]), str(arguments["content"])
    place = opener.place(path)
    if place.folder is None or not place.folder.write:
        return _outside(opener, backups, place, content)
    writing, old = _looked(opener, place, content)
    obeyed = any(part.startswith(".") for part in place.inside) or place.path.suffix in _OBEYED
    return Plan(
        partial(_write, opener, backups, writing),
        place.folder.path,
        _lines(writing),
        _diff(old, content, place.path.name),
        choices=_ALWAYS_ASKED if obeyed else ALL_CHOICES,
    )


def _outside(opener: Opener, backups: Backups, place: Place, content: str) -> Plan:
    """Writing begins with the person opening the folder for it, which is asked together."""
    folder = Path(place.folder.path) if place.folder is not None else place.path.parent
    if not opener.may_be_opened(folder):
        raise ToolFailure(
            f"{place.path} is in no folder that is open to tools for writing; the person can open "
            "one in Settings, Tools"
        )
    old = ""
    if place.folder is not None:
        writing, old = _looked(opener, place, content)
        lines = _lines(writing)
    else:
        lines = (tr("Writes {path}, which may exist already.", path=place.path),)

    def run(_: CancelToken) -> str:
        again = opener.place(str(place.path))
        if again.folder is None or not again.folder.write:
            raise ToolFailure(f"{again.path} is in no folder that is open for writing")
        fresh, found = _looked(opener, again, content)
        if found != old:
            raise ToolFailure(
                f"{again.path} exists and was not changed, because the person has not seen the "
                "changes yet; call again"
            )
        return _write(opener, backups, fresh, _)

    diff = _diff(old, content, place.path.name)
    return Plan(run, str(folder), lines, diff, choices=_OUTSIDE, grant=str(folder))


def _looked(opener: Opener, place: Place, content: str) -> tuple[_Writing, str]:
    """What will be written, in the file's own line ends, and what it holds now."""
    if not place.inside:
        raise ToolFailure(f"{place.path} is a folder")
    before = _before(opener, place)
    old = FileText("", "UTF-8", os.linesep if os.name == "nt" else "\n", 0)
    if before is not None:
        old = as_text(before, place.path.name)
    text = content.replace("\r\n", "\n").replace("\n", old.newline)
    return _Writing(place, text.encode("utf-8", "replace"), before), old.text


def _before(opener: Opener, place: Place) -> bytes | None:
    try:
        with opener.file(place) as handle:
            return read_all(handle, place.path.name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolFailure(f"{place.path} cannot be written: {reason(error)}") from None


def _lines(writing: _Writing) -> tuple[str, ...]:
    size = gigabytes(len(writing.data))
    if writing.before is None:
        return (tr("Makes {path} ({size}).", path=writing.place.path, size=size),)
    path, now = writing.place.path, gigabytes(len(writing.before))
    return (
        tr("Replaces what {path} holds ({size}, now {now}).", path=path, size=size, now=now),
        tr("The earlier version is kept."),
    )


def _diff(old: str, new: str, name: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(),
        new.replace("\r\n", "\n").splitlines(),
        name,
        name,
        "now",
        "then",
        _CONTEXT_LINES,
        lineterm="",
    )
    text = "\n".join(lines)
    if len(text) > _LONGEST_DIFF:
        raise ToolFailure(
            f"the changes ({count(len(text))} characters) are too large for a person to look "
            f"through; change at most {count(_LONGEST_DIFF)} characters at a time"
        )
    return text


def _write(opener: Opener, backups: Backups, writing: _Writing, _cancel: CancelToken) -> str:
    """The person has seen this change and no other: a file that changed meanwhile is left alone."""
    place = writing.place
    if _before(opener, place) != writing.before:
        raise ToolFailure(f"{place.path} changed meanwhile and was not written; read it again")
    try:
        kept = backups.keep(place.path, writing.before, hashlib.sha256(writing.data).hexdigest())
    except OSError as error:
        raise ToolFailure(
            f"{place.path} was not written: its earlier version could not be kept ({reason(error)})"
        ) from None
    try:
        replace_file(opener, place, writing.data)
    except OSError as error:
        backups.forget(kept)
        raise ToolFailure(f"{place.path} was not written: {reason(error)}") from None
    what = "made" if writing.before is None else "written"
    return f"{place.path} was {what}: {gigabytes(len(writing.data))}."


def replace_file(opener: Opener, place: Place, data: bytes) -> None:
    """All of it or nothing. Folders that are missing are made. Raises OSError, ToolFailure."""
    *way, name = place.inside
    with opener.directory(place, way, make=True) as parent:
        new = f".{name[:100]}.{secrets.token_hex(6)}.new"
        beside = place.path.with_name(new)
        handle = open_below(parent, beside, new, _NEW, 0o644)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                _same_mode(file.fileno(), parent, place.path, name)
            _rename(parent, beside, place.path)
        except BaseException:
            with suppress(OSError):
                _remove(parent, beside)
            raise


def put_back(opener: Opener, backups: Backups, backup: Backup) -> None:
    """As it was before the tool wrote it. Raises KnownError, also when it was changed since."""
    what = "The earlier version was not put back."
    try:
        before = backups.contents(backup)
        place = opener.place(backup.path)
        now = _before(opener, place)
        if now is None or hashlib.sha256(now).hexdigest() != backup.after:
            raise KnownError(
                what,
                tr("The file was changed or removed since."),
                tr("The earlier version stays kept."),
            )
        if before is None:
            *way, _ = place.inside
            with opener.directory(place, way) as parent:
                _remove(parent, place.path)
        else:
            replace_file(opener, place, before)
    except ToolFailure as failure:
        raise KnownError(what, f"{failure}.", tr("Open its folder to tools first.")) from failure
    except OSError as error:
        raise KnownError(what, f"{reason(error).capitalize()}.") from error
    backups.forget(backup)


def backup_of(opener: Opener, backups: Backups, arguments: JsonObject) -> Backup:
    """Of what a call with these arguments has written. Raises KnownError."""
    try:
        path = str(opener.place(str(arguments.get("path", ""))).path)
    except ToolFailure as failure:
        raise KnownError(f"{failure}.") from failure
    text = str(arguments.get("content", "")).replace("\r\n", "\n")
    written = {_digest(text), _digest(text.replace("\n", "\r\n"))}
    for backup in backups.all():
        if backup.path == path and backup.after in written:
            return backup
    raise KnownError(tr("The earlier version is not kept any more."))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _same_mode(handle: int, parent: int, path: Path, name: str) -> None:
    with suppress(OSError):
        old = os.stat(name, dir_fd=parent, follow_symlinks=False) if parent >= 0 else path.lstat()
        if stat.S_ISREG(old.st_mode) and hasattr(os, "fchmod"):
            os.fchmod(handle, stat.S_IMODE(old.st_mode) & 0o777)


def _rename(parent: int, new: Path, path: Path) -> None:
    if parent >= 0:
        os.rename(new.name, path.name, src_dir_fd=parent, dst_dir_fd=parent)
        os.fsync(parent)
    else:
        new.replace(path)


def _remove(parent: int, path: Path) -> None:
    if parent >= 0:
        os.unlink(path.name, dir_fd=parent)
    else:
        path.unlink(missing_ok=True)
