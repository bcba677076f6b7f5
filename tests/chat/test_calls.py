"""Several calls in one answer: side by side where they only read, else one after the other."""

import threading
from collections.abc import Sequence

import pytest

from app.chat.calls import RoundCalls
from app.chat.events import ToolAsking, ToolDecided, ToolFinished, ToolStarted, TurnEvent
from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.messages import ToolCallPart, ToolSpec
from app.core.tasks import run_together
from app.tools.consent import (
    ConsentRequest,
    Decision,
    Gate,
    Permissions,
    QuestionRequest,
    StrictPolicy,
)
from app.tools.runner import ToolRunner
from app.tools.tool import Effect, Tool

WAIT = 20.0


class Person:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def decide(self, request: ConsentRequest, _cancel: CancelToken) -> Decision:
        self.asked.append(request.call.name)
        return Decision("deny" if request.call.name == "denied" else "once")

    def reply(self, request: QuestionRequest, _cancel: CancelToken) -> str:
        raise AssertionError(request)


class Round:
    def __init__(self, tools: Sequence[Tool]) -> None:
        self.events: list[TurnEvent] = []
        self.cancel = CancelToken()
        self.person = Person()
        gate = Gate(self.person, StrictPolicy(), Permissions())
        self.calls = RoundCalls(
            ToolRunner(tools, timeout_seconds=WAIT), tools, gate, self.events.append, self.cancel
        )

    def run(self, *names: str) -> list[str]:
        parts = [ToolCallPart(str(number), name, {}) for number, name in enumerate(names)]
        return [result.text for result in self.calls.run(parts).values()]


def made(name: str, effect: Effect, meeting: threading.Barrier | None = None) -> Tool:
    def run(_arguments: JsonObject, _cancel: CancelToken) -> str:
        if meeting is not None:
            meeting.wait(WAIT)
        return f"{name} ran"

    return Tool(ToolSpec(name, "", {"type": "object"}), run, effect)


def test_calls_that_read_run_side_by_side_and_answer_in_order() -> None:
    meeting = threading.Barrier(3)  # nobody passes it before all three are there
    effects: list[Effect] = ["none", "reads", "network"]
    round_ = Round([made(f"t{n}", effect, meeting) for n, effect in enumerate(effects)])
    assert round_.run("t0", "t1", "t2") == ["t0 ran", "t1 ran", "t2 ran"]
    assert round_.person.asked == ["t1", "t2"]
    kinds = [type(event) for event in round_.events]
    asking = [ToolAsking, ToolDecided] * 2
    assert kinds == [*asking, *[ToolStarted] * 3, *[ToolFinished] * 3]


def test_calls_that_change_something_run_one_after_the_other() -> None:
    round_ = Round([made("a", "writes"), made("b", "reads")])
    assert round_.run("a", "b") == ["a ran", "b ran"]
    kinds = [type(event) for event in round_.events]
    assert kinds == [ToolAsking, ToolDecided, ToolStarted, ToolFinished] * 2


def test_a_denied_call_does_not_keep_the_others_from_running() -> None:
    round_ = Round([made("denied", "reads"), made("b", "reads")])
    first, second = round_.run("denied", "b")
    assert "did not allow" in first
    assert second == "b ran"
    started = [event for event in round_.events if isinstance(event, ToolStarted)]
    assert [event.call.name for event in started] == ["b"]


def test_stopping_keeps_what_was_done_and_tells_of_the_rest() -> None:
    release = threading.Event()
    finished = threading.Event()

    def hang(_arguments: JsonObject, _cancel: CancelToken) -> str:
        assert release.wait(WAIT)
        return "late"

    round_ = Round(
        [made("quick", "reads"), Tool(ToolSpec("deaf", "", {"type": "object"}), hang, "reads")]
    )

    def emit(event: TurnEvent) -> None:
        round_.events.append(event)
        if isinstance(event, ToolFinished) and event.result.text == "quick ran":
            finished.set()
            round_.cancel.cancel()

    round_.calls._emit = emit
    quick, deaf = round_.run("quick", "deaf")
    release.set()
    assert finished.is_set()
    assert round_.calls.cancelled
    assert quick == "quick ran"
    assert deaf == "Error: not run, because the answer was stopped"


def test_many_works_share_few_threads_and_all_end() -> None:
    lock = threading.Lock()
    running = most = 0
    done: dict[int, int] = {}

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1
        return number * number

    works = [lambda number=number: work(number) for number in range(40)]
    run_together(works, done.__setitem__, most=3)
    assert done == {number: number * number for number in range(40)}
    assert most <= 3


def test_what_one_work_raises_comes_after_the_others_were_heard() -> None:
    done: list[int] = []

    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_together([fail, lambda: 1, lambda: 2], lambda _, value: done.append(value))
    assert sorted(done) == [1, 2]
