"""The open conversation, message by message."""

from collections.abc import Sequence

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.chat.stored import prompt_messages
from app.core.messages import (
    ErrorPart,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    user,
)
from app.ui.chat import told
from app.ui.chat.path import Path, PathMessage


def test_what_the_model_is_told_is_made_once_for_the_same_messages() -> None:
    path = Path()
    path.messages = [PathMessage(user("a")), PathMessage(Message("assistant", (TextPart("b"),)))]
    first = path.prompt()
    assert path.prompt() is first
    path.messages.append(PathMessage(user("c")))
    assert path.prompt() == (*first, user("c"))
    path.messages.pop()
    assert path.prompt() == first
    path.clear()
    assert path.prompt() == ()


_SAID = (
    user("ask"),
    Message("assistant", (TextPart("said"),)),
    Message("assistant", (ToolCallPart("c1", "clock", {}),)),
    Message("tool", (ToolResultPart("c1", "clock", "noon"),)),
    Message("assistant", (ToolCallPart("c2", "clock", {}),)),
    Message("assistant", (TextPart("half"), ErrorPart("It failed."))),
    Message("assistant", (ErrorPart("It failed."),)),
)


@given(st.lists(st.tuples(st.sampled_from(_SAID), st.integers(0, 3)), max_size=20))
def test_what_is_told_of_a_chat_that_grows_is_what_is_told_of_the_whole(
    steps: list[tuple[Message, int]],
) -> None:
    path = Path()
    for said, gone in steps:
        if gone:
            del path.messages[-gone:]
        path.messages.append(PathMessage(said))
        assert list(path.prompt()) == prompt_messages([one.message for one in path.messages])


def test_one_more_question_does_not_go_through_all_of_a_long_chat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    def noted(messages: Sequence[Message]) -> list[Message]:
        sizes.append(len(messages))
        return prompt_messages(messages)

    path = Path()
    path.messages = [PathMessage(_SAID[n % 2]) for n in range(1_000)]
    path.prompt()
    monkeypatch.setattr(told, "prompt_messages", noted)
    for n in range(4):
        path.messages.append(PathMessage(_SAID[n % 2]))
        path.prompt()
    assert max(sizes) <= 2
