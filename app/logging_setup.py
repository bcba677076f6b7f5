"""Where the program writes what went on: one log, one file for crashes of the interpreter."""

import faulthandler
import logging
import logging.handlers
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

LOG_NAME = "glm-launcher.log"
FAULT_NAME = "crash.log"
_MAX_BYTES = 1_000_000
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"

_log = logging.getLogger("app")


@contextmanager
def logging_to(directory: Path) -> Iterator[str]:
    """For the run of the program: log to rotating files in `directory`, what nobody caught and
    hard crashes included.

    Gives a sentence for the person when nothing can be written there, else "".
    """
    with ExitStack() as stack:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(
                directory / LOG_NAME, maxBytes=_MAX_BYTES, backupCount=3, encoding="utf-8"
            )
            stack.callback(handler.close)
            _catch_crashes(directory / FAULT_NAME, stack)
        except OSError as error:
            yield f"No log can be written to {directory}: {error.strerror}."
            return
        _add(handler, stack)
        try:
            yield ""
        except Exception:
            _log.critical("Uncaught exception", exc_info=True)
            raise


def _add(handler: logging.Handler, stack: ExitStack) -> None:
    handler.setFormatter(logging.Formatter(_FORMAT))
    root = logging.getLogger()
    stack.callback(root.setLevel, root.level)
    stack.callback(root.removeHandler, handler)
    stack.callback(setattr, sys, "excepthook", sys.excepthook)
    stack.callback(setattr, threading, "excepthook", threading.excepthook)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread


def _catch_crashes(path: Path, stack: ExitStack) -> None:
    if faulthandler.is_enabled():  # somebody wants to see crashes elsewhere
        return
    file = stack.enter_context(path.open("a", encoding="utf-8"))
    faulthandler.enable(file)
    stack.callback(faulthandler.disable)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """For exceptions in Qt's callbacks, which never reach the end of the program."""
    if not issubclass(kind, KeyboardInterrupt):
        _log.critical("Uncaught exception", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)


def _log_thread(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "?"
    if arguments.exc_value is not None:
        trace = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        _log.critical("Uncaught exception in thread %s", name, exc_info=trace)
    threading.__excepthook__(arguments)
