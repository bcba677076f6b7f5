"""The engine for worker threads: calls that wait, and an iterator over an answer."""

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.placement import Placement
from app.core.prompt import Prompt
from app.core.sampling import Sampling
from app.engine.engine import Engine
from app.engine.protocol import (
    Cancel,
    Command,
    Count,
    Counted,
    Event,
    Failed,
    Finished,
    Generate,
    Load,
    Loaded,
    LoadProgress,
    ModelInfo,
    PromptProgress,
    TextChunk,
    Unload,
    Unloaded,
)

E = TypeVar("E", Loaded, Unloaded, Counted)

_CLOSE_SECONDS = 5.0
_logger = logging.getLogger(__name__)


class EngineClient:
    """Thread-safe. Owns an engine and its thread: `close` has to be called.

    Requests from several threads are answered one after the other. All waiting methods raise
    KnownError when the request fails and Cancelled when it was cancelled or the engine is closed;
    none may be called on the engine thread (from a listener).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._inboxes: dict[int, queue.SimpleQueue[Event]] = {}
        self._listeners: tuple[Callable[[Event], None], ...] = ()
        self._engine = Engine(self._deliver)
        self._engine.start()

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """`callback` gets every event of every request, on the engine thread, until the returned
        function is called. It must be quick."""
        with self._lock:
            self._listeners = (*self._listeners, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._listeners = tuple(kept for kept in self._listeners if kept is not callback)

        return unsubscribe

    def load(
        self,
        path: str,
        placement: Placement,
        on_progress: Callable[[LoadProgress], None] | None = None,
        cancel: CancelToken | None = None,
    ) -> ModelInfo:
        """on_progress is called on the calling thread. The model loaded before stays when the new
        one does not pass its check, and is gone when anything fails later."""
        request_id = next(self._ids)
        with self._events(Load(request_id, path, placement), cancel) as events:
            for event in events:
                if isinstance(event, LoadProgress) and on_progress is not None:
                    on_progress(event)
                elif isinstance(event, Loaded):
                    return event.model
        raise AssertionError("a load ends with Loaded or Failed")

    def unload(self) -> None:
        self._wait(Unload(next(self._ids)), Unloaded)

    def count(self, prompt: Prompt) -> int:
        """How many tokens the prompt has for the loaded model."""
        return self.counted(prompt).tokens

    def counted(self, prompt: Prompt) -> Counted:
        """As `count`, segment by segment."""
        return self._wait(Count(next(self._ids), prompt), Counted)

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken | None = None
    ) -> Iterator[PromptProgress | TextChunk | Finished]:
        """The request starts with the first `next`, and the last item is Finished, also after
        `cancel`. Closing the iterator before that cancels the request."""
        request_id = next(self._ids)
        with self._events(Generate(request_id, prompt, sampling), cancel) as events:
            for event in events:
                if isinstance(event, PromptProgress | TextChunk | Finished):
                    yield event
                if isinstance(event, Finished):
                    return

    def close(self, timeout_seconds: float = _CLOSE_SECONDS) -> bool:
        """Cancel everything and end the engine thread. False when it did not end in time."""
        return self._engine.close(timeout_seconds)

    def _wait(self, command: Unload | Count, kind: type[E]) -> E:
        with self._events(command, None) as events:
            for event in events:
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"{command} ends with {kind.__name__} or Failed")

    @contextmanager
    def _events(
        self, command: Load | Unload | Generate | Count, cancel: CancelToken | None
    ) -> Iterator[Iterator[Event]]:
        request_id = command.request_id
        inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with self._lock:
            self._inboxes[request_id] = inbox
        try:
            self._send(command)
            if cancel is not None:
                cancel.on_cancel(lambda: self._send(Cancel(request_id)))
            yield _until_failed(inbox)
        finally:
            with self._lock:
                del self._inboxes[request_id]
            self._send(Cancel(request_id))  # means nothing to a request that has ended

    def _send(self, command: Command) -> None:
        self._engine.send(command)

    def _deliver(self, event: Event) -> None:
        with self._lock:
            inbox = self._inboxes.get(event.request_id)
            listeners = self._listeners
        if inbox is not None:
            inbox.put(event)
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                _logger.exception("a listener failed on %r", event)


def _until_failed(inbox: queue.SimpleQueue[Event]) -> Iterator[Event]:
    while True:
        event = inbox.get()
        if isinstance(event, Failed):
            raise event.error or Cancelled
        yield event
