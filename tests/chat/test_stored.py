"""What of a kept conversation the model is told."""

from app.chat.stored import prompt_messages
from app.core.messages import (
    ErrorPart,
    Message,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    user,
)

FAILED = ErrorPart("The engine failed.")


def _answer(*parts: Part) -> Message:
    return Message("assistant", parts)


def _texts(*messages: Message) -> list[str]:
    return [message.text for message in prompt_messages(messages)]


def test_remarks_and_open_calls_are_left_out() -> None:
    call = ToolCallPart("c1", "current_time", {})
    told = prompt_messages([user("Time?"), _answer(TextPart("Hm."), call, NoticePart("Cut."))])
    assert told == [user("Time?"), _answer(TextPart("Hm."))]


def test_a_question_that_failed_and_was_not_asked_again_is_left_out() -> None:
    assert _texts(user("One?"), _answer(FAILED), user("Two?")) == ["Two?"]
    assert _texts(user("One?"), _answer(), user("Two?")) == ["Two?"]
    before = Message("user", (TextPart("One?"), FAILED))
    assert _texts(before, user("Two?")) == ["Two?"]


def test_the_last_question_stays_and_so_do_two_in_a_row() -> None:
    assert _texts(user("One?"), _answer(FAILED)) == ["One?"]
    assert _texts(user("One?"), user("Two?"), _answer(TextPart("Yes."))) == ["One?", "Two?", "Yes."]


def test_an_answer_that_broke_off_half_way_stays() -> None:
    assert _texts(user("One?"), _answer(TextPart("Half"), FAILED), user("Two?")) == [
        "One?", "Half", "Two?",
    ]  # fmt: skip


def test_a_message_of_which_all_is_told_stays_the_same_one() -> None:
    told = [user("a"), Message("assistant", (ReasoningPart("hm", None, True), TextPart("b")))]
    assert [one is two for one, two in zip(prompt_messages(told), told, strict=True)] == [True] * 2
