"""The open conversation, message by message."""

from app.core.messages import Message, TextPart, user
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
