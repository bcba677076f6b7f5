"""`glm-launcher search`: repositories by a text, or the quantizations of one."""

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.core.errors import KnownError

if TYPE_CHECKING:
    from app.catalog.hub import Hub, Repository, RepoSummary
    from app.catalog.quantizations import Companion, Quantization
    from app.core.json import JsonObject


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    search = subparsers.add_parser(
        "search",
        help="find models on the Hub, or list the quantizations of one",
        description="Looks for repositories with GGUF files on the Hub. Without a connection it "
        "answers from the list that ships with the program.",
    )
    search.add_argument(
        "text",
        nargs="?",
        default="GLM",
        metavar="TEXT",
        help="a part of a name, or OWNER/NAME to see what is in that repository; GLM by default",
    )
    search.add_argument(
        "--limit", type=int, default=20, metavar="N", help="repositories at most (default 20)"
    )
    search.add_argument("--json", action="store_true", help="print the answer as JSON")
    search.set_defaults(run=run_search)


def run_search(arguments: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.bootstrap import open_hub
    from app.catalog.names import is_repository_name

    text: str = arguments.text
    hub = open_hub()
    if is_repository_name(text):
        return _show_repository(hub, text, as_json=arguments.json)
    return _show_found(hub, text, max(1, arguments.limit), as_json=arguments.json)


def _show_found(hub: "Hub", text: str, limit: int, *, as_json: bool) -> int:
    from app.catalog.hub import HubStats, RepoSummary
    from app.catalog.refusals import UnreachableError
    from app.catalog.shipped import shipped_catalogue

    note = ""
    try:
        found = hub.search(text, limit)
    except UnreachableError as error:
        catalogue = shipped_catalogue()
        listed = [entry.repo for entry in catalogue.search(text)][:limit]
        found = tuple(RepoSummary(repo, HubStats()) for repo in listed)
        note = f"{error.what} This is the list of {catalogue.generated}, which ships with it."
    if as_json:
        value = {"repositories": [_summary_json(one) for one in found], "note": note or None}
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        print(_found_text(found) if found else f"Nothing on the Hub is called “{text}”.")
        if note:
            print(f"\n{note}")
    return 0 if found else 1


def _show_repository(hub: "Hub", repo: str, *, as_json: bool) -> int:
    from app.catalog.quantizations import companions
    from app.catalog.refusals import UnreachableError
    from app.planning.offers import dated_group

    try:
        listed = hub.repository(repo)
        quantizations = dated_group(hub, listed)
    except UnreachableError as error:
        return _show_shipped(repo, error, as_json=as_json)
    beside = companions(listed.files)
    if as_json:
        value: JsonObject = {
            **_summary_json(listed.summary),
            "commit": listed.commit,
            "licence": listed.licence or None,
            "quantizations": [_quantization_json(one) for one in quantizations],
            "companions": [{"kind": one.kind, "path": one.file.path} for one in beside],
            "note": None,
        }
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        print(_repository_text(listed, quantizations, beside))
    return 0 if any(one.offered for one in quantizations) else 1


def _show_shipped(repo: str, error: KnownError, *, as_json: bool) -> int:
    from app.catalog.shipped import shipped_catalogue
    from app.core.units import gigabytes

    catalogue = shipped_catalogue()
    listed = catalogue.find(repo)
    if listed is None or not listed.files:
        raise error
    note = f"{error.what} This is the list of {catalogue.generated}, which ships with it."
    if as_json:
        rows = [
            {"name": file.quant, "size_bytes": file.size_bytes, "exact": file.exact}
            for file in listed.files
        ]
        value = {"repository": listed.repo, "quantizations": rows, "note": note}
        print(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        lines = [
            (file.quant, ("" if file.exact else "~") + gigabytes(file.size_bytes))
            for file in listed.files
        ]
        print(f"{listed.repo}\n\n{_table(('quantization', 'size'), lines)}\n\n{note}")
    return 0


def _found_text(found: "tuple[RepoSummary, ...]") -> str:
    from app.core.units import count

    rows = [
        (
            one.repo,
            "" if one.stats.downloads is None else count(one.stats.downloads),
            "" if one.stats.last_modified is None else f"{one.stats.last_modified:%Y-%m-%d}",
            "terms to accept" if one.gated else "private" if one.private else "",
        )
        for one in found
    ]
    return _table(("repository", "downloads a month", "changed", ""), rows)


def _repository_text(
    listed: "Repository",
    quantizations: "tuple[Quantization, ...]",
    beside: "tuple[Companion, ...]",
) -> str:
    from app.core.units import gigabytes

    head = listed.repo if not listed.renamed else f"{listed.repo} (was {listed.asked})"
    licence = f" · licence: {listed.licence}" if listed.licence else ""
    lines = [f"{head}{licence} · commit {listed.commit[:12]}"]
    if listed.summary.gated:
        lines.append("Its files are for people who have accepted its terms on the Hub.")
    rows = [
        (
            one.name,
            gigabytes(one.size_bytes),
            str(len(one.files)),
            "yes" if all(file.sha256 for file in one.files) else "no",
            one.problem or one.warning,
        )
        for one in quantizations
    ]
    lines += ["", _table(("quantization", "size", "files", "hash", ""), rows)]
    if not quantizations:
        lines[-1] = "It holds no GGUF file, the format that the engine loads."
    if beside:
        names = ", ".join(f"{one.file.name} ({one.kind})" for one in beside[:12])
        lines += ["", f"Beside them: {names}"]
    return "\n".join(lines)


def _summary_json(one: "RepoSummary") -> "JsonObject":
    changed = one.stats.last_modified
    return {
        "repository": one.repo,
        "downloads": one.stats.downloads,
        "likes": one.stats.likes,
        "last_modified": changed.isoformat() if changed is not None else None,
        "gated": one.gated,
        "private": one.private,
        "base_models": list(one.base_models),
    }


def _quantization_json(one: "Quantization") -> "JsonObject":
    return {
        "name": one.name,
        "size_bytes": one.size_bytes,
        "offered": one.offered,
        "problem": one.problem or None,
        "warning": one.warning or None,
        "files": [
            {"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256}
            for file in one.files
        ],
    }


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    everything = [head, *rows]
    widths = [max(len(row[column]) for row in everything) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in everything
    )
