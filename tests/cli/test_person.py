"""Consent at a terminal."""

import io

import pytest

from app.cli_person import TerminalPerson
from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.messages import ToolCallPart
from app.tools.consent import ConsentRequest, Decision, QuestionRequest
from app.tools.tool import ALL_CHOICES, Choice, Question, ToolFailure

CALL = ToolCallPart("1", "fetch", {})


def request(choices: tuple[Choice, ...] = ALL_CHOICES, grant: str = "") -> ConsentRequest:
    lines = ("Fetches \x1b[2Ja page",)
    return ConsentRequest(
        CALL, "Fetch", "", "network", "a.org", lines, "-one\n+two", choices, grant
    )


def answered(line: str, asked: ConsentRequest) -> tuple[Decision, str]:
    out = io.StringIO()
    person = TerminalPerson(out, lambda: line, terminal=True)
    return person.decide(asked, CancelToken()), out.getvalue()


@pytest.mark.parametrize(
    ("line", "decision"),
    [
        ("y\n", Decision("once")),
        ("Y\n", Decision("once")),
        ("a\n", Decision("always")),
        ("n use the calculator\n", Decision("deny", "use the calculator")),
        ("\n", Decision("deny")),
        ("", Decision("deny")),
        ("yes\n", Decision("deny")),
    ],
)
def test_only_a_clear_yes_is_one(line: str, decision: Decision) -> None:
    assert answered(line, request())[0] == decision


def test_the_question_says_everything_and_steers_no_terminal() -> None:
    _, out = answered("n", request())
    for part in ("Fetch (fetch) wants to run", "Fetches �[2Ja page", "+two", "With: a.org"):
        assert part in out
    assert "\x1b" not in out


def test_a_choice_that_is_not_offered_is_not_asked_for() -> None:
    decision, out = answered("a", request(("once", "deny")))
    assert decision.choice == "deny"
    assert "always" not in out
    assert "open the folder to tools" in answered("a", request(("always", "deny"), "/f"))[1]


def test_without_a_terminal_it_is_refused_with_the_reason() -> None:
    person = TerminalPerson(io.StringIO(), lambda: "y", terminal=False)
    with pytest.raises(ToolFailure, match="no terminal to ask at"):
        person.decide(request(), CancelToken())
    with pytest.raises(ToolFailure, match="no terminal to ask at"):
        person.reply(QuestionRequest(CALL, Question("Tea?")), CancelToken())


def test_a_turn_that_was_stopped_takes_no_answer() -> None:
    cancel = CancelToken()

    def read() -> str:
        cancel.cancel()
        return "y"

    with pytest.raises(Cancelled):
        TerminalPerson(io.StringIO(), read, terminal=True).decide(request(), cancel)


@pytest.mark.parametrize(("line", "said"), [("2\n", "Milk"), ("3\n", "3"), ("Water\n", "Water")])
def test_a_question_is_answered(line: str, said: str) -> None:
    person = TerminalPerson(io.StringIO(), lambda: line, terminal=True)
    asked = QuestionRequest(CALL, Question("What?", ("Tea", "Milk")))
    assert person.reply(asked, CancelToken()) == said


def test_no_answer_is_told() -> None:
    person = TerminalPerson(io.StringIO(), lambda: "\n", terminal=True)
    with pytest.raises(ToolFailure, match="does not want to answer"):
        person.reply(QuestionRequest(CALL, Question("What?")), CancelToken())
