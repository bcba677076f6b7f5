"""Servers that are started, asked, stopped; and what is kept of them."""

import gc
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.tools.mcp import known
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import State
from app.tools.tool import ToolFailure
from tests.tools.mcp.conftest import PATIENCE, SERVER, Bench, habit, until_true


def test_a_call_starts_the_server_and_nothing_before(bench: Bench) -> None:
    bench.declare(habit("good"))
    assert bench.status().state is State.IDLE
    assert not [one for one in threading.enumerate() if one.name == "mcp"]
    assert bench.call("say", word="hello") == "hello"
    status = bench.status()
    assert status.state is State.READY
    assert status.program == "test 1"
    assert status.listing is not None
    assert status.listing.tools[0].reads_only is True
    assert [one.name for one in status.listing.resources] == ["notes", "logo"]
    assert [one.name for one in status.listing.prompts] == ["greet", "letter"]


def test_a_program_that_was_not_allowed_does_not_run(bench: Bench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    server = habit("good", notes)
    bench.host.configure([server])
    assert bench.status().state is State.UNAPPROVED
    with pytest.raises(KnownError, match="has not been allowed"):
        bench.call("say", word="hello")
    bench.host.start("test")
    bench.host.restart("test")
    other = replace(server, arguments=(*server.arguments, "more"), approved=server.fingerprint)
    bench.host.configure([other])
    with pytest.raises(KnownError, match="has not been allowed"):
        bench.call("say", word="hello")
    assert not notes.exists()


def test_one_that_is_off_does_not_run(bench: Bench) -> None:
    bench.declare(habit("good", enabled=False))
    assert bench.status().state is State.OFF
    with pytest.raises(KnownError, match="switched off"):
        bench.call("say", word="hello")


def test_switching_it_off_ends_its_program(bench: Bench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench.declare(habit("good", notes))
    bench.call("say", word="hello")
    bench.declare(habit("good", notes, enabled=False))
    bench.until(lambda: "input closed" in notes.read_text())
    assert bench.status().state is State.OFF


def test_a_switched_tool_does_not_start_it_again(bench: Bench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench.declare(habit("good", notes))
    bench.call("say", word="hello")
    bench.declare(habit("good", notes, off=frozenset({"wait"})))
    bench.call("say", word="hello")
    assert notes.read_text().count("started") == 1


def test_a_cancelled_call_is_cancelled_at_the_server(bench: Bench, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench.declare(habit("good", notes))
    bench.call("say", word="hello")
    token = CancelToken()
    seen: list[BaseException] = []

    def work() -> None:
        try:
            bench.host.call("test", "wait", {}, token)
        except Cancelled as error:
            seen.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until_true(lambda: "waiting" in notes.read_text())
    token.cancel()
    thread.join(PATIENCE)
    assert len(seen) == 1
    bench.call("say", word="flush")  # in order behind the cancellation
    assert "cancelled" in notes.read_text()


def test_a_cancelled_start_leaves_nobody_waiting(bench: Bench) -> None:
    bench.declare(habit("silent"))
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bench.host.call("test", "say", {"word": "x"}, token)


def test_a_changed_list_is_followed(bench: Bench) -> None:
    bench.declare(habit("good"))
    assert bench.call("grow") == "grown"

    def has_new() -> bool:
        listing = bench.status().listing
        return listing is not None and "new" in [tool.name for tool in listing.tools]

    bench.until(has_new)


def test_only_a_part_of_the_environment_is_passed_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_not_yours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nor_this")
    bench.declare(habit("good", environment=(("MINE", "given"),)))
    seen = json.loads(bench.call("environment"))
    assert seen["MINE"] == "given"
    assert "HF_TOKEN" not in seen
    assert "AWS_SECRET_ACCESS_KEY" not in seen
    assert "PATH" in seen


def test_closing_ends_calls_that_wait(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench = make_bench()
    bench.declare(habit("good", notes))
    seen: list[BaseException] = []

    def work() -> None:
        try:
            bench.call("wait")
        except (Cancelled, ToolFailure) as error:
            seen.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until_true(lambda: notes.exists() and "waiting" in notes.read_text())
    assert bench.host.close(PATIENCE)
    thread.join(PATIENCE)
    assert len(seen) == 1


def test_closing_while_it_starts_leaves_no_program(make_bench: Callable[..., Bench]) -> None:
    for _ in range(3):
        bench = make_bench()
        bench.declare(habit("good"))
        bench.host.start("test")
        bench.until_state(State.STARTING)
        assert bench.host.close(PATIENCE)
    gc.collect()  # a program that was lost says so when it goes


def test_starting_keeps_nobody_waiting(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing what is needed takes most of a second, which a window does not have."""
    gate = threading.Event()
    run = McpHost._run

    def late(host: McpHost) -> None:
        assert gate.wait(PATIENCE)
        run(host)

    monkeypatch.setattr(McpHost, "_run", late)
    bench = make_bench()
    bench.declare(habit("exits"))
    bench.host.start("test")
    bench.declare(habit("good"))
    bench.host.start("test")
    assert bench.host.output("test") == ""
    gate.set()
    bench.until_state(State.READY)


def test_closing_before_it_could_start(
    make_bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    run = McpHost._run

    def late(host: McpHost) -> None:
        assert gate.wait(PATIENCE)
        run(host)

    monkeypatch.setattr(McpHost, "_run", late)
    bench = make_bench()
    bench.declare(habit("good"))
    bench.host.start("test")
    assert not bench.host.close(0.0)
    gate.set()
    assert bench.host.close(PATIENCE)


def test_a_closed_host_starts_nothing() -> None:
    host = McpHost()
    assert host.close()
    with pytest.raises(Cancelled):
        host.call("test", "say", {}, CancelToken())
    host.start("test")


def test_resources_and_prompts(bench: Bench) -> None:
    bench.declare(habit("good"))
    found = bench.host.resource("test", "test://notes.txt", CancelToken())
    assert (found.name, found.text, found.size_bytes) == ("notes.txt", "hello", 5)
    assert bench.host.prompt("test", "greet", {}, CancelToken()) == "Say hello."


def test_lists_are_known_after_a_restart(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    first = make_bench(known_file=file)
    first.declare(habit("good"))
    first.call("say", word="x")
    listing = first.status().listing
    assert first.host.close(PATIENCE)
    second = make_bench(known_file=file)
    second.declare(habit("good"))
    assert second.status().listing == listing
    assert second.status().state is State.IDLE
    other = make_bench(known_file=file)
    other.declare(habit("schemas"))
    assert other.status().listing is None


def test_lists_are_those_of_the_server_that_gave_them(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    file = tmp_path / "known.json"
    bench = make_bench(known_file=file)
    bench.declare(habit("good"))
    bench.call("say", word="x")
    bench.host.configure([habit("exits")])
    bench.until_state(State.UNAPPROVED)
    assert bench.status().listing is None
    assert bench.host.close(PATIENCE)
    assert list(known.load(file)) == [habit("good").fingerprint]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 9}', '{"version": 1, "servers": 3}'])
def test_a_broken_file_of_lists_is_as_good_as_none(
    make_bench: Callable[..., Bench], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "known.json"
    file.write_text(text)
    bench = make_bench(known_file=file)
    bench.declare(McpServer("test", "stdio", "x"))
    assert bench.status().listing is None


def test_the_newest_protocol(bench: Bench) -> None:
    script = SERVER.with_name("modern_server.py")
    bench.declare(McpServer("test", "stdio", sys.executable, (str(script),)))
    assert bench.host.call("test", "add", {"left": 2, "right": 3}, CancelToken()) == "5"
    assert bench.call("grow") == "grown"
    bench.until(lambda: "grown" in [tool.name for tool in bench.tools])
    add = bench.tools[0]
    assert add.parameters["required"] == ["left", "right"]
    assert "title" not in str(add.parameters)
