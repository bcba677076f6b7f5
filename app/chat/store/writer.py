"""The store thread: it alone writes, in the order in which it was told."""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from app.chat.store.connect import is_broken, is_world
from app.chat.store.types import NotSavedError, Opening, StoreStatus
from app.core.errors import KnownError
from app.core.language import tr

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
"""Runs inside a transaction and leaves no trace outside the database: it may run again after a
failure."""

RETRY_SECONDS = 1.0
IDLE_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Source(Protocol):
    """Where the writing connection comes from. Called on the store thread only."""

    @property
    def connection(self) -> sqlite3.Connection | None:
        """None while there is nothing that can be written."""

    def open(self) -> Opening:
        """Try to get a connection; never raises."""

    def explain(self, error: sqlite3.Error) -> KnownError: ...

    def close(self) -> None: ...


@dataclass(eq=False)
class _Job:
    work: Work[Any]
    future: Future[Any]
    due: float
    alone: bool = False


class Writer:
    """`submit` may be called from any thread and returns at once.

    What waits is written together in one transaction, every job in a savepoint of its own, and the
    futures are resolved after the commit. When the disk refuses, their futures fail with
    NotSavedError, but the jobs stay in memory and are tried again every RETRY_SECONDS.
    """

    def __init__(
        self,
        source: Source,
        *,
        idle: Work[bool] | None = None,
        on_status: Callable[[StoreStatus], None] = lambda _status: None,
    ) -> None:
        """idle: a short piece of work for when nothing is due, once in IDLE_SECONDS after something
        was written and again at once while it says True: there is more."""
        self._source = source
        self._idle = idle
        self._on_status = on_status
        self._changed = threading.Condition()
        self._jobs: deque[_Job] = deque()
        self._held: list[_Job] = []
        self._retry_at = 0.0
        self._idle_at: float | None = 0.0
        self._closing = False
        self._status = StoreStatus(False)
        self.opened: Future[Opening] = Future()
        self._thread = threading.Thread(target=self._run, name="store", daemon=False)

    def start(self) -> None:
        self._thread.start()

    @property
    def status(self) -> StoreStatus:
        return self._status

    def submit(
        self, work: Work[T], *, within_seconds: float = 0.0, alone: bool = False
    ) -> Future[T]:
        """The future belongs to the caller; its callbacks run on the store thread.

        alone: outside of any transaction and only once, for what cannot be part of one.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        job = _Job(work, future, time.monotonic() + within_seconds, alone)
        with self._changed:
            if self._closing:
                raise RuntimeError("the store is closed")
            self._jobs.append(job)
            self._changed.notify()
        return future

    def close(self, timeout_seconds: float) -> bool:
        """Write what waits and end the thread; True when everything reached the disk in time."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds)
        return not self._thread.is_alive() and not self._held and not self._jobs

    # On the store thread

    def _run(self) -> None:
        self._open()
        while (batch := self._next()) is not None:
            if not batch:
                self._do_idle()
            elif not self._write(batch) and self._closing:
                break
        self._source.close()

    def _open(self) -> None:
        try:
            opening = self._source.open()
        except Exception as error:  # noqa: BLE001 - the program goes on without saving
            _log.exception("The store could not be opened")
            opening = Opening(
                read_only_because=KnownError(tr("The chats could not be opened."), str(error))
            )
        writable, unsaved = self._source.connection is not None, len(self._held)
        self._set_status(StoreStatus(writable, unsaved, opening.read_only_because))
        if not self.opened.done():
            self.opened.set_result(opening)

    def _next(self) -> list[_Job] | None:
        """What to write now, [] for idle work, None to end."""
        with self._changed:
            while True:
                due = self._due()
                if self._closing:
                    return self._take() or None
                now = time.monotonic()
                if due is not None and now >= due:
                    return self._take()
                idle_at = None if self._held else self._idle_at
                if idle_at is not None and now >= idle_at:
                    return []
                moments = [moment for moment in (due, idle_at) if moment is not None]
                self._changed.wait(max(0.0, min(moments) - now) if moments else None)

    def _due(self) -> float | None:
        if self._held:
            return self._retry_at
        return min((job.due for job in self._jobs), default=None)

    def _take(self) -> list[_Job]:
        """What goes into one transaction: all that waits, up to a job that runs alone."""
        waiting = [*self._held, *self._jobs]
        end = next((n for n, job in enumerate(waiting) if job.alone), len(waiting)) or 1
        self._held = []
        self._jobs = deque(waiting[end:])
        return waiting[:end]

    def _write(self, batch: list[_Job]) -> bool:
        """False when all of it is held back."""
        if self._source.connection is None:
            self._held = batch
            self._open()
            self._held = []
        connection = self._source.connection
        if connection is None:
            trouble = self._status.trouble or KnownError(tr("The chats cannot be saved."))
            return self._hold(batch, trouble)
        if batch[0].alone:
            return self._write_alone(connection, batch[0])
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_attempt(connection, job) for job in batch]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return self._hold(batch, self._source.explain(error))
        if self._idle_at is None:
            self._idle_at = time.monotonic() + IDLE_SECONDS
        if self._status != StoreStatus(True):
            self._set_status(StoreStatus(True))
        for job, settle in zip(batch, outcomes, strict=True):
            if not job.future.done():
                settle()
        return True

    def _write_alone(self, connection: sqlite3.Connection, job: _Job) -> bool:
        try:
            value = job.work(connection)
        except Exception as error:  # noqa: BLE001 - reported to whoever asked for the work
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            _log.warning("A write to the store failed: %s", error)
            known = self._source.explain(error) if isinstance(error, sqlite3.Error) else error
            job.future.set_exception(known)
        else:
            job.future.set_result(value)
        return True

    def _hold(self, batch: list[_Job], trouble: KnownError) -> bool:
        """Keep the batch for another try; nobody waits in vain meanwhile."""
        self._held = batch
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if trouble != self._status.trouble:
            _log.warning("Writing the chats failed: %s %s", trouble, trouble.details)
        self._set_status(StoreStatus(self._status.writable, len(batch), trouble))
        error = NotSavedError(trouble.what, trouble.why, trouble.next_step, trouble.details)
        for job in batch:
            if not job.future.done():
                job.future.set_exception(error)
        return False

    def _do_idle(self) -> None:
        connection = self._source.connection
        self._idle_at = None
        if connection is None or self._idle is None:
            return
        try:
            connection.execute("BEGIN")
            more = self._idle(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            _log.warning("Work on the chats in the background failed: %s", error)
        else:
            self._idle_at = 0.0 if more else None

    def _set_status(self, status: StoreStatus) -> None:
        if status != self._status:
            self._status = status
            self._on_status(status)


def _attempt(connection: sqlite3.Connection, job: _Job) -> Callable[[], None]:
    """How to resolve the future once the transaction is committed. Raises sqlite3.Error when the
    whole transaction is at stake."""
    connection.execute("SAVEPOINT job")
    try:
        value = job.work(connection)
    except Exception as error:
        if isinstance(error, sqlite3.Error) and (is_world(error) or is_broken(error)):
            raise
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        if not isinstance(error, KnownError):
            _log.exception("A write to the store failed")
        failure = error
        return lambda: job.future.set_exception(failure)
    connection.execute("RELEASE job")
    return lambda: job.future.set_result(value)
