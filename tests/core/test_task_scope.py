"""Work of somebody who may go before the runner does."""

import threading
from collections.abc import Iterator

import pytest

from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner, TaskScope


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    runner = TaskRunner(lambda callback: callback())
    yield runner
    assert runner.close()


def test_results_come_while_it_is_open(runner: TaskRunner) -> None:
    scope = TaskScope(runner)
    got: list[int] = []
    task = scope.run(lambda _: 7, got.append)
    assert task.wait(5)
    assert runner.close()
    assert got == [7]


def test_after_close_nothing_comes_and_the_work_is_cancelled(runner: TaskRunner) -> None:
    scope = TaskScope(runner)
    got: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def work(cancel: CancelToken) -> bool:
        begun.set()
        go_on.wait(5)
        return cancel.cancelled

    told: list[bool] = []
    task = scope.run(work, got.append, on_finally=lambda: told.append(True))
    assert begun.wait(5)
    scope.close()
    go_on.set()
    assert task.wait(5)
    assert task.cancelled
    assert runner.close()
    assert got == told == []
    with pytest.raises(RuntimeError):
        scope.run(lambda _: 1)


def test_the_runner_goes_on_when_a_scope_has_gone(runner: TaskRunner) -> None:
    TaskScope(runner).close()
    got: list[int] = []
    task = runner.run(lambda _: 3, got.append)
    assert task.wait(5)
    assert runner.close()
    assert got == [3]
