"""A whole turn in which the model uses a server."""

from dataclasses import replace

from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.messages import ToolResultPart, user
from app.tools.consent import Decision, Gate, Permissions, StrictPolicy
from app.tools.mcp.tools import McpTools
from app.tools.mcp.types import State
from app.tools.runner import ToolRunner
from tests.chat.scripted import Reply, ScriptedEngine, call, glm_template
from tests.tools.mcp.conftest import Bench, habit


class Person:
    """Says the same to everything."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.asked = 0

    def decide(self, request: object, cancel: CancelToken) -> Decision:  # noqa: ARG002
        self.asked += 1
        return self.decision

    def reply(self, request: object, cancel: CancelToken) -> str:  # noqa: ARG002
        raise AssertionError


def _turn(bench: Bench, person: Person, *replies: Reply) -> tuple[ScriptedEngine, ToolResultPart]:
    engine = ScriptedEngine(replies)
    runner = ToolRunner([], sources=[McpTools(bench.host)])
    gate = Gate(person, StrictPolicy(), Permissions())
    options = replace(TurnOptions(tools_enabled=True, thinking=False), gate=gate)
    turn = TurnRunner(engine, glm_template(), runner)
    finished = turn.run([user("Say hello.")], options, lambda _: None, CancelToken())
    [result] = [
        part
        for message in finished.messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    ]
    return engine, result


def test_the_server_is_started_asked_and_its_answer_is_material(bench: Bench) -> None:
    bench.declare(habit("good"))
    person = Person(Decision("once"))
    engine, result = _turn(bench, person, Reply(call("test__say", word="hi")), Reply("Done."))
    assert "test__say" in engine.prompts[0].text
    assert person.asked == 1
    assert (result.text, result.failed, result.foreign) == ("hi", False, True)
    answered = engine.prompts[1].text
    assert "hi" in answered
    assert answered.index("hi") < answered.rindex("<|assistant|>")


def test_what_is_denied_does_not_reach_the_server(bench: Bench) -> None:
    bench.declare(habit("good"))
    person = Person(Decision("deny", "not now"))
    _, result = _turn(bench, person, Reply(call("test__crash")), Reply("As you wish."))
    assert result.failed
    assert "not now" in result.text
    assert bench.call("say", word="never crashed") == "never crashed"
    assert not any(status.attempt for status in bench.history)


def test_where_nobody_can_allow_it_no_server_is_started(bench: Bench) -> None:
    bench.declare(habit("good"))
    engine = ScriptedEngine([Reply("Hello.")])
    runner = ToolRunner([], sources=[McpTools(bench.host)])
    options = TurnOptions(tools_enabled=True, thinking=False)
    TurnRunner(engine, glm_template(), runner).run(
        [user("Hi.")], options, lambda _: None, CancelToken()
    )
    assert bench.status().state is State.IDLE
    assert bench.host.output("test") == ""
