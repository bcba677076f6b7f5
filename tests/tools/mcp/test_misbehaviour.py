"""Servers that hang, flood, crash and lie."""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.tools.mcp.types import Limits, State
from app.tools.tool import ToolFailure
from tests.tools.mcp.conftest import PATIENCE, QUICK, Bench, habit, until_true


def test_what_a_tool_says_failed(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match="no such file"):
        bench.call("fail")


def test_an_answer_that_is_none(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match="does not follow the protocol"):
        bench.call("lie")
    assert bench.call("say", word="still here") == "still here"


def test_a_call_that_is_never_answered(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench = make_bench(replace(QUICK, call_seconds=0.2))
    bench.declare(habit("good", notes))
    with pytest.raises(ToolFailure, match="did not answer within 200 ms"):
        bench.call("wait")
    until_true(lambda: "cancelled" in notes.read_text())
    assert bench.status().state is State.READY


def test_a_handshake_that_is_never_answered(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(Limits(start_seconds=0.5))
    bench.declare(habit("silent"))
    with pytest.raises(KnownError, match="did not answer within 500 ms"):
        bench.call("say", word="x")
    assert bench.status().state is State.FAILED


def test_a_start_that_fails_says_why(bench: Bench) -> None:
    bench.declare(habit("exits"))
    with pytest.raises(KnownError, match=r"exit code 2.*Usage: give me a folder"):
        bench.call("say", word="x")
    assert bench.status().state is State.FAILED
    assert bench.host.output("test") == "Usage: give me a folder"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"command": "no-such-program-anywhere"}, "no program “no-such-program-anywhere”"),
        ({"folder": "/no/such/folder"}, "no folder /no/such/folder"),
        ({"command": os.path.dirname(__file__)}, "may not be run"),  # noqa: PTH120
    ],
)
def test_what_cannot_be_started(bench: Bench, change: dict[str, Any], words: str) -> None:
    bench.declare(replace(habit("good"), **change))
    with pytest.raises(KnownError, match=words):
        bench.call("say", word="x")


def test_a_list_that_is_refused(bench: Bench) -> None:
    bench.declare(habit("refuses"))
    with pytest.raises(KnownError, match="It refused: not today"):
        bench.call("say", word="x")


def test_a_list_without_an_end(bench: Bench) -> None:
    bench.declare(habit("loops"))
    assert bench.call("say", word="x") == "x"
    listing = bench.status().listing
    assert listing is not None
    assert len(listing.tools) == 1


def test_a_crash_is_told_and_the_server_started_again(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match=r"ended while it was asked.*about to fall over"):
        bench.call("crash")
    assert bench.call("say", word="back") == "back"
    assert State.WAITING in [status.state for status in bench.history]
    assert any("exit code 3" in status.reason for status in bench.history)


def test_one_that_keeps_crashing_is_given_up(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(replace(QUICK, again_seconds=1000.0))
    bench.declare(habit("good"))
    for _ in range(3):
        with pytest.raises(ToolFailure):
            bench.call("crash")
    status = bench.until_state(State.FAILED)
    assert "It was started 3 times and given up." in status.reason
    with pytest.raises(KnownError, match="given up"):
        bench.call("say", word="x")
    bench.host.restart("test")
    bench.until_state(State.READY)
    assert bench.call("say", word="again") == "again"


def test_a_flood_of_notifications_does_not_keep_the_answer(bench: Bench) -> None:
    bench.declare(habit("good"))
    assert bench.call("flood") == "done"
    assert len(bench.host.output("test").splitlines()) <= 400


def test_a_message_of_any_length_is_not_taken(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match=r"more than 8\.0 MB"):
        bench.call("huge")


def test_what_is_no_message_is_shown_as_output(bench: Bench) -> None:
    bench.declare(habit("chatty"))
    assert bench.call("say", word="x") == "x"
    assert bench.host.output("test") == "Server is up and running\n{broken"


def test_schemas_that_cannot_be_used_leave_the_tool_out(bench: Bench) -> None:
    bench.declare(habit("schemas"))
    bench.call("say", word="x")
    listing = bench.status().listing
    assert listing is not None
    why = {tool.name: tool.why_not for tool in listing.tools}
    assert why["say"] == ""
    assert "nested more than" in why["deep"]
    assert "at most 16,000" in why["large"]
    assert "refers to itself" in why["itself"]
    assert "refers to something elsewhere" in why["elsewhere"]
    assert "name" in why["bad\nname"]
    assert [tool.name for tool in listing.tools].count("say") == 1


def test_too_many_tools_are_counted(bench: Bench) -> None:
    bench.declare(habit("many"))
    bench.call("say", word="x")
    listing = bench.status().listing
    assert listing is not None
    assert len(listing.tools) == 100
    assert listing.left_out == 210


def test_a_server_that_asks_the_model_is_refused(bench: Bench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench.declare(habit("good", notes))
    bench.call("say", word="x")
    token = CancelToken()

    def work() -> None:
        with suppress(Cancelled):
            bench.host.call("test", "ask", {}, token)

    thread = threading.Thread(target=work)
    thread.start()
    until_true(lambda: "refused" in notes.read_text())
    token.cancel()
    thread.join(PATIENCE)


@pytest.mark.skipif(os.name != "posix", reason="looks at processes as POSIX has them")
@pytest.mark.parametrize("name", ["child", "stays"])
def test_nothing_is_left_running(
    make_bench: Callable[..., Bench], tmp_path: Path, name: str
) -> None:
    notes = tmp_path / "notes"
    bench = make_bench()
    bench.declare(habit(name, notes))
    bench.call("say", word="x")
    assert bench.host.close(PATIENCE)
    pids = [int(line.split()[1]) for line in notes.read_text().splitlines() if line[0] in "sc"]
    assert pids
    for pid in pids:
        assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # One that nobody has reaped yet has ended all the same.
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
