"""From events to entries of the transcript."""

from app.chat.events import (
    Progress,
    RoundFinished,
    RoundStarted,
    ToolFinished,
    ToolStarted,
    TurnEvent,
    TurnFinished,
)
from app.core.errors import KnownError
from app.core.messages import (
    MalformedCallPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from app.dialect.events import (
    ReasoningClosed,
    ReasoningDelta,
    TextDelta,
    ThinkingFound,
    ToolCallDone,
    ToolCallRejected,
    ToolCallStarted,
)
from app.engine.protocol import PromptProgress
from app.ui.chat.entries import (
    Answer,
    Entry,
    Failure,
    Footer,
    Notice,
    Question,
    Thinking,
    ToolUse,
    Transcript,
)
from app.ui.chat.turn_reader import TurnReader
from tests.ui.scripted import STATS, round_finished

CALL = ToolCallPart("c1", "current_time", {"timezone": "UTC"})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _read(*events: TurnEvent) -> list[Entry]:
    transcript = Transcript()
    reader = TurnReader(transcript, Question("Why?"), Clock())
    for event in events:
        reader.feed(event)
    return transcript.entries


def _kinds(entries: list[Entry]) -> list[str]:
    return [type(entry).__name__ for entry in entries]


def test_a_turn_with_thinking_and_a_tool() -> None:
    entries = _read(
        RoundStarted(0),
        ReasoningDelta("Hm."),
        Progress(12, 50, 5.0),
        ReasoningClosed(True),
        TextDelta("\n"),
        ToolCallStarted(0, "current_time"),
        ToolCallDone(0, CALL),
        round_finished(""),
        ToolStarted(CALL),
        ToolFinished(ToolResultPart("c1", "current_time", "14:54", seconds=0.002)),
        RoundStarted(1),
        TextDelta("\nIt is 14:54."),
        round_finished("It is 14:54."),
        TurnFinished((), "end"),
    )
    assert _kinds(entries) == ["Question", "Thinking", "ToolUse", "Answer", "Footer"]
    _, thinking, tool, answer, footer = entries
    assert isinstance(thinking, Thinking) and (thinking.state, thinking.tokens) == ("done", 12)
    assert isinstance(tool, ToolUse) and (tool.state, tool.result) == ("done", "14:54")
    assert tool.arguments == {"timezone": "UTC"}
    assert isinstance(answer, Answer) and (answer.text, answer.finished) == ("It is 14:54.", True)
    assert isinstance(footer, Footer)
    assert footer.answer == "It is 14:54."
    assert footer.text == "6.4 tokens/s · first token 1.8 s · 1,204 of 1,310 prompt tokens reused"


def test_thinking_is_timed() -> None:
    clock = Clock()
    transcript = Transcript()
    reader = TurnReader(transcript, Question("Why?"), clock)
    reader.feed(ReasoningDelta("Hm."))
    clock.now += 14
    reader.feed(ReasoningClosed(True))
    thinking = transcript.entries[1]
    assert isinstance(thinking, Thinking)
    assert thinking.seconds == 14


def test_thinking_that_never_ends_is_unfinished() -> None:
    entries = _read(ReasoningDelta("Hm."), TurnFinished((), "max_tokens", "The answer was cut."))
    assert isinstance(entries[1], Thinking) and entries[1].state == "unfinished"
    assert isinstance(entries[2], Notice) and entries[2].text == "The answer was cut."


def test_reading_the_prompt_shows_how_far_it_is() -> None:
    entries = _read(RoundStarted(0), PromptProgress(1, 500, 2000, 0, 100.0))
    footer = entries[-1]
    assert isinstance(footer, Footer)
    assert footer.fraction == 0.25
    assert footer.text == (
        "Reading the prompt: 25% (500 of 2,000 tokens) · 100 tokens/s · about 15 s left"
    )


def test_a_rejected_call_keeps_its_reason_when_the_model_is_told() -> None:
    part = MalformedCallPart("<tool_call>x", "The call was cut off.")
    entries = _read(
        ToolCallStarted(0, "x"),
        ToolCallRejected(0, "x", part),
        TurnFinished((), "end"),
    )
    tool = entries[1]
    assert isinstance(tool, ToolUse)
    assert (tool.state, tool.reason, tool.written) == ("rejected", part.reason, part.text)


def test_a_tool_that_runs_when_the_turn_is_stopped() -> None:
    entries = _read(ToolCallDone(0, CALL), ToolStarted(CALL), TurnFinished((), "cancelled"))
    assert isinstance(entries[1], ToolUse) and entries[1].state == "stopped"
    assert isinstance(entries[-1], Footer) and entries[-1].text == "Stopped"


def test_a_failure_comes_after_what_there_is() -> None:
    transcript = Transcript()
    reader = TurnReader(transcript, Question("Why?"), Clock())
    reader.feed(TextDelta("Half an ans"))
    reader.fail(KnownError("It broke."), can_retry=True)
    assert _kinds(transcript.entries) == ["Question", "Answer", "Footer", "Failure"]
    failure = transcript.entries[-1]
    assert isinstance(failure, Failure) and failure.actions == ("retry",)


def test_changes_are_told_once() -> None:
    transcript = Transcript()
    question = Question("x")
    transcript.add(question)
    transcript.touch(question)
    assert transcript.take_changed() == [question]
    assert transcript.take_changed() == []


def test_thinking_tokens_are_estimated_when_it_was_too_quick_to_count() -> None:
    message = Message("assistant", (ReasoningPart("x" * 30, 2.5), TextPart("y" * 10)))
    entries = _read(
        ReasoningDelta("x" * 30),
        ReasoningClosed(True),
        TextDelta("y" * 10),
        RoundFinished(message, "end", STATS),
    )
    thinking = entries[1]
    assert isinstance(thinking, Thinking)
    assert (thinking.tokens, thinking.seconds) == (72, 2.5)


def test_thinking_without_its_opening_tag_voids_what_was_told_of_it() -> None:
    entries = _read(
        RoundStarted(0),
        TextDelta("First."),
        round_finished("First."),
        RoundStarted(1),
        TextDelta("I could call"),
        ToolCallStarted(0, "current_time"),
        ToolCallDone(0, CALL),
        TextDelta(" or not."),
        ThinkingFound("I could call <tool_call>… or not."),
        ReasoningClosed(True),
        ToolCallStarted(0, "calculator"),
        TextDelta("Done."),
        round_finished("Done."),
        TurnFinished((), "end"),
    )
    assert _kinds(entries) == ["Question", "Answer", "Thinking", "ToolUse", "Answer", "Footer"]
    thinking, tool, footer = entries[2], entries[3], entries[-1]
    assert isinstance(thinking, Thinking)
    assert (thinking.text, thinking.state) == ("I could call <tool_call>… or not.", "done")
    assert isinstance(tool, ToolUse) and tool.name == "calculator"
    assert isinstance(footer, Footer) and footer.answer == "First.\n\nDone."


def test_empty_thinking_that_was_found_leaves_nothing() -> None:
    entries = _read(TextDelta("x"), ThinkingFound(""), TextDelta("Yes."), TurnFinished((), "end"))
    assert _kinds(entries) == ["Question", "Answer", "Footer"]
    assert isinstance(entries[1], Answer) and entries[1].text == "Yes."
