"""Background work one or two at a time: reading many files must not hold up an answer."""

from collections.abc import Callable
from typing import Generic, TypeVar

from app.core.cancel import CancelToken
from app.core.tasks import Task, TaskRunner

T = TypeVar("T")
_AT_ONCE = 2


class Job(Generic[T]):
    """given_up: nobody waits for its result any more."""

    def __init__(
        self,
        work: Callable[[CancelToken], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self.work, self.done, self.failed = work, done, failed
        self.given_up = False
        self.task: Task | None = None

    def give_up(self) -> None:
        self.given_up = True
        if self.task is not None:
            self.task.cancel()


class Jobs(Generic[T]):
    """For the GUI thread."""

    def __init__(self, tasks: TaskRunner) -> None:
        self._tasks = tasks
        self._waiting: list[Job[T]] = []
        self._running = 0

    def start(self, job: Job[T]) -> None:
        self._waiting.append(job)
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and self._running < _AT_ONCE:
            job = self._waiting.pop(0)
            if not job.given_up:
                self._running += 1
                self._run(job)

    def _run(self, job: Job[T]) -> None:
        def done(value: T) -> None:
            if not job.given_up:
                job.done(value)

        def failed(error: Exception) -> None:
            if not job.given_up:
                job.failed(error)

        job.task = self._tasks.run(job.work, done, failed, self._ended)

    def _ended(self) -> None:
        self._running -= 1
        self._go_on()
