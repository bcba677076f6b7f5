"""What `launch.py` does: prepare what is needed, then start the program, checks or bench."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from installer import backends, prepare, qt_libraries, system
from installer.console import CommandError, say
from installer.layout import ROOT, Environment, engine, environment


def run(arguments: Sequence[str]) -> int:
    """The exit status for the shell."""
    command = arguments[0] if arguments else ""
    developing = command in ("test", "bench")
    try:
        if command == "--engine":
            wanted, arguments = _wanted_engine(arguments)
        else:
            wanted = backends.DEVELOPING if developing else backends.chosen()
        prepared = environment(
            "test" if developing else "run", engine(wanted, backends.cmake_args(wanted))
        )
        prepare.ensure(prepared)
        if command == "--engine":
            backends.choose(wanted)
        if command == "test":
            return _checks(prepared, arguments[1:])
        if command == "bench":
            return _call(prepared, ["-m", "tests.bench", *arguments[1:]], _offscreen())
        if qt_libraries.window_wanted(arguments):
            qt_libraries.require(prepared)
    except system.Missing as missing:
        say(str(missing))
        return 1
    except CommandError as failed:
        say("\n".join(failed.tail))
        say(
            f"{failed.what} failed; the lines above are its last ones, and {failed.log} has all. "
            "Check the network connection and the free disk space, then run the same command "
            "again: what is finished is kept."
        )
        return 1
    except KeyboardInterrupt:
        say("Stopped. Run the same command again to go on; what is finished is kept.")
        return 130
    except OSError as error:
        say(f"The environment could not be prepared: {error}. Free some space or fix the folder.")
        return 1
    return _become(prepared, ["-m", "app", *arguments])


def _wanted_engine(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The backend that `--engine` names, and the arguments for the program behind it."""
    if len(arguments) < 2 or arguments[1] not in backends.BACKENDS:
        names = ", ".join(backends.BACKENDS)
        raise system.Missing(f"--engine takes one of {names}, as in `launch.py --engine cpu`.")
    return arguments[1], arguments[2:]


def _variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The program is imported from this checkout and never from the current folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **(extra or {})}


def _offscreen() -> dict[str, str]:
    return {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}


def _call(prepared: Environment, arguments: Sequence[str], extra: Mapping[str, str]) -> int:
    command = [str(prepared.python), *arguments]
    return subprocess.run(command, cwd=ROOT, env=_variables(extra), check=False).returncode


def _become(prepared: Environment, arguments: Sequence[str]) -> int:
    command = [str(prepared.python), *arguments]
    if sys.platform != "win32":
        os.execve(command[0], command, _variables())  # noqa: S606
    return subprocess.run(command, env=_variables(), check=False).returncode


def _checks(prepared: Environment, pytest_arguments: Sequence[str]) -> int:
    """Every check, one after the other; a failed one does not hide the next."""
    scripts = Path(prepared.python).parent
    checks = [
        ("ruff format", ["-m", "ruff", "format", "--check", "."]),
        ("ruff", ["-m", "ruff", "check", "."]),
        ("mypy", ["-m", "mypy"]),
        ("import-linter", [str(scripts / "lint-imports"), "--no-cache"]),
        ("pytest", ["-m", "pytest", *(pytest_arguments or ["-n", "auto", "--dist", "loadfile"])]),
    ]
    results: list[tuple[str, int, float]] = []
    for name, arguments in checks:
        say(f"== {name}")
        started = time.monotonic()
        status = _call(prepared, arguments, _offscreen())
        results.append((name, status, time.monotonic() - started))
    say("== summary")
    for name, status, seconds in results:
        say(f"{'ok    ' if status == 0 else 'FAILED'} {name} ({seconds:.0f} s)")
    return 0 if all(status == 0 for _, status, _ in results) else 1
