import threading
from collections.abc import Callable

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.core.json import JsonObject
from app.core.messages import ToolCallPart, ToolSpec
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import RESULT_CHARACTERS, ToolRunner
from app.tools.tool import Tool, ToolFailure

WAIT = 20.0


def runner_of(run: Callable[[JsonObject, CancelToken], str], timeout: float = WAIT) -> ToolRunner:
    return ToolRunner([Tool(ToolSpec("probe", "Probes."), run)], timeout_seconds=timeout)


def probe(**arguments: str) -> ToolCallPart:
    return ToolCallPart("id1", "probe", dict(arguments))


def test_a_result_names_its_call_and_its_time() -> None:
    ticks = iter([10.0, 12.5])
    tool = Tool(ToolSpec("probe", ""), lambda arguments, _cancel: f"got {arguments['x']}")
    runner = ToolRunner([tool], monotonic=lambda: next(ticks))
    result = runner.run(probe(x="1"), CancelToken())
    assert (result.call_id, result.name, result.text) == ("id1", "probe", "got 1")
    assert (result.failed, result.seconds) == (False, 2.5)


def test_tools_run_on_another_thread() -> None:
    runner = runner_of(lambda _arguments, _cancel: str(threading.get_ident()))
    assert runner.run(probe(), CancelToken()).text != str(threading.get_ident())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ToolFailure("no such thing"), "Error: no such thing"),
        (KnownError("The disk is full.", "", "Free some space."), "The disk is full. Free some"),
        (ZeroDivisionError("secret"), "Error: the tool failed unexpectedly (ZeroDivisionError)"),
    ],
)
def test_every_failure_becomes_a_result(error: Exception, told: str) -> None:
    def fail(_arguments: JsonObject, _cancel: CancelToken) -> str:
        raise error

    result = runner_of(fail).run(probe(), CancelToken())
    assert result.failed
    assert told in result.text
    assert "secret" not in result.text


def test_an_unknown_tool_is_a_failure_that_names_the_tools() -> None:
    result = ToolRunner(BUILTIN_TOOLS).run(ToolCallPart("1", "weather", {}), CancelToken())
    assert result.failed
    assert "current_time, calculator" in result.text


def test_arguments_are_checked_before_anything_runs() -> None:
    runner = ToolRunner(BUILTIN_TOOLS)
    result = runner.run(ToolCallPart("1", "calculator", {"expression": 5}), CancelToken())
    assert (result.failed, result.text) == (
        True,
        "Error: the argument expression must be a string, not a number",
    )
    assert runner.run(ToolCallPart("1", "calculator", {}), CancelToken()).failed


def test_a_tool_that_hangs_is_abandoned_and_told_to_stop() -> None:
    stopped = threading.Event()

    def hang(_arguments: JsonObject, cancel: CancelToken) -> str:
        assert cancel.wait(WAIT)
        stopped.set()
        return "late"

    result = runner_of(hang, timeout=0.05).run(probe(), CancelToken())
    assert result.failed
    assert "did not answer within 50 ms" in result.text
    assert stopped.wait(WAIT)


def test_cancelling_does_not_wait_for_a_deaf_tool() -> None:
    cancel = CancelToken()
    release = threading.Event()

    def deaf(_arguments: JsonObject, _cancel: CancelToken) -> str:
        cancel.cancel()
        assert release.wait(WAIT)
        return "late"

    with pytest.raises(Cancelled):
        runner_of(deaf).run(probe(), cancel)
    release.set()


def test_nothing_runs_once_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    ran: list[str] = []
    with pytest.raises(Cancelled):
        runner_of(lambda _arguments, _cancel: ran.append("x") or "").run(probe(), cancel)  # type: ignore[func-returns-value]
    assert ran == []


@pytest.mark.parametrize("length", [RESULT_CHARACTERS - 1, RESULT_CHARACTERS])
def test_results_up_to_the_limit_are_whole(length: int) -> None:
    result = runner_of(lambda _arguments, _cancel: "é" * length).run(probe(), CancelToken())
    assert result.text == "é" * length


def test_longer_results_are_cut_and_say_so() -> None:
    long = "语" * 12_345
    result = runner_of(lambda _arguments, _cancel: long).run(probe(), CancelToken())
    assert len(result.text) == RESULT_CHARACTERS
    assert result.text.endswith("[Cut here: the result has 12,345 characters.]")
    assert not result.failed


def test_a_long_failure_is_cut_as_well() -> None:
    def fail(_arguments: JsonObject, _cancel: CancelToken) -> str:
        raise ToolFailure("x" * 100_000)

    assert len(runner_of(fail).run(probe(), CancelToken()).text) == RESULT_CHARACTERS


def test_a_result_can_always_be_encoded() -> None:
    result = runner_of(lambda _arguments, _cancel: "a\ud800b").run(probe(), CancelToken())
    assert result.text.encode() == b"a?b"
