import queue
import threading
from collections.abc import Callable, Iterator

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.tasks import TaskRunner, TimedOut, run_bounded

WAIT = 20.0


class Drain:
    """Stands for the GUI thread: closures are run where `run_one` is called."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, callback: Callable[[], None]) -> None:
        self._queue.put(callback)

    def run_one(self) -> None:
        self._queue.get(timeout=WAIT)()

    @property
    def empty(self) -> bool:
        return self._queue.empty()


@pytest.fixture
def drain() -> Drain:
    return Drain()


@pytest.fixture
def runner(drain: Drain) -> Iterator[TaskRunner]:
    runner = TaskRunner(drain.post)
    yield runner
    assert runner.close(WAIT)


def test_the_result_and_then_finally_arrive_through_post(runner: TaskRunner, drain: Drain) -> None:
    seen: list[object] = []
    here = threading.get_ident()
    runner.run(
        lambda _cancel: threading.get_ident(), seen.append, on_finally=lambda: seen.append("end")
    )
    drain.run_one()
    drain.run_one()
    assert len(seen) == 2
    assert seen[0] != here
    assert seen[1] == "end"


@pytest.mark.parametrize("error", [KnownError("No disk."), ValueError("a bug")])
def test_errors_are_reported_and_finally_still_runs(
    runner: TaskRunner, drain: Drain, error: Exception
) -> None:
    def work(_cancel: CancelToken) -> None:
        raise error

    seen: list[object] = []
    runner.run(work, seen.append, seen.append, lambda: seen.append("end"))
    drain.run_one()
    drain.run_one()
    assert seen == [error, "end"]


def test_cancelled_work_reports_only_finally(runner: TaskRunner, drain: Drain) -> None:
    started = threading.Event()

    def work(cancel: CancelToken) -> None:
        started.set()
        assert cancel.wait(WAIT)
        cancel.raise_if_cancelled()

    seen: list[object] = []
    task = runner.run(work, seen.append, seen.append, lambda: seen.append("end"))
    assert started.wait(WAIT)
    task.cancel()
    drain.run_one()
    assert seen == ["end"]
    assert task.ended


def test_what_cancelled_work_returns_is_delivered(runner: TaskRunner, drain: Drain) -> None:
    started = threading.Event()

    def work(cancel: CancelToken) -> str:
        started.set()
        assert cancel.wait(WAIT)
        return "half"

    seen: list[str] = []
    task = runner.run(work, seen.append)
    assert started.wait(WAIT)
    task.cancel()
    drain.run_one()
    assert seen == ["half"]


def test_work_cancelled_before_it_starts_never_runs(drain: Drain) -> None:
    runner = TaskRunner(drain.post, threads=1)
    release = threading.Event()
    ran: list[str] = []
    runner.run(lambda _cancel: release.wait(WAIT))
    task = runner.run(lambda _cancel: ran.append("ran"), on_finally=lambda: ran.append("end"))
    task.cancel()
    release.set()
    drain.run_one()
    assert ran == ["end"]
    assert runner.close(WAIT)


def test_events_come_in_order_and_before_the_result(runner: TaskRunner, drain: Drain) -> None:
    seen: list[object] = []
    emit = runner.events(seen.append)

    def work(_cancel: CancelToken) -> str:
        for number in range(50):
            emit(number)
        return "done"

    runner.run(work, seen.append)
    for _ in range(51):
        drain.run_one()
    assert seen == [*range(50), "done"]


def test_long_work_does_not_hold_up_other_work(runner: TaskRunner) -> None:
    release = threading.Event()
    blocked = [runner.run(lambda _cancel: release.wait(WAIT)) for _ in range(3)]
    assert runner.run(lambda _cancel: None).wait(WAIT)
    assert not any(task.ended for task in blocked)
    release.set()


def test_close_cancels_waiting_and_running_work_and_delivers_nothing_more(drain: Drain) -> None:
    runner = TaskRunner(drain.post, threads=1)
    started = threading.Event()
    ran: list[str] = []

    def work(cancel: CancelToken) -> str:
        started.set()
        assert cancel.wait(WAIT)
        return "late"

    first = runner.run(work, ran.append, on_finally=lambda: ran.append("finally"))
    second = runner.run(lambda _cancel: ran.append("ran"))
    assert started.wait(WAIT)
    assert runner.close(WAIT)
    assert first.ended
    assert second.ended
    assert drain.empty
    assert ran == []
    with pytest.raises(RuntimeError):
        runner.run(lambda _cancel: None)


def test_close_tells_when_a_thread_does_not_end(drain: Drain) -> None:
    runner = TaskRunner(drain.post)
    release = threading.Event()
    task = runner.run(lambda _cancel: release.wait(WAIT))
    assert not runner.close(0.0)
    release.set()
    assert task.wait(WAIT)
    assert runner.close(WAIT)


def test_a_worker_survives_failures(drain: Drain) -> None:
    runner = TaskRunner(drain.post, threads=1)

    def work(_cancel: CancelToken) -> None:
        raise KnownError("No.")

    for _ in range(5):
        runner.run(work)
    assert runner.run(lambda _cancel: None).wait(WAIT)
    assert runner.close(WAIT)


def test_bounded_work_gives_its_value_or_its_error() -> None:
    assert run_bounded(lambda _cancel: 42, CancelToken(), WAIT) == 42

    def fail(_cancel: CancelToken) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_bounded(fail, CancelToken(), WAIT)


def test_bounded_work_is_abandoned_after_its_time_and_told() -> None:
    told = threading.Event()

    def hang(cancel: CancelToken) -> None:
        assert cancel.wait(WAIT)
        told.set()

    with pytest.raises(TimedOut):
        run_bounded(hang, CancelToken(), 0.01)
    assert told.wait(WAIT)


def test_bounded_work_is_abandoned_when_cancelled() -> None:
    cancel = CancelToken()
    release = threading.Event()

    def hang(_cancel: CancelToken) -> None:
        cancel.cancel()
        assert release.wait(WAIT)

    with pytest.raises(Cancelled):
        run_bounded(hang, cancel, WAIT)
    release.set()
