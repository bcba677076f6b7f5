"""`glm-launcher list`, `verify` and `remove`: what is on this computer's disks."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.core.errors import KnownError
from app.core.units import duration, gigabytes

if TYPE_CHECKING:
    from app.core.json import JsonObject
    from app.downloads.types import JobStatus
    from app.library.library import Library
    from app.library.remove import Removal, Removed
    from app.library.types import InstalledModel, Snapshot
    from app.library.verify import Verification, VerifyProgress

EXIT_FAILED = 1
_STATES = {"complete": "", "partial": "not complete", "broken": "broken", "foreign": "not usable"}


def add_parsers(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommands; their `run` default takes the parsed arguments."""
    listing = subparsers.add_parser(
        "list",
        help="show the models on this computer, those of other programs too",
        description="Looks through the folders of this program, of other programs for local models "
        "and of your own.",
    )
    listing.add_argument("--json", action="store_true", help="print the list as JSON")
    listing.set_defaults(run=run_list)
    verify = subparsers.add_parser(
        "verify",
        help="check that a model's files are what was published",
        description="Hashes every file of a model. Without a known hash, its structure is checked.",
    )
    which = verify.add_mutually_exclusive_group(required=True)
    which.add_argument("model", nargs="?", metavar="MODEL", help="a name of “list”, or a file")
    which.add_argument("--all", action="store_true", help="every model that is complete")
    verify.add_argument(
        "--repair", action="store_true", help="fetch again what is wrong, as little as possible"
    )
    verify.add_argument("--json", action="store_true", help="print the result as JSON")
    verify.set_defaults(run=run_verify)
    remove = subparsers.add_parser(
        "remove",
        help="delete a model, to the trash where there is one",
        description="Says what deleting frees and asks before it does it.",
    )
    remove.add_argument("model", metavar="MODEL", help="a name of “list”, or a file")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.add_argument(
        "--foreign", action="store_true", help="also when the files belong to another program"
    )
    remove.add_argument(
        "--permanently", action="store_true", help="delete for good, not to the trash"
    )
    remove.add_argument("--json", action="store_true", help="print the result as JSON")
    remove.set_defaults(run=run_remove)


def run_list(arguments: argparse.Namespace) -> int:
    snapshot = _scan(_library())
    if arguments.json:
        value = {
            "models": _models_json(snapshot),
            "size_bytes": snapshot.size_bytes,
            "problems": [problem.text for problem in snapshot.problems],
        }
        print(json.dumps(value, indent=2))
        return 0
    for line in _table(snapshot):
        print(line)
    for problem in snapshot.problems:
        print(problem.text, file=sys.stderr)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """1 when something is wrong. Raises KnownError."""
    library = _library()
    snapshot = _scan(library)
    if arguments.all:
        models = [model for model in snapshot.models if model.state != "partial"]
    else:
        models = [_find(library, snapshot, arguments.model)]
    results: list[JsonObject] = []
    failed = False
    for model in models:
        with _Bar(model.title) as bar:
            try:
                if arguments.repair:
                    result = library.repair(model, bar.verifying, bar.downloading)
                else:
                    result = library.verify(model, bar.verifying)
            except KnownError as error:
                if not arguments.all:
                    raise
                failed = True
                print(f"{model.title}: {error}", file=sys.stderr)
                results.append({"title": model.title, "verified": None, "why": str(error)})
                continue
        failed = failed or result.verified is None
        results.append(_result_json(result))
        if not arguments.json:
            sign = "ok" if result.verified is not None else "FAILED"
            print(f"{sign}  {model.title}: {result.sentence}")
    if arguments.json:
        print(json.dumps(results if arguments.all else results[0], indent=2))
    elif not models:
        print("There is no complete model on this computer.")
    return EXIT_FAILED if failed else 0


