"""Reading tools for the folders that are open: a file, a folder, a search."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.core.units import count, gigabytes
from app.tools.files_text import FileText, as_text, read_all
from app.tools.opening import Opener, Place, open_below, reason
from app.tools.tool import Choice, Plan, Tool, ToolFailure, planning_tool

_ROOM = 7_000
_LONGEST_LINE = 2_000
_MOST_ENTRIES = 300
_MOST_LOOKED_AT = 20_000
_MOST_FILES = 5_000
_MOST_BYTES = 64_000_000
_MOST_FOUND = 60
_SEARCH_SECONDS = 15.0
_LARGEST_SEARCHED = 2_000_000
_OUTSIDE: tuple[Choice, ...] = ("always", "deny")
_SKIPPED = {"node_modules", "__pycache__"}


def reading_tools(opener: Opener) -> tuple[Tool, ...]:
    return (
        _tool(
            opener,
            "read_file",
            mark("Read a file"),
            "Reads a text file in a folder that the person has opened to tools. Long files come in "
            "pieces: the answer says which line to go on from.",
            {
                "path": _text("The file's path, whole or within an opened folder."),
                "start_line": {"type": "integer", "minimum": 1, "description": "From 1."},
                "lines": {"type": "integer", "minimum": 1, "description": "How many at most."},
            },
            ["path"],
            _read,
        ),
        _tool(
            opener,
            "list_folder",
            mark("List a folder"),
            "Lists a folder that the person has opened to tools. Without a path, the opened "
            "folders.",
            {"path": _text("The folder's path, whole or within an opened folder.")},
            [],
            _list,
        ),
        _tool(
            opener,
            "search_files",
            mark("Search in files"),
            "Looks for a text in the text files of a folder that the person has opened to tools, "
            "whatever the case, in all folders below it.",
            {
                "text": {"type": "string", "minLength": 1, "maxLength": 200},
                "path": _text("The folder's path, whole or within an opened folder."),
            },
            ["text", "path"],
            _search,
        ),
    )


_Run = Callable[[Opener, Place, JsonObject, CancelToken], str]


def _tool(
    opener: Opener,
    name: str,
    title: str,
    description: str,
    properties: JsonObject,
    required: list[str],
    run: _Run,
) -> Tool:
    parameters: JsonObject = {
        "type": "object",
        "properties": properties,
        "required": [*required],
    }

    def plan(arguments: JsonObject, _cancel: CancelToken) -> Plan:
        written = arguments.get("path")
        if written is None:
            return Plan(lambda _: _opened(opener), lines=(tr("Names the folders open to tools."),))
        place = opener.place(str(written))
        work = partial(_worded, partial(run, opener), place, arguments)
        lines = (f"{tr(title)}: {place.path}", *_details(arguments))
        if place.folder is not None:
            return Plan(work, place.folder.path, lines)
        folder = place.path if place.path.is_dir() else place.path.parent
        if not opener.may_be_opened(folder):
            raise ToolFailure(
                f"{place.path} is in no folder that is open to tools; the person can open one in "
                "Settings, Tools"
            )
        again = partial(_after_opening, opener, run, str(place.path), arguments)
        return Plan(again, str(folder), lines, choices=_OUTSIDE, grant=str(folder))

    return planning_tool(
        ToolSpec(name, description, parameters),
        "reads",
        plan,
        title=title,
        unavailable=opener.unavailable,
    )


def _after_opening(
    opener: Opener, run: _Run, path: str, arguments: JsonObject, cancel: CancelToken
) -> str:
    return _worded(partial(run, opener), opener.place(path), arguments, cancel)


def _worded(
    run: Callable[[Place, JsonObject, CancelToken], str],
    place: Place,
    arguments: JsonObject,
    cancel: CancelToken,
) -> str:
    try:
        return run(place, arguments, cancel)
    except OSError as error:
        raise ToolFailure(f"{place.path} cannot be read: {reason(error)}") from None


def _text(description: str) -> JsonObject:
    return {"type": "string", "minLength": 1, "description": description}


def _details(arguments: JsonObject) -> tuple[str, ...]:
    return tuple(f"{key}: {value}" for key, value in arguments.items() if key != "path")


def _opened(opener: Opener) -> str:
    lines = [
        f"{folder.path} ({'reading and writing' if folder.write else 'reading'})"
        for folder in opener.folders.opened
    ]
    return "\n".join(lines) or "No folder is open to tools."


def load(opener: Opener, place: Place) -> FileText:
    """Raises ToolFailure, OSError."""
    with opener.file(place) as handle:
        return as_text(read_all(handle, place.path.name), place.path.name)


def _read(opener: Opener, place: Place, arguments: JsonObject, _cancel: CancelToken) -> str:
    found = load(opener, place)
    lines = found.text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first = _number(arguments.get("start_line"), 1)
    if first > max(1, len(lines)):
        raise ToolFailure(f"{place.path.name} has {count(len(lines))} lines")
    wanted = _number(arguments.get("lines"), len(lines) or 1)
    shown: list[str] = []
    room = _ROOM
    for line in lines[first - 1 : first - 1 + wanted]:
        short = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… (cut)"
        room -= len(short) + 1
        if room < 0 and shown:
            break
        shown.append(short)
    last = first + len(shown) - 1
    head = (
        f"{place.path}: {gigabytes(found.size_bytes)}, {found.encoding}, lines {count(first)} to "
        f"{count(last)} of {count(len(lines))}"
    )
    more = f"\n[Go on with start_line {last + 1}.]" if last < len(lines) else ""
    return f"{head}\n\n" + "\n".join(shown) + more


def _number(value: object, default: int) -> int:
    return int(value) if isinstance(value, int | float) else default


def _list(opener: Opener, place: Place, _arguments: JsonObject, _cancel: CancelToken) -> str:
    with opener.directory(place) as handle, os.scandir(handle if handle >= 0 else place.path) as it:
        some = islice(it, _MOST_LOOKED_AT)
        entries = sorted(
            ((_kind(entry), entry.name, _size(entry)) for entry in some),
            key=lambda one: (one[0] != "folder", one[1].casefold()),
        )
    lines = [_line(*entry) for entry in entries[:_MOST_ENTRIES]]
    if len(entries) > _MOST_ENTRIES:
        lines.append(f"[{count(len(entries) - _MOST_ENTRIES)} more are not listed.]")
    more = " or more" if len(entries) == _MOST_LOOKED_AT else ""
    return f"{place.path}: {count(len(entries))}{more} entries\n" + "\n".join(lines)


def _line(kind: str, name: str, size: int) -> str:
    shown = name.encode("utf-8", "replace").decode("utf-8").replace("\n", "\\n")
    if kind == "folder":
        return f"{shown}/"
    return f"{shown} ({gigabytes(size)})" if kind == "file" else f"{shown} ({kind})"


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "device or socket"


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0


def _search(opener: Opener, place: Place, arguments: JsonObject, cancel: CancelToken) -> str:
    wanted = str(arguments["text"]).casefold()
    found: list[str] = []
    searched = 0
    end = time.monotonic() + _SEARCH_SECONDS
    left = _MOST_BYTES
    stopped = ""
    for relative, data in _texts(opener, place, cancel):
        searched += 1
        left -= len(data)
        found += _hits(relative, data, wanted, _MOST_FOUND + 1 - len(found))
        if len(found) > _MOST_FOUND:
            stopped = f"only the first {_MOST_FOUND} are shown"
            break
        if searched >= _MOST_FILES or left <= 0 or time.monotonic() > end:
            stopped = "the folder is large, so the rest was not searched"
            break
    head = f"{count(len(found[:_MOST_FOUND]))} lines in {count(searched)} files of {place.path}"
    return "\n".join([f"{head}{f'; {stopped}' if stopped else ''}", *found[:_MOST_FOUND]])


def _hits(relative: str, data: bytes, wanted: str, most: int) -> list[str]:
    try:
        text = as_text(data, relative).text
    except ToolFailure:
        return []
    hits: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if len(hits) < most and wanted in line.casefold():
            hits.append(f"{relative}:{number}: {line.strip()[:200]}")
    return hits


def _texts(opener: Opener, place: Place, cancel: CancelToken) -> Iterator[tuple[str, bytes]]:
    """Every file that is not too large, in folders below as well; hidden ones are left out."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        way = waiting.pop()
        cancel.raise_if_cancelled()
        try:
            with opener.directory(place, (*place.inside, *way)) as handle:
                here = place.path.joinpath(*way)
                with os.scandir(handle if handle >= 0 else here) as it:
                    entries = sorted(islice(it, _MOST_LOOKED_AT), key=lambda entry: entry.name)
                folders = [one.name for one in entries if _kind(one) == "folder"]
                waiting += [(*way, name) for name in reversed(folders) if _searched(name)]
                for entry in entries:
                    if _kind(entry) == "file" and _searched(entry.name):
                        data = _contents(handle, entry.name, here)
                        if data is not None:
                            yield "/".join((*way, entry.name)), data
        except (OSError, ToolFailure):
            continue


def _searched(name: str) -> bool:
    return not name.startswith(".") and name not in _SKIPPED


def _contents(parent: int, name: str, folder: Path) -> bytes | None:
    handle = open_below(parent, folder / name, name)
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _LARGEST_SEARCHED:
            return None
        return read_all(handle, name, _LARGEST_SEARCHED)
    except (OSError, ToolFailure):
        return None
    finally:
        os.close(handle)
