"""Servers that behave and servers that do not."""

import gc
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled, KnownError
from app.tools.mcp import known
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import Limits, State
from app.tools.tool import ToolFailure
from tests.tools.mcp.conftest import PATIENCE, QUICK, SERVER, Bench, habit


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


def test_what_a_tool_says_failed(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match="no such file"):
        bench.call("fail")


def test_an_answer_that_is_none(bench: Bench) -> None:
    bench.declare(habit("good"))
    with pytest.raises(ToolFailure, match="does not follow the protocol"):
        bench.call("lie")
    assert bench.call("say", word="still here") == "still here"


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
    _until(lambda: "waiting" in notes.read_text())
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


def test_a_call_that_is_never_answered(make_bench: Callable[..., Bench], tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    bench = make_bench(replace(QUICK, call_seconds=0.2))
    bench.declare(habit("good", notes))
    with pytest.raises(ToolFailure, match="did not answer within 200 ms"):
        bench.call("wait")
    _until(lambda: "cancelled" in notes.read_text())
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


def test_a_changed_list_is_followed(bench: Bench) -> None:
    bench.declare(habit("good"))
    assert bench.call("grow") == "grown"

    def has_new() -> bool:
        listing = bench.status().listing
        return listing is not None and "new" in [tool.name for tool in listing.tools]

    bench.until(has_new)


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
    _until(lambda: "refused" in notes.read_text())
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
    _until(lambda: notes.exists() and "waiting" in notes.read_text())
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


def _until(true: Callable[[], bool]) -> None:
    """For what only files tell."""
    waited = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it never came")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # One that nobody has reaped yet has ended all the same.
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_newest_protocol(bench: Bench) -> None:
    script = SERVER.with_name("modern_server.py")
    bench.declare(McpServer("test", "stdio", sys.executable, (str(script),)))
    assert bench.host.call("test", "add", {"left": 2, "right": 3}, CancelToken()) == "5"
    assert bench.call("grow") == "grown"
    bench.until(lambda: "grown" in [tool.name for tool in bench.tools])
    add = bench.tools[0]
    assert add.parameters["required"] == ["left", "right"]
    assert "title" not in str(add.parameters)