def run_remove(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    library = _library()
    snapshot = _scan(library)
    removal = library.plan_removal(_find(library, snapshot, arguments.model))
    _say_what_goes(removal)
    if removal.question and not arguments.foreign:
        raise KnownError(
            f"{removal.model.title} was not deleted.",
            removal.question,
            "Give --foreign as well if they shall go all the same.",
        )
    permanently: bool = arguments.permanently
    if not arguments.yes and not _agreed(permanently=permanently):
        print("Nothing was deleted.", file=sys.stderr)
        return EXIT_FAILED
    removed = _remove(library, removal, permanently=permanently)
    if arguments.json:
        value = {
            "title": removal.model.title,
            "files": [str(path) for path in (*removal.links, *removal.contents)],
            "freed_bytes": removed.freed_bytes,
            "to_trash": removed.to_trash,
            "kept": removal.kept or None,
        }
        print(json.dumps(value, indent=2))
    elif removed.to_trash:
        print(
            f"{removal.model.title} is in the trash. Emptying that frees "
            f"{gigabytes(removed.freed_bytes)}."
        )
    else:
        print(f"{removal.model.title} is deleted; {gigabytes(removed.freed_bytes)} are free again.")
    return 0


def _remove(library: "Library", removal: "Removal", *, permanently: bool) -> "Removed":
    from app.library.remove import NoTrashError

    try:
        return library.delete(removal, confirmed_foreign=True, permanently=permanently)
    except NoTrashError as error:
        raise KnownError(
            error.what, error.why, "Give --permanently to delete them for good.", error.details
        ) from error


def _library() -> "Library":
    from app.bootstrap import open_library

    return open_library()


def _scan(library: "Library") -> "Snapshot":
    """Says how far it is where reading headers takes long."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    told = False

    def found(snapshot: "Snapshot") -> None:
        nonlocal told
        if terminal and snapshot.unread:
            told = True
            count = len(snapshot.models)
            read = count - snapshot.unread
            sys.stderr.write(f"\rLooking at {read} of {count} models\x1b[K")
            sys.stderr.flush()

    try:
        return library.scan(found)
    finally:
        if told:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _find(library: "Library", snapshot: "Snapshot", text: str) -> "InstalledModel":
    """A model of the list, or whatever file the text names. Raises KnownError."""
    from app.library.names import find_model

    path = Path(text).expanduser().absolute()
    if path.is_file() and library.find(path) is None:
        return library.model_at(path)
    return find_model(snapshot.models, text)


def _agreed(*, permanently: bool) -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise KnownError("Nothing was deleted.", "Nobody can be asked here.", "Give --yes as well.")
    how = "Delete for good" if permanently else "Move to the trash"
    sys.stderr.write(f"{how}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say_what_goes(removal: "Removal") -> None:
    count = len(removal.contents) + len(removal.links)
    files = "1 file" if count == 1 else f"{count} files and links"
    text = f"{removal.model.title} ({removal.model.source.label}): {files}, frees "
    print(text + f"{gigabytes(removal.frees_bytes)}. {removal.kept}".rstrip(), file=sys.stderr)


def _table(snapshot: "Snapshot") -> list[str]:
    """One line a model, widest columns first cut where the terminal ends."""
    from app.library.names import short_names

    if not snapshot.models:
        return ["There is no model here that can be found. “glm-launcher download” gets one."]
    names = short_names(snapshot.models)
    rows = [("NAME", "SIZE", "WHERE", "LAST USED", "STATE")]
    rows += [
        (
            names[model.key],
            gigabytes(model.size_bytes),
            model.source.label,
            f"{model.last_used:%Y-%m-%d}" if model.last_used is not None else "",
            _state(model),
        )
        for model in snapshot.models
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  "
        f"{row[3]:<{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    lines.append(f"{len(snapshot.models)} in all, {gigabytes(snapshot.size_bytes)}")
    return lines


def _state(model: "InstalledModel") -> str:
    if model.state != "complete":
        return f"{_STATES[model.state]}: {model.why}"
    if model.verified is None:
        return ""
    return "verified" if model.verified.by == "sha256" else "structure checked"


def _models_json(snapshot: "Snapshot") -> "list[JsonObject]":
    from app.library.names import short_names

    names = short_names(snapshot.models)
    return [
        {
            "name": names[model.key],
            "title": model.title,
            "quantization": model.quantization or None,
            "state": model.state,
            "why": model.why or None,
            "missing": list(model.missing),
            "size_bytes": model.size_bytes,
            "where": model.source.label,
            "repository": model.repository or None,
            "commit": model.commit,
            "path": str(model.path) if model.path is not None else None,
            "files": [
                {
                    "path": str(file.path),
                    "size_bytes": file.size_bytes,
                    "done_bytes": file.done_bytes,
                    "sha256": file.sha256,
                }
                for file in model.files
            ],
            "architecture": model.facts.architecture,
            "parameters": model.facts.parameters,
            "file_type": model.facts.file_type,
            "last_used": model.last_used.isoformat() if model.last_used is not None else None,
            "verified": model.verified.by if model.verified is not None else None,
            "verified_at": model.verified.when.isoformat() if model.verified is not None else None,
            "owned": model.owned,
        }
        for model in snapshot.models
    ]


def _result_json(result: "Verification") -> "JsonObject":
    return {
        "title": result.model.title,
        "verified": result.verified.by if result.verified is not None else None,
        "why": result.sentence,
        "wrong": [
            {
                "path": str(one.file.path),
                "why": one.why,
                "expected_sha256": one.expected,
                "found_sha256": one.found,
            }
            for one in result.wrong
        ],
        "without_known_hash": list(result.unknown),
    }


class _Bar:
    """A bar on stderr where that is a terminal; nothing elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def verifying(self, progress: "VerifyProgress") -> None:
        speed = progress.bytes_per_second
        left = progress.seconds_left
        rate = f", {gigabytes(int(speed))}/s" if speed else ""
        rest = f", {duration(left)} left" if left and left >= 1 else ""
        self._draw(progress.done_bytes, progress.size_bytes, rate + rest)

    def downloading(self, status: "JobStatus") -> None:
        speed = status.speed_bytes_per_second
        rate = f", {gigabytes(int(speed))}/s" if speed else ""
        self._draw(status.done_bytes, status.size_bytes, f"{rate}, fetching")

    def _draw(self, done: int, size: int, rest: str) -> None:
        if not self._terminal or not size:
            return
        self._drawn = True
        filled = 24 * done // size
        bar = "█" * filled + "░" * (24 - filled)
        text = f"{bar} {100 * done // size:>3}% of {gigabytes(size)}{rest}  {self._title}"
        sys.stderr.write(f"\r{text[:110]}\x1b[K")
        sys.stderr.flush()
