"""The servers' tools beside the program's own."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.cancel import CancelToken
from app.core.messages import ToolCallPart
from app.tools.calculator import CALCULATOR
from app.tools.consent import Decision, Gate, Permissions, StrictPolicy
from app.tools.mcp import tools
from app.tools.mcp.servers import McpServer
from app.tools.mcp.tools import McpTools
from app.tools.mcp.types import State
from app.tools.runner import ToolRunner
from tests.tools.mcp.conftest import QUICK, SERVER, Bench, habit


class Asked:
    """A person who allows everything, and what was put to them."""

    def __init__(self) -> None:
        self.requests: list[object] = []

    def decide(self, request: object, cancel: CancelToken) -> Decision:  # noqa: ARG002
        self.requests.append(request)
        return Decision("once")

    def reply(self, request: object, cancel: CancelToken) -> str:  # noqa: ARG002
        raise AssertionError


def test_the_first_turn_asks_the_server_what_it_has(bench: Bench) -> None:
    bench.declare(habit("good"))
    runner = ToolRunner([CALCULATOR], sources=[McpTools(bench.host)])
    assert [spec.name for spec in runner.specs] == ["calculator"]
    runner.prepare(CancelToken())
    names = [spec.name for spec in runner.specs]
    assert "calculator" in names
    assert "test__say" in names


def test_known_tools_are_offered_without_the_server(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    first = make_bench(known_file=tmp_path / "known")
    first.declare(habit("good"))
    first.call("say", word="x")
    first.host.close()
    bench = make_bench(known_file=tmp_path / "known")
    bench.declare(habit("good"))
    runner = ToolRunner([], sources=[McpTools(bench.host)])
    runner.prepare(CancelToken())
    assert "test__say" in [spec.name for spec in runner.specs]
    assert not [thread for thread in threading.enumerate() if thread.name == "mcp"]


def test_a_claim_of_the_server_is_no_permission(bench: Bench) -> None:
    """Its tool says that it only reads; the person is asked all the same."""
    bench.declare(habit("good"))
    source = McpTools(bench.host)
    source.prepare(CancelToken())
    person = Asked()
    policy = StrictPolicy()
    gate = Gate(person, policy, Permissions())
    call = ToolCallPart("1", "test__say", {"word": "hello"})
    result = ToolRunner([], sources=[source]).run(call, CancelToken(), gate)
    assert result.text == "hello"
    assert result.foreign
    [request] = person.requests
    assert request.source == "test"  # type: ignore[attr-defined]
    assert request.effect == "runs code"  # type: ignore[attr-defined]
    assert request.lines == (  # type: ignore[attr-defined]
        "word: hello",
        "The server says that this changes nothing.",
    )


def test_arguments_are_checked_before_the_server_sees_them(bench: Bench) -> None:
    bench.declare(habit("good"))
    source = McpTools(bench.host)
    source.prepare(CancelToken())
    runner = ToolRunner([], sources=[source])
    result = runner.run(ToolCallPart("1", "test__say", {"wrod": "x"}), CancelToken())
    assert result.failed
    assert "word is missing" in result.text


def test_a_switch_takes_a_tool_away_and_renames_none(bench: Bench) -> None:
    bench.declare(habit("good"))
    source = McpTools(bench.host)
    source.prepare(CancelToken())
    before = {tool.name for tool in source.tools()}
    bench.declare(habit("good", off=frozenset({"say"})))
    assert {tool.name for tool in source.tools()} == before - {"test__say"}


def test_tools_of_a_server_that_failed_say_why(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    known = tmp_path / "known"
    script = tmp_path / "server.py"
    script.write_text(SERVER.read_text())
    server = McpServer("test", "stdio", sys.executable, (str(script), "good"))
    first = make_bench(known_file=known)
    first.declare(server)
    first.call("say", word="x")
    first.host.close()
    script.unlink()
    bench = make_bench(replace(QUICK, again_seconds=1000.0), known_file=known)
    bench.declare(server)
    source = McpTools(bench.host)
    runner = ToolRunner([], sources=[source])
    gate = Gate(Asked(), StrictPolicy(), Permissions())
    result = runner.run(ToolCallPart("1", "test__say", {"word": "x"}), CancelToken(), gate)
    assert result.failed
    assert bench.status().state is State.FAILED
    tool = source.tools()[0]
    assert "exit code 2" in tool.unavailable()
    assert runner.specs == ()


def test_turns_wait_once_for_a_server_that_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "PREPARE_SECONDS", 0.1)
    bench.declare(habit("silent"))
    source = McpTools(bench.host)
    waits: list[object] = []
    wait_for = bench.host.wait_for

    def counted(*args: Any) -> None:
        waits.append(args)
        wait_for(*args)

    monkeypatch.setattr(bench.host, "wait_for", counted)
    for _ in range(3):
        source.prepare(CancelToken())
    assert len(waits) == 1
    assert bench.status().state is State.STARTING


def test_a_program_that_was_given_up_is_not_started_by_a_turn(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    bench = make_bench(replace(QUICK, again_seconds=0.0))
    bench.declare(habit("exits", notes))
    source = McpTools(bench.host)
    for _ in range(3):
        source.prepare(CancelToken())
    bench.until_state(State.FAILED)
    assert notes.read_text().count("started") == 1


def test_a_server_on_the_network_is_tried_again(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(replace(QUICK, again_seconds=0.0))
    bench.declare(McpServer("test", "http", url="http://127.0.0.1:9/mcp"))
    source = McpTools(bench.host)
    source.prepare(CancelToken())
    bench.until_state(State.FAILED)
    bench.history.clear()
    source.prepare(CancelToken())
    bench.until(lambda: State.STARTING in [status.state for status in bench.history])


def test_a_server_that_is_not_allowed_offers_nothing(bench: Bench) -> None:
    bench.host.configure([habit("good")])
    source = McpTools(bench.host)
    source.prepare(CancelToken())
    assert source.tools() == ()
