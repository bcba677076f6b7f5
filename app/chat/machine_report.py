"""What a person sends along with a question: machine, plan, versions and the log's last lines, as
Markdown without anything that tells who or where they are."""

import platform
import re
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from app import __version__
from app.chat.loading import LoadResult
from app.hardware.report import sections
from app.hardware.scrub import Scrubber
from app.hardware.types import Machine
from app.planning.report import rate_text, verdict_sentence

_LOG_LINES = 40
_LOG_BYTES = 64 * 1024
_PACKAGES = ("llama-cpp-python", "PySide6-Essentials", "huggingface_hub", "nvidia-ml-py")
_PRIVATE = frozenset({"UUID", "Process"})


def machine_report(
    machine: Machine, loaded: LoadResult | None, log: Sequence[str], scrubber: Scrubber
) -> str:
    """loaded: what the engine has now. log: its last lines. Nothing in it is markup: a model may be
    called anything, and forums load pictures and call people by name."""
    lines = ["# GLM Launcher: report", ""]
    lines += _block("Versions", [f"{name}: {value}" for name, value in versions()])
    for title, rows in sections(machine):
        kept = [(name, value) for name, value in rows if name not in _PRIVATE]
        lines += _block(title, [f"{name}: {value}" if name else value for name, value in kept])
    lines += _block("Findings", [f"{one.severity}: {one.what}" for one in machine.findings])
    lines += _block("Model", list(_loaded(loaded)))
    if log:
        lines += _block("Log", log)
    return scrubber.clean("\n".join(lines))


def versions() -> list[tuple[str, str]]:
    found = [("GLM Launcher", __version__), ("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append((package, "not installed"))
    return found


def last_log_lines(path: Path, count: int = _LOG_LINES) -> list[str]:
    """Empty when there is no log that can be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_BYTES))
            text = file.read(_LOG_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    # The first line of a piece may begin inside a path, which could not be told from a word then.
    lines = text.splitlines()[1 if size > _LOG_BYTES else 0 :]
    return [line[:500] for line in lines[-count:]]


def _block(title: str, lines: Iterable[str]) -> list[str]:
    text = "\n".join(lines) or "none"
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"## {_plain(title)}", "", f"{fence}text", text, fence, ""]


def _plain(title: str) -> str:
    """A GPU's name is part of some."""
    return re.sub(r"[^\w .,:()+/-]", " ", title)


def _loaded(result: LoadResult | None) -> Iterable[str]:
    if result is None:
        return
    info, plan = result.info, result.planned.plan
    yield f"{info.name} ({info.architecture}), {info.context_tokens} tokens of context"
    if plan is None:
        return
    yield verdict_sentence(plan)
    if plan.speed is not None:
        yield f"Planned: {rate_text(plan.speed.generation_empty)}"
    where = plan.placement
    yield f"GPU layers {where.gpu_layers}, split {list(where.tensor_split)}"
    overrides = ", ".join(f"{one.pattern}={one.device}" for one in where.tensor_overrides)
    if overrides:
        yield f"Overrides: {overrides[:600]}"
    if result.measurement is not None:
        yield f"Taken: {result.measurement.text}"
