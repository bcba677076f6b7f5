"""A look at a model before the engine touches it, in a process that may break."""

import logging
import subprocess
import sys
from pathlib import Path

from app.core.cancel import CancelToken
from app.core.child import module_environment
from app.core.errors import KnownError
from app.core.language import tr
from app.core.placement import Placement
from app.engine import dryrun, explain, files
from app.engine.dryrun import DryRun

_TIMEOUT_SECONDS = 120
_STDERR_CHARACTERS = 4000

_logger = logging.getLogger(__name__)


def check(path: Path, placement: Placement, cancel: CancelToken) -> DryRun:
    """Raises KnownError when the model cannot be loaded so, Cancelled."""
    files.inspect(path)
    process = subprocess.Popen(
        [sys.executable, "-m", dryrun.__name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        encoding="utf-8",
        errors="surrogateescape",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    cancel.on_cancel(process.kill)
    with process:
        try:
            output, errors = process.communicate(
                dryrun.request(path, placement), timeout=_TIMEOUT_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise KnownError(
                tr("{name} could not be looked at.", name=path.name),
                tr(
                    "There was no answer within {timeout_seconds} seconds.",
                    timeout_seconds=_TIMEOUT_SECONDS,
                ),
                tr("Check the disk or network drive that it is on, and try again."),
            ) from error
    cancel.raise_if_cancelled()
    errors = errors[-_STDERR_CHARACTERS:]
    if process.returncode != 0:
        _logger.warning("looking at %s ended with %s: %s", path, process.returncode, errors)
        raise explain.check_crashed(path, process.returncode, errors)
    return dryrun.answer(output)


def _environment() -> dict[str, str]:
    """A crash is an answer here, so no debugger is to be started over it."""
    return {**module_environment(), "GGML_NO_BACKTRACE": "1"}
