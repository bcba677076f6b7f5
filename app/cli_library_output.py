"""What `list` and `verify` print: a table, JSON, a bar."""

import sys
from typing import TYPE_CHECKING, Self

from app.core.units import duration, gigabytes
from app.library.names import short_names

if TYPE_CHECKING:
    from app.core.json import JsonObject
    from app.downloads.types import JobStatus
    from app.library.types import InstalledModel, Snapshot
    from app.library.verify import Verification, VerifyProgress

_STATES = {"complete": "", "partial": "not complete", "broken": "broken", "foreign": "not usable"}


def table(snapshot: "Snapshot") -> list[str]:
    """One line a model, widest columns first cut where the terminal ends."""
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


def models_json(snapshot: "Snapshot") -> "list[JsonObject]":
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


def result_json(result: "Verification") -> "JsonObject":
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


class Bar:
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
