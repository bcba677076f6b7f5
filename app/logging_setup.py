"""Where the program writes what went on: one log, one file for crashes of the interpreter."""

import faulthandler
import logging
import logging.handlers
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TextIO

LOG_NAME = "glm-launcher.log"
FAULT_NAME = "crash.log"
_MAX_BYTES = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

_log = logging.getLogger("app")
_fault_file: TextIO | None = None


def set_up_logging(directory: Path) -> str:
    """Log to rotating files in `directory`, uncaught exceptions and hard crashes included.

    Returns a sentence for the person when nothing can be written there, else "". Call it once, at
    the start of the program.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            directory / LOG_NAME, maxBytes=_MAX_BYTES, backupCount=3, encoding="utf-8"
        )
        _catch_crashes(directory / FAULT_NAME)
    except OSError as error:
        return f"No log can be written to {directory}: {error.strerror}."
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread
    return ""


def _catch_crashes(path: Path) -> None:
    global _fault_file  # noqa: PLW0603 - faulthandler needs the file open as long as we run
    _fault_file = path.open("a", encoding="utf-8")
    faulthandler.enable(_fault_file)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _log.critical("Uncaught exception", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)


def _log_thread(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    if arguments.exc_value is not None:
        trace = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        _log.critical("Uncaught exception in thread %s", name, exc_info=trace)
    threading.__excepthook__(arguments)
