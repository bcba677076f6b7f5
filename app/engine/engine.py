"""The engine: one thread that owns every llama.cpp handle, commands in, events out."""

import atexit
import logging
import queue
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.language import tr
from app.engine.protocol import (
    Cancel,
    Command,
    Count,
    Event,
    Failed,
    Generate,
    Load,
    Shutdown,
    Unload,
    Unloaded,
)

if TYPE_CHECKING:
    from app.engine.host import Host

_Request: TypeAlias = Load | Unload | Generate | Count

_STACK_BYTES = 64 * 2**20
_EXIT_SECONDS = 2.0
_logger = logging.getLogger(__name__)


class Engine:
    """Commands are answered one after the other, in the order they were sent; Cancel takes effect
    at once, also on the request that is running.

    `on_event` is called on the engine thread (for a request sent after `close`, on the sender's).
    What it raises is logged and otherwise ignored.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._commands: queue.SimpleQueue[_Request | Shutdown] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open: dict[int, CancelToken] = {}
        self._closing = False
        # A daemon, so that a program that failed to close the engine can still end.
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Returns at once; llama.cpp is loaded by the thread, when the first command needs it."""
        _start_with_stack(self._thread, _STACK_BYTES)
        atexit.register(self.close, _EXIT_SECONDS)

    def send(self, command: Command) -> None:
        """From any thread; never blocks. After `close`, requests end with Failed(None)."""
        if isinstance(command, Shutdown):
            self._shut_down()
        elif isinstance(command, Cancel):
            with self._lock:
                token = self._open.get(command.request_id)
            if token is not None:
                token.cancel()
        else:
            self._enqueue(command)

    def close(self, timeout_seconds: float) -> bool:
        """Cancel everything, free everything, end the thread. False when it did not end in time.

        From any thread but the engine's own; may be called more than once.
        """
        atexit.unregister(self.close)
        self._shut_down()
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            _logger.warning("the engine thread did not end within %s s", timeout_seconds)
        return not self._thread.is_alive()

    def _enqueue(self, command: _Request) -> None:
        with self._lock:
            closing = self._closing
            if not closing:
                self._open[command.request_id] = CancelToken()
                self._commands.put(command)
        if closing:
            self._emit(Failed(command.request_id, None))

    def _shut_down(self) -> None:
        with self._lock:
            if not self._closing:
                self._closing = True
                self._commands.put(Shutdown())
            tokens = list(self._open.values())
        for token in tokens:
            token.cancel()

    def _run(self) -> None:
        host: Host | None = None
        while not isinstance(command := self._commands.get(), Shutdown):
            token = self._open[command.request_id]
            try:
                if host is None:
                    host = _make_host(self._emit)
                event = _answer(host, command, token)
            except Cancelled:
                event = Failed(command.request_id, None)
            except KnownError as error:
                event = Failed(command.request_id, error)
            except Exception as error:
                _logger.exception("a bug in the engine while answering %r", command)
                event = Failed(command.request_id, _bug(error))
            with self._lock:
                del self._open[command.request_id]
            self._emit(event)
        if host is not None:
            host.unload()

    def _emit(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            _logger.exception("a listener failed on %r", event)


def _make_host(emit: Callable[[Event], None]) -> "Host":
    # Imported here: loading llama.cpp takes a third of a second, which a window need not wait for.
    try:
        from app.engine.host import Host
    except (ImportError, OSError, RuntimeError) as error:
        raise _no_engine() from error
    return Host(emit)


def _no_engine() -> KnownError:
    return KnownError(
        tr("The engine is not there."),
        tr("llama-cpp-python is not installed for this Python, or does not fit this machine."),
        tr("Start the program with `python3 launch.py`, which builds it."),
        traceback.format_exc(),
    )


def _answer(host: "Host", command: _Request, cancel: CancelToken) -> Event:
    match command:
        case Load():
            cancel.raise_if_cancelled()
            return host.load(command, cancel)
        case Unload():
            host.unload()
            return Unloaded(command.request_id)
        case Generate():
            return host.generate(command, cancel)
        case Count():
            cancel.raise_if_cancelled()
            return host.count(command)


def _bug(error: Exception) -> KnownError:
    return KnownError(
        tr("The engine failed unexpectedly."),
        tr("This is a mistake in the program: {name}.", name=type(error).__name__),
        tr("Try again. If it happens again, report it with the details."),
        traceback.format_exc(),
    )


def _start_with_stack(thread: threading.Thread, size_bytes: int) -> None:
    """Some tokenizers recurse deeply in C, more than the half megabyte that macOS gives."""
    previous = threading.stack_size(size_bytes)
    try:
        thread.start()
    finally:
        threading.stack_size(previous)
