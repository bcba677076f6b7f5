"""Questions asked in a child process.

A driver library is loaded there and not here: one that hangs is killed at the deadline, one that
crashes takes only the child, and what it prints to standard output does not get in the way.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.json import JsonValue
from app.core.language import tr
from app.hardware.types import ProbeStatus

DEADLINE_SECONDS = 5.0
_KILL_SECONDS = 0.5
_TAIL = 2000
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
# Children that did not even die when killed (stuck in the kernel); kept so that they are reaped.
_stuck: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class ChildAnswer:
    status: ProbeStatus
    value: JsonValue = None
    error: str = ""


def module_command(module: str) -> tuple[str, ...]:
    """Runs a module of this program. -P: nothing is imported from the current folder."""
    return (sys.executable, "-P", "-m", module)


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment plus the way to `app`; without folders of stub libraries."""
    result = dict(environ)
    home = str(Path(__file__).resolve().parent.parent.parent)
    result["PYTHONPATH"] = os.pathsep.join(filter(None, (home, environ.get("PYTHONPATH"))))
    folders = environ.get("LD_LIBRARY_PATH", "").split(":")
    kept = [folder for folder in folders if "stubs" not in Path(folder).parts]
    if kept != folders:
        result["LD_LIBRARY_PATH"] = ":".join(kept)
    return result


def ask_child(
    command: Sequence[str],
    environ: Mapping[str, str],
    deadline_seconds: float = DEADLINE_SECONDS,
) -> ChildAnswer:
    """Runs the command and reads JSON from its standard output. Never raises."""
    try:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            creationflags=_NO_WINDOW,
        )
    except OSError as error:
        return ChildAnswer("failed", error=tr("It cannot be started: {error}", error=error))
    try:
        out, err = child.communicate(timeout=deadline_seconds)
    except subprocess.TimeoutExpired:
        _kill(child)
        return ChildAnswer(
            "timed out",
            error=tr("No answer within {seconds:.0f} seconds.", seconds=deadline_seconds),
        )
    tail = err.decode("utf-8", "replace").strip()[-_TAIL:]
    if child.returncode != 0:
        return _bad_end(child.returncode, tail)
    try:
        return ChildAnswer("ok", json.loads(_last_line(out)))
    except (ValueError, RecursionError):
        return ChildAnswer(
            "failed", error=tr("Its answer is not readable. {tail}", tail=tail).strip()
        )


def _bad_end(code: int, tail: str) -> ChildAnswer:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return ChildAnswer(
            "crashed", error=tr("It crashed ({name}). {tail}", name=name, tail=tail).strip()
        )
    # Windows reports a crash as an NTSTATUS: 0xC0000005 and its like.
    status: ProbeStatus = "crashed" if code >= 0xC0000000 else "failed"
    return ChildAnswer(
        status, error=tr("It ended with code {code:#x}. {tail}", code=code, tail=tail).strip()
    )


def _last_line(out: bytes) -> bytes:
    lines = out.strip().splitlines()
    return lines[-1] if lines else b""


def _kill(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    try:
        child.communicate(timeout=_KILL_SECONDS)
    except subprocess.TimeoutExpired:
        _stuck.append(child)
