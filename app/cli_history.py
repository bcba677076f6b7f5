"""`glm-launcher history`: the saved chats without a window."""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from app.core import paths
from app.core.cancel import CancelToken
from app.core.errors import KnownError

if TYPE_CHECKING:
    from app.chat.exporting.files import Format
    from app.chat.store.store import ChatStore

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN_PROBLEMS = 20


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    history = subparsers.add_parser("history", help="list, search, export and import saved chats")
    actions = history.add_subparsers(title="actions", metavar="", required=True)

    listed = actions.add_parser("list", help="the latest chats")
    listed.add_argument("--limit", type=int, default=30, metavar="N", help="at most (default 30)")
    listed.set_defaults(run=_with_store(_list))

    search = actions.add_parser("search", help="find something that was said")
    search.add_argument("text", help="words; the last one may be unfinished")
    search.add_argument("--limit", type=int, default=20, metavar="N", help="at most (default 20)")
    search.set_defaults(run=_with_store(_search))

    export = actions.add_parser("export", help="write one chat to a file, or all to an archive")
    export.add_argument("target", type=Path, metavar="FILE", help="the file to write")
    export.add_argument("--chat", type=int, metavar="ID", help="one chat, as `list` numbers them")
    export.add_argument(
        "--as",
        dest="form",
        choices=("markdown", "html", "json", "text"),
        default="json",
        help="default: json, which can be imported again",
    )
    export.set_defaults(run=_with_store(_export))

    take = actions.add_parser(
        "import", help="read chats of this program, ChatGPT, LM Studio, Jan or Open WebUI"
    )
    take.add_argument("source", type=Path, metavar="PATH", help="a JSON file, a zip or a folder")
    take.set_defaults(run=_with_store(_import))

    check = actions.add_parser("check", help="look through the file of the chats for damage")
    check.set_defaults(run=_with_store(_check))


Action = Callable[["ChatStore", argparse.Namespace], int]


def _with_store(action: Action) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        with _store() as store:
            return action(store, arguments)

    return run


@contextmanager
def _store() -> "Iterator[ChatStore]":
    from app.chat.store.store import ChatStore

    store = ChatStore(paths.chats_dir())
    opening = store.start().result()
    try:
        for problem in opening.problems:
            print(problem, file=sys.stderr)
        if opening.read_only_because is not None:
            print(opening.read_only_because, file=sys.stderr)
        yield store
    finally:
        store.close()


def _list(store: "ChatStore", arguments: argparse.Namespace) -> int:
    heads = store.read.conversations(limit=max(1, arguments.limit))
    for head in heads:
        print(f"{head.id}  {head.changed:%Y-%m-%d %H:%M}  {_line(head.title) or 'Untitled chat'}")
    if not heads:
        print("No chats are saved.")
    return 0


def _search(store: "ChatStore", arguments: argparse.Namespace) -> int:
    if store.status.writable:
        store.indexed().result()
    found = store.search.find(arguments.text, limit=max(1, arguments.limit))
    for title in found.titles:
        print(f"{title.conversation}  {title.changed:%Y-%m-%d}  {_line(title.title)}")
    for hit in found.hits:
        before, after = "…" if hit.cut_before else "", "…" if hit.cut_after else ""
        print(f"{hit.conversation}  {hit.created:%Y-%m-%d}  {_line(hit.title) or 'Untitled chat'}")
        print(f"    {before}{_line(hit.snippet)}{after}")
    if not found.titles and not found.hits:
        print("Nothing was found.")
        return 1
    return 0


def _export(store: "ChatStore", arguments: argparse.Namespace) -> int:
    from app.chat.exporting.files import all_conversations, export_many, export_one

    form: Format = arguments.form
    if arguments.chat is not None:
        export_one(store.read, arguments.chat, arguments.target, form)
        print(f"Written to {arguments.target}.")
        return 0
    chats = all_conversations(store.read)
    count = export_many(store.read, chats, arguments.target, form, CancelToken())
    print(f"{_counted(count, 'chat')} written to {arguments.target}.")
    return 0


def _import(store: "ChatStore", arguments: argparse.Namespace) -> int:
    from app.chat.importing.run import import_from

    report = import_from(store.conversations, arguments.source, CancelToken())
    print(f"{_counted(len(report.conversations), 'new chat')}, {report.known} known already.")
    _complain(report.problems)
    return 0 if report.conversations or report.known else 1


def _complain(problems: Sequence[object]) -> None:
    from app.chat.importing.files import Problem

    for problem in problems[:_SHOWN_PROBLEMS]:
        if isinstance(problem, Problem):
            print(f"Left out: {_line(problem.name)}: {_line(problem.why)}", file=sys.stderr)
    if len(problems) > _SHOWN_PROBLEMS:
        print(f"… and {len(problems) - _SHOWN_PROBLEMS} more.", file=sys.stderr)


def _check(store: "ChatStore", _arguments: argparse.Namespace) -> int:
    """Raises KnownError when something is wrong."""
    problems = store.check()
    if problems:
        raise KnownError(
            "The file of the chats is damaged.",
            f"{_counted(len(problems), 'problem')} found.",
            "Start the program again: it saves what can be read and keeps the damaged file.",
            "\n".join(problems[:100]),
        )
    print(f"{store.path} is in order: {_counted(store.read.count(), 'chat')}.")
    return 0


def _line(text: str) -> str:
    """Nothing that a terminal would obey."""
    return _CONTROL.sub(" ", text)


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
