"""Who may say yes to a call, and what is noted of it."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.json import JsonObject
from app.core.messages import ToolCallPart, ToolResultPart, ToolSpec
from app.tools.consent import (
    ConsentRequest,
    Decision,
    Gate,
    Permission,
    Permissions,
    QuestionRequest,
    closed_gate,
)
from app.tools.log import Entry, ToolLog
from app.tools.runner import RESULT_CHARACTERS, ToolRunner
from app.tools.tool import Choice, Effect, Plan, Tool, ToolFailure, planning_tool

WAIT = 20.0


class Person:
    """Says what a test tells them; also the policy."""

    def __init__(self, *choices: Choice, word: str = "", reads: bool = False) -> None:
        self.choices, self.word, self.reads = list(choices), word, reads
        self.asked: list[ConsentRequest] = []
        self.always = Permissions()
        self.opened: list[tuple[str, bool]] = []

    def decide(self, request: ConsentRequest, _cancel: CancelToken) -> Decision:
        self.asked.append(request)
        return Decision(self.choices.pop(0), self.word)

    def reply(self, request: QuestionRequest, _cancel: CancelToken) -> str:
        raise AssertionError(request)

    def reads_allowed(self) -> bool:
        return self.reads

    def open_folder(self, folder: str, *, write: bool) -> None:
        self.opened.append((folder, write))


def tool(effect: Effect = "network", source: str = "") -> Tool:
    def run(arguments: JsonObject, _cancel: CancelToken) -> str:
        return f"got {arguments['x']}"

    return Tool(
        ToolSpec("probe", "", {"type": "object", "properties": {"x": {"type": "string"}}}),
        run,
        effect,
        lambda arguments: str(arguments["x"]),
        source=source,
    )


class Turn:
    def __init__(self, person: Person, made: Tool, chat: Permissions | None = None) -> None:
        self.noted: list[Entry] = []
        self.gate = Gate(person, person, chat or Permissions())
        self.runner = ToolRunner([made], note=self.noted.append, timeout_seconds=WAIT)

    def call(self, x: str = "a") -> ToolResultPart:
        return self.runner.run(ToolCallPart("1", "probe", {"x": x}), CancelToken(), self.gate)


@pytest.mark.parametrize("effect", ["reads", "writes", "network", "runs code"])
def test_whatever_touches_something_is_asked_about(effect: Effect) -> None:
    person = Person("deny")
    result = Turn(person, tool(effect)).call()
    assert (result.failed, result.decision) == (True, "denied")
    assert [request.effect for request in person.asked] == [effect]


def test_what_touches_nothing_runs_and_is_not_foreign() -> None:
    person = Person()
    turn = Turn(person, tool("none"))
    result = turn.call()
    assert (result.text, result.foreign, result.decision) == ("got a", False, "")
    assert person.asked == []


def test_without_a_gate_nothing_else_runs() -> None:
    runner = ToolRunner([tool()])
    result = runner.run(ToolCallPart("1", "probe", {"x": "a"}), CancelToken(), closed_gate())
    assert result.failed
    assert "nobody who could allow it" in result.text
    assert runner.run(ToolCallPart("1", "probe", {"x": "a"}), CancelToken()).failed


def test_a_permission_is_for_its_tool_and_its_scope() -> None:
    person, chat = Person("chat", "always", "deny"), Permissions()
    turn = Turn(person, tool(), chat)
    results = [turn.call(x).decision for x in ("a", "a", "b", "b", "c")]
    assert results == ["chat", "standing", "always", "standing", "denied"]
    assert chat.given == (Permission("probe", "a"),)
    assert person.always.given == (Permission("probe", "b"),)


def test_reading_may_be_allowed_beforehand_and_nothing_else() -> None:
    person = Person("deny", "deny", "deny", "deny", reads=True)
    assert Turn(person, tool("reads")).call().decision == "reads"
    effects: list[Effect] = ["writes", "network", "runs code"]
    for effect in effects:
        assert Turn(person, tool(effect)).call().failed
    assert Turn(person, tool("reads", source="a server")).call().failed, "a server's word is none"


def test_an_answer_that_was_not_offered_is_a_refusal() -> None:
    def plan(_arguments: JsonObject, _cancel: CancelToken) -> Plan:
        return Plan(lambda _: "ran", choices=("once", "deny"))

    person = Person("always")
    made = planning_tool(ToolSpec("probe", "", {"type": "object"}), "writes", plan)
    assert Turn(person, made).call().failed
    assert person.always.given == ()


def test_a_permission_from_before_does_not_count_where_it_is_always_asked() -> None:
    def plan(_arguments: JsonObject, _cancel: CancelToken) -> Plan:
        return Plan(lambda _: "ran", choices=("once", "deny"))

    person = Person("deny")
    person.always.add(Permission("probe"))
    made = planning_tool(ToolSpec("probe", "", {"type": "object"}), "writes", plan)
    assert Turn(person, made).call().failed


def test_a_permission_from_before_does_not_open_a_folder() -> None:
    def plan(_arguments: JsonObject, _cancel: CancelToken) -> Plan:
        return Plan(lambda _: "ran", "/f", choices=("always", "deny"), grant="/f")

    person = Person("always", reads=True)
    person.always.add(Permission("probe", "/f"))
    made = planning_tool(ToolSpec("probe", "", {"type": "object"}), "reads", plan)
    assert not Turn(person, made).call().failed
    assert len(person.asked) == 1
    assert person.opened == [("/f", False)]


def test_asking_is_not_bounded_by_the_time_of_the_tool() -> None:
    """The clock of a tool starts when it runs, not when the person begins to think."""
    thought = threading.Event()

    class Slow(Person):
        def decide(self, request: ConsentRequest, cancel: CancelToken) -> Decision:
            assert not cancel.wait(0.05)
            thought.set()
            return super().decide(request, cancel)

    person = Slow("once")
    runner = ToolRunner([tool()], timeout_seconds=0.01)
    gate = Gate(person, person, Permissions())
    runner.run(ToolCallPart("1", "probe", {"x": "a"}), CancelToken(), gate)
    assert thought.is_set()


def test_a_scope_that_nobody_can_read_is_asked_about_each_time() -> None:
    person, endless = Person("always", "once", "once"), "x" * 501
    turn = Turn(person, tool())
    assert turn.call(endless).failed
    assert [turn.call(endless).decision for _ in range(2)] == ["once", "once"]
    assert {request.choices for request in person.asked} == {("once", "deny")}


def test_a_plan_that_fails_is_told_and_nobody_is_asked() -> None:
    def plan(_arguments: JsonObject, _cancel: CancelToken) -> Plan:
        raise ToolFailure("no such place")

    person = Person()
    made = planning_tool(ToolSpec("probe", "", {"type": "object"}), "writes", plan)
    result = Turn(person, made).call()
    assert (result.text, result.failed) == ("Error: no such place", True)


def test_a_flood_is_cut_and_its_true_size_is_noted() -> None:
    made = Tool(ToolSpec("probe", "", {"type": "object"}), lambda *_: "x" * 500_000, "network")
    turn = Turn(Person("once"), made)
    result = turn.runner.run(ToolCallPart("1", "probe", {}), CancelToken(), turn.gate)
    assert len(result.text) == RESULT_CHARACTERS
    assert "500,000 characters" in result.text
    assert turn.noted[0].characters == 500_000


def test_what_ran_is_noted_with_by_whose_word() -> None:
    turn = Turn(Person("once", "deny"), tool())
    turn.call("a")
    turn.call("b")
    [ran, refused] = turn.noted
    assert (ran.tool, ran.scope, ran.how, ran.outcome, ran.characters) == (
        "probe",
        "a",
        "once",
        "done",
        5,
    )
    assert (refused.how, refused.outcome, refused.seconds) == ("denied", "denied", None)


def test_a_stopped_call_is_noted() -> None:
    cancel = CancelToken()

    def hang(_arguments: JsonObject, inner: CancelToken) -> str:
        cancel.cancel()
        inner.wait(WAIT)
        return "late"

    made = Tool(ToolSpec("probe", "", {"type": "object"}), hang, "network")
    turn = Turn(Person("once"), made)
    with pytest.raises(Cancelled):
        turn.runner.run(ToolCallPart("1", "probe", {}), cancel, turn.gate)
    assert [entry.outcome for entry in turn.noted] == ["stopped"]


def entry(number: int = 1, **arguments: str) -> Entry:
    at = datetime(2026, 11, 24, 12, 0, number % 60, tzinfo=UTC)
    return Entry(at, "probe", "", "network", f"s{number}", {**arguments}, "once", "done", 1.5, 7)


def test_the_log_keeps_and_gives_back(tmp_path: Path) -> None:
    log = ToolLog(tmp_path / "deep" / "log.jsonl")
    assert log.latest() == ()
    log.note(entry(1, x="a"))
    log.note(entry(2, x="你好"))
    assert log.latest() == (entry(2, x="你好"), entry(1, x="a"))
    assert log.latest(1) == (entry(2, x="你好"),)


def test_the_log_does_not_keep_what_was_written(tmp_path: Path) -> None:
    log = ToolLog(tmp_path / "log.jsonl")
    log.note(entry(content="s" * 5_000))
    text = (tmp_path / "log.jsonl").read_text()
    assert len(text) < 1_000
    assert "(5,000 characters)" in text


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = ToolLog(tmp_path / "log.jsonl", max_bytes=2_000)
    for number in range(100):
        log.note(entry(number))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4_000
    assert log.latest()[0].scope == "s99"
    assert len(log.latest()) >= 8


def test_a_log_that_was_meddled_with_is_read_as_far_as_it_makes_sense(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = ToolLog(path)
    log.note(entry(1))
    with path.open("ab") as file:
        file.write(b'{"at": "yesterday"}\n[1]\n\xff\xfe\n{"at": "2026-01-01T00:00:00+00:00"\n')
    log.note(entry(2))
    assert [one.scope for one in log.latest()] == ["s2", "s1"]


def test_clearing_and_exporting(tmp_path: Path) -> None:
    log = ToolLog(tmp_path / "log.jsonl", max_bytes=1_000)
    for number in range(8):
        log.note(entry(number))
    assert log.export(tmp_path / "out.jsonl") == len(log.latest())
    log.clear()
    assert log.latest() == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl"]


def test_a_disk_that_refuses_does_not_stop_a_tool(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ToolLog(tmp_path / "file" / "log.jsonl").note(entry())
