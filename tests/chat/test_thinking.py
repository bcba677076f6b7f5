"""Thinking that is ended from outside, and answers that go on."""

from collections.abc import Callable

import pytest

from app.chat.continuing import continuing
from app.chat.events import RoundFinished, ThinkingEnded, TurnEvent, TurnFinished
from app.chat.thinking import together
from app.chat.turn import TurnOptions, TurnRunner
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.messages import Message, ReasoningPart, TextPart, ToolCallPart, user
from app.core.sampling import Sampling
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta
from app.dialect.template import ChatTemplate
from app.engine.protocol import PromptProgress, Stats
from app.tools.registry import BUILTIN_TOOLS
from app.tools.runner import ToolRunner
from tests.chat.scripted import Reply, ScriptedEngine, call, glm_template
from tests.dialect.test_template import TEMPLATES

QUESTION = (user("Why?"),)
THINKS = "\n<think>One two three four five six seven eight</think>\nNo."
ASKED = "[gMASK]<sop><|user|>\nWhy?<|assistant|>"


class Turn:
    def __init__(self, *replies: Reply | str, template: ChatTemplate | None = None) -> None:
        script = [Reply(reply) if isinstance(reply, str) else reply for reply in replies]
        self.engine = ScriptedEngine(script)
        self.events: list[TurnEvent] = []
        self.cancel = CancelToken()
        self.wish = CancelToken()
        self.template = template or glm_template()

    def run(
        self,
        budget: int = 0,
        *,
        sampling: Sampling | None = None,
        tools: bool = False,
        begun: Callable[[TurnOptions], TurnOptions] = lambda options: options,
    ) -> TurnFinished:
        options = TurnOptions(
            tools_enabled=tools,
            thinking_budget_tokens=budget,
            answer_now=self.wish,
            sampling=sampling or Sampling(),
        )
        runner = TurnRunner(self.engine, self.template, ToolRunner(BUILTIN_TOOLS))
        return runner.run(QUESTION, begun(options), self.events.append, self.cancel)

    def emitted(self, kind: type[TurnEvent]) -> list[TurnEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def at(number: int, act: Callable[[], None]) -> Callable[[int], None]:
    return lambda chunk: act() if chunk == number else None


def reasoning(message: Message) -> ReasoningPart:
    [part] = [part for part in message.parts if isinstance(part, ReasoningPart)]
    return part


def test_a_budget_ends_the_thinking_and_the_answer_is_one_message() -> None:
    turn = Turn(THINKS, "Because.")
    finished = turn.run(5)
    [message] = finished.messages
    thought = reasoning(message)
    assert thought == ReasoningPart("One two three fou", thought.seconds, ended_by="budget")
    assert message.text == "Because."
    assert (finished.reason, finished.notice) == ("end", "")
    first, second = turn.engine.prompts
    assert second.text == f"{ASKED}\n<think>One two three fou</think>\n"
    assert second.text.startswith(first.text)
    assert turn.emitted(ThinkingEnded) == [ThinkingEnded("budget")]
    [round_finished] = turn.emitted(RoundFinished)
    assert isinstance(round_finished, RoundFinished)
    assert round_finished.raw == "\n<think>One two three fou</think>\nBecause."
    assert round_finished.message == message
    assert len(turn.emitted(ReasoningClosed)) == 1
    told = "".join(e.text for e in turn.events if isinstance(e, ReasoningDelta | TextDelta))
    assert told == "One two three fouBecause."


def test_the_figures_of_both_goes_are_one() -> None:
    turn = Turn(THINKS, "Because.")
    turn.run(5)
    [finished] = turn.emitted(RoundFinished)
    assert isinstance(finished, RoundFinished)
    stats = finished.stats
    assert (stats.prompt_tokens, stats.cached_tokens) == (100, 40)
    assert stats.generated_tokens == 5 + 2
    assert len(turn.emitted(PromptProgress)) == 1, "the second has next to nothing to read"


def test_rates_are_weighed() -> None:
    fast = Stats(10, 0, 100, 5.0, 100.0, 0.5, 110, 4096, 7)
    slow = Stats(112, 110, 10, None, 10.0, 0.1, 122, 4096, 9)
    both = together(fast, slow)
    assert both == Stats(10, 0, 110, 5.0, 55.0, 0.5, 122, 4096, 7)
    none = Stats(112, 110, 0, None, None, None, 112, 4096, 9)
    assert together(fast, none).decode_tokens_per_second == 100.0
    assert together(none, none).decode_tokens_per_second is None


def test_thinking_within_its_budget_is_left_alone() -> None:
    turn = Turn(THINKS)
    [message] = turn.run(500).messages
    assert reasoning(message).ended_by is None
    assert message.text == "No."


def test_an_answer_that_is_longer_than_the_budget_is_left_alone() -> None:
    turn = Turn("\n<think>Hm</think>\n" + "word " * 50)
    [message] = turn.run(8).messages
    assert message.text == ("word " * 50).strip()
    assert len(turn.engine.prompts) == 1


def test_the_longest_answer_counts_both_goes() -> None:
    turn = Turn(THINKS, Reply("Because", reason="max_tokens"))
    finished = turn.run(5, sampling=Sampling(max_tokens=9))
    assert [sampling.max_tokens for sampling in turn.engine.samplings] == [9, 4]
    assert finished.reason == "max_tokens"


def test_nothing_is_left_of_the_longest_answer() -> None:
    turn = Turn(THINKS)
    finished = turn.run(5, sampling=Sampling(max_tokens=5))
    assert finished.reason == "max_tokens"
    assert not reasoning(finished.messages[0]).finished


def test_the_person_ends_the_thinking() -> None:
    turn = Turn("")
    turn.engine.replies = [Reply(THINKS, before=at(4, turn.wish.cancel)), Reply("Because.")]
    [message] = turn.run().messages
    thought = reasoning(message)
    assert (thought.text, thought.ended_by, message.text) == ("One two thre", "person", "Because.")
    assert turn.engine.prompts[1].text.endswith("\n<think>One two thre</think>\n")


def test_a_wish_before_the_first_word_is_an_answer_without_thinking() -> None:
    turn = Turn("")
    turn.engine.replies = [Reply(THINKS, before=at(0, turn.wish.cancel)), Reply("Because.")]
    [message] = turn.run().messages
    assert message.parts == (TextPart("Because."),)
    assert turn.engine.prompts[1].text == f"{ASKED}\n<think></think>\n"


def test_a_wish_while_the_answer_is_written_changes_nothing() -> None:
    turn = Turn("")
    turn.engine.replies = [
        Reply("\n<think>Hm</think>\nLong answer", before=at(5, turn.wish.cancel))
    ]
    [message] = turn.run().messages
    assert message.text == "Long answer"
    assert reasoning(message).ended_by is None


def test_a_wish_that_was_there_before_asks_without_thinking() -> None:
    turn = Turn("Because.")
    turn.wish.cancel()
    [message] = turn.run().messages
    assert message.parts == (TextPart("Because."),)
    assert turn.engine.prompts[0].text == f"{ASKED}\n<think></think>\n"


def test_thinking_that_the_prompt_opens_is_ended_too() -> None:
    turn = Turn("One two three four five", "Because.", template=TEMPLATES["GLM-4.7-Flash"])
    [message] = turn.run(2).messages
    thought = reasoning(message)
    assert (thought.text, thought.ended_by, message.text) == ("One two th", "budget", "Because.")
    assert turn.engine.prompts[1].text.endswith("<think>One two th</think>")


def test_a_half_written_end_is_completed() -> None:
    turn = Turn(Reply("\n<think>One two</think>\nNo."), "Because.")
    [message] = turn.run(4).messages
    assert turn.engine.prompts[1].text.endswith("\n<think>One two</think>\n")
    assert reasoning(message).text == "One two"
    assert message.text == "Because."


def test_stop_wins_over_the_budget() -> None:
    turn = Turn("")
    turn.engine.replies = [Reply(THINKS, before=at(3, turn.cancel.cancel))]
    finished = turn.run(3)
    assert finished.reason == "cancelled"
    assert not reasoning(finished.messages[0]).finished


def test_stopping_the_second_go_keeps_both() -> None:
    turn = Turn("")
    turn.engine.replies = [Reply(THINKS), Reply("Because it is", before=at(2, turn.cancel.cancel))]
    finished = turn.run(5)
    assert finished.reason == "cancelled"
    [message] = finished.messages
    assert (reasoning(message).ended_by, message.text) == ("budget", "Because it")


def test_an_engine_that_fails_in_the_second_go_keeps_both() -> None:
    failure = KnownError("The engine failed.")
    turn = Turn(THINKS, Reply("Becau", error=failure))
    with pytest.raises(KnownError) as raised:
        turn.run(5)
    [message] = raised.value.messages  # type: ignore[attr-defined]
    assert message.text == "Becau"
    assert reasoning(message).ended_by == "budget"


def test_the_budget_is_that_of_the_whole_turn() -> None:
    turn = Turn(
        "\n<think>One two three</think>" + call("calculator", expression="1+1"),
        "\n<think>So it is two",
        "It is 2.",
    )
    finished = turn.run(6, tools=True)
    assert reasoning(finished.messages[0]).ended_by is None
    assert finished.messages[-1].parts == (TextPart("It is 2."),)
    assert turn.engine.prompts[2].text.endswith("<|assistant|>\n<think></think>\n")


def test_a_call_after_ended_thinking_runs() -> None:
    turn = Turn(THINKS, call("calculator", expression="1+1"), "It is 2.")
    finished = turn.run(5, tools=True)
    assert [message.role for message in finished.messages] == ["assistant", "tool", "assistant"]
    assert isinstance(finished.messages[0].parts[-1], ToolCallPart)


def test_a_model_without_an_end_of_thinking_has_no_budget() -> None:
    turn = Turn("word " * 30, template=ChatTemplate(None))
    turn.wish.cancel()
    [message] = turn.run(5).messages
    assert message.text == ("word " * 30).strip()


CUT = Message("assistant", (ReasoningPart("One two", 3.0, finished=False),))


@pytest.mark.parametrize("raw", [None, "\n<think>One two"])
def test_thinking_that_never_ended_goes_on(raw: str | None) -> None:
    turn = Turn(" three</think>\nBecause.")
    [message] = turn.run(begun=lambda options: continuing(options, CUT, raw)).messages
    assert turn.engine.prompts[0].text == f"{ASKED}\n<think>One two"
    thought = reasoning(message)
    assert (thought.text, thought.finished, thought.ended_by) == ("One two three", True, None)
    assert thought.seconds is not None
    assert thought.seconds >= 3.0
    assert message.text == "Because."
    told = "".join(e.text for e in turn.events if isinstance(e, ReasoningDelta | TextDelta))
    assert told == " threeBecause.", "only what is new is told"


@pytest.mark.parametrize("raw", [None, "\n<think>One two"])
def test_thinking_that_never_ended_is_answered_now(raw: str | None) -> None:
    turn = Turn("Because.")
    turn.wish.cancel()
    [message] = turn.run(begun=lambda options: continuing(options, CUT, raw)).messages
    assert turn.emitted(ThinkingEnded) == [ThinkingEnded("person")]
    assert turn.emitted(ReasoningClosed) == [ReasoningClosed(True)]
    assert turn.engine.prompts[0].text == f"{ASKED}\n<think>One two</think>\n"
    thought = reasoning(message)
    assert (thought.text, thought.finished, thought.ended_by) == ("One two", True, "person")
    assert thought.seconds == 3.0
    assert message.text == "Because."


@pytest.mark.parametrize("raw", [None, "\n<think></think>\nBecause it"])
def test_a_cut_answer_goes_on(raw: str | None) -> None:
    begun = Message("assistant", (TextPart("Because it"),))
    turn = Turn(" is.")
    [message] = turn.run(begun=lambda options: continuing(options, begun, raw)).messages
    assert message.text == "Because it is."
    assert turn.engine.prompts[0].text.endswith("<think></think>\nBecause it")
    [finished] = turn.emitted(RoundFinished)
    assert isinstance(finished, RoundFinished)
    assert finished.raw.endswith("<think></think>\nBecause it is.") or raw is None


def test_an_answer_that_was_ended_stays_ended_when_it_goes_on() -> None:
    begun = Message(
        "assistant", (ReasoningPart("One", 2.0, ended_by="budget"), TextPart("Because it"))
    )
    [message] = Turn(" is.").run(begun=lambda options: continuing(options, begun, None)).messages
    assert message.parts == (
        ReasoningPart("One", 2.0, ended_by="budget"),
        TextPart("Because it is."),
    )
