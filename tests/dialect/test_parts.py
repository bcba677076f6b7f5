"""Events collected into the parts of a message."""

from app.core.messages import MalformedCallPart, ReasoningPart, TextPart, ToolCallPart
from app.dialect.answer import PartsBuilder
from app.dialect.events import ReasoningClosed, ReasoningDelta, TextDelta
from tests.dialect.helpers import events, glm_call


def test_parts_of_a_message() -> None:
    text = f"<think>t</think>A{glm_call('now', {})}\nB<tool_call>now"
    builder = PartsBuilder()
    builder.add_all(events([text]))
    assert builder.parts() == (
        ReasoningPart("t"),
        TextPart("A"),
        ToolCallPart("call1", "now", {}),
        TextPart("\nB"),
        MalformedCallPart(
            "<tool_call>now",
            "The call was not run: the output ended before the call was complete "
            "(no </tool_call>).",
        ),
    )


def test_parts_while_the_answer_is_written() -> None:
    builder = PartsBuilder()
    builder.add(ReasoningDelta("a"))
    assert builder.parts() == (ReasoningPart("a", finished=False),)
    builder.add(ReasoningDelta("b"))
    builder.add(ReasoningClosed(True))
    builder.add(TextDelta("c"))
    assert builder.parts() == (ReasoningPart("ab"), TextPart("c"))


def test_parts_after_thinking_was_found() -> None:
    builder = PartsBuilder()
    builder.add_all(events(["a <tool_call>now</tool_call>", "</think>b"]))
    assert builder.parts() == (ReasoningPart("a <tool_call>now</tool_call>"), TextPart("b"))
