"""Background work: the one place besides the engine that creates threads."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError

T = TypeVar("T")
E = TypeVar("E")
Post = Callable[[Callable[[], None]], None]

_log = logging.getLogger(__name__)


class TimedOut(Exception):  # noqa: N818 - whoever set the time-out decides whether it is an error
    """The work did not end within its time and was abandoned."""


class Task:
    """A handle on running work; usable from any thread."""

    def __init__(self, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._ended = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop. What it still returns is delivered all the same."""
        self._cancel.cancel()

    @property
    def cancelled(self) -> bool:
        return self._cancel.cancelled

    @property
    def ended(self) -> bool:
        """The work is over; its callbacks may still wait in the queue behind `post`."""
        return self._ended.is_set()

    def wait(self, timeout_seconds: float) -> bool:
        """True when the work ended in time."""
        return self._ended.wait(timeout_seconds)

    def _end(self) -> None:
        self._ended.set()


class TaskRunner:
    """Runs work on a small pool of threads and hands the results to `post`.

    `post` gets closures and runs them where results belong (a window: on the GUI thread, in
    order). The threads start as they are needed and are not daemons: `close` has to be called.
    """

    def __init__(self, post: Post, *, threads: int = 4, name: str = "task") -> None:
        self._post_raw = post
        self._limit = threads
        self._name = name
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._open: dict[Task, CancelToken] = {}
        self._closed = False

    def run(
        self,
        work: Callable[[CancelToken], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        on_finally: Callable[[], None] | None = None,
    ) -> Task:
        """Start `work` on a worker thread; the callbacks go through `post`.

        on_done gets the value, also of work that was cancelled but returned something. on_error
        gets a KnownError or a bug (which is in the log by then); Cancelled reaches nobody.
        on_finally comes last in every case. After `close` no callback is delivered any more.
        Raises RuntimeError when closed.
        """
        cancel = CancelToken()
        task = Task(cancel)

        def finish(callback: Callable[[], None] | None) -> None:
            with self._lock:
                del self._open[task]
            task._end()
            if callback is not None:
                self.post(callback)
            if on_finally is not None:
                self.post(on_finally)

        def run() -> None:
            try:
                cancel.raise_if_cancelled()
                value = work(cancel)
            except Cancelled:
                finish(None)
            except Exception as error:  # noqa: BLE001 - everything is reported, nothing dropped
                if not isinstance(error, KnownError):
                    _log.exception("Background work failed")
                reported = error
                finish((lambda: on_error(reported)) if on_error is not None else None)
            else:
                finish((lambda: on_done(value)) if on_done is not None else None)

        with self._lock:
            if self._closed:
                raise RuntimeError("the task runner is closed")
            self._open[task] = cancel
            if len(self._threads) < min(self._limit, len(self._open)):
                self._start_thread()
            self._jobs.put(run)
        return task

    @property
    def idle(self) -> bool:
        """Nothing runs or waits to run; callbacks may still wait in the queue behind `post`."""
        with self._lock:
            return not self._open

    @property
    def closed(self) -> bool:
        """Nothing can be started any more."""
        return self._closed

    def events(self, callback: Callable[[E], None]) -> Callable[[E], None]:
        """A function that work calls to have `callback(event)` run through `post`."""
        return lambda event: self.post(lambda: callback(event))

    def post(self, callback: Callable[[], None]) -> None:
        """Hand a closure to where results belong; from any thread. Nothing after `close`."""
        if not self._closed:
            self._post_raw(callback)

    def close(self, timeout_seconds: float = 5.0) -> bool:
        """Cancel everything and wait for the threads; True when all of them ended in time."""
        with self._lock:
            if not self._closed:
                for _ in self._threads:
                    self._jobs.put(None)
            self._closed = True
            tokens = list(self._open.values())
            threads = list(self._threads)
        for token in tokens:
            token.cancel()
        deadline = time.monotonic() + timeout_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _start_thread(self) -> None:
        name = f"{self._name}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=False)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class TaskScope(TaskRunner):
    """Work of somebody who may go before the runner does: its threads are the runner's, and `close`
    cancels and forgets what was started here alone, without waiting."""

    def __init__(self, runner: TaskRunner) -> None:
        super().__init__(runner.post)
        self._runner = runner
        self._running: set[Task] = set()

    def run(
        self,
        work: Callable[[CancelToken], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        on_finally: Callable[[], None] | None = None,
    ) -> Task:
        def done(value: T) -> None:
            if on_done is not None and not self._closed:
                on_done(value)

        def failed(error: Exception) -> None:
            if on_error is not None and not self._closed:
                on_error(error)

        def ended() -> None:
            self._running.discard(task)
            if on_finally is not None and not self._closed:
                on_finally()

        if self._closed:
            raise RuntimeError("the task scope is closed")
        task = self._runner.run(work, done, failed, ended)
        self._running.add(task)
        return task

    def post(self, callback: Callable[[], None]) -> None:
        self._runner.post(lambda: None if self._closed else callback())

    def close(self, timeout_seconds: float = 0.0) -> bool:  # noqa: ARG002 - nothing is waited for
        """Cancel everything; no callback comes any more. To be called where results are handled."""
        self._closed = True
        for task in self._running:
            task.cancel()
        self._running.clear()
        return True


def run_bounded(work: Callable[[CancelToken], T], cancel: CancelToken, timeout_seconds: float) -> T:
    """Run `work` on a thread of its own and wait for it here, no longer than the time-out.

    Raises TimedOut, Cancelled, or what the work raised. A thread cannot be killed, so work that
    ignores its token is abandoned; its thread is a daemon, so that it holds up neither the caller
    nor the end of the program.
    """
    cancel.raise_if_cancelled()
    inner = CancelToken()
    wake = threading.Event()
    future: Future[T] = Future()

    def body() -> None:
        future.set_running_or_notify_cancel()
        try:
            future.set_result(work(inner))
        except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
            future.set_exception(error)
        wake.set()

    thread = threading.Thread(target=body, name="bounded", daemon=True)
    thread.start()
    cancel.on_cancel(wake.set)
    wake.wait(timeout_seconds)
    if future.done():
        thread.join()
        return future.result()
    inner.cancel()
    raise Cancelled if cancel.cancelled else TimedOut


def run_together(
    works: Sequence[Callable[[], T]], on_done: Callable[[int, T], None], *, most: int = 6
) -> None:
    """Run each on a thread of its own, at most so many at once, and wait here until all have ended.

    on_done gets the position and what it returned, on this thread, as they end. What one of them
    raised is raised when all have ended; the others are heard all the same.
    """
    ended: queue.SimpleQueue[tuple[int, Future[T]]] = queue.SimpleQueue()

    def start(position: int) -> threading.Thread:
        def body() -> None:
            future: Future[T] = Future()
            try:
                future.set_result(works[position]())
            except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
                future.set_exception(error)
            ended.put((position, future))

        thread = threading.Thread(target=body, name=f"together-{position + 1}", daemon=True)
        thread.start()
        return thread

    threads = [start(position) for position in range(min(most, len(works)))]
    failed: BaseException | None = None
    for _ in works:
        position, future = ended.get()
        if len(threads) < len(works):
            threads.append(start(len(threads)))
        error = future.exception()
        if error is None:
            on_done(position, future.result())
        else:
            failed = failed or error
    for thread in threads:
        thread.join()
    if failed is not None:
        raise failed
