"""`glm-launcher list`, `verify` and `remove`: what is on this computer's disks."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import KnownError
from app.core.units import gigabytes

if TYPE_CHECKING:
    from app.core.json import JsonObject
    from app.library.library import Library
    from app.library.remove import Removal, Removed
    from app.library.types import InstalledModel, Snapshot

EXIT_FAILED = 1


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
    from app.cli_library_output import models_json, table

    snapshot = _scan(_library())
    if arguments.json:
        value = {
            "models": models_json(snapshot),
            "size_bytes": snapshot.size_bytes,
            "problems": [problem.text for problem in snapshot.problems],
        }
        print(json.dumps(value, indent=2))
        return 0
    for line in table(snapshot):
        print(line)
    for problem in snapshot.problems:
        print(problem.text, file=sys.stderr)
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """1 when something is wrong. Raises KnownError."""
    from app.cli_library_output import Bar, result_json

    library = _library()
    snapshot = _scan(library)
    if arguments.all:
        models = [model for model in snapshot.models if model.state != "partial"]
    else:
        models = [_find(library, snapshot, arguments.model)]
    results: list[JsonObject] = []
    failed = False
    for model in models:
        with Bar(model.title) as bar:
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
        results.append(result_json(result))
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
