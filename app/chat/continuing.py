"""Going on with an answer that was cut, or whose thinking never ended."""

from dataclasses import replace

from app.chat.turn import TurnOptions
from app.core.messages import Message
from app.dialect.begun import BegunAnswer, has_thinking_tags


def continuing(
    options: TurnOptions, message: Message, raw: str | None, *, answer_now: bool = False
) -> TurnOptions:
    """The options of a turn that goes on with `message`, to be run with the history before it.

    raw: as the store has it. answer_now: its open thinking ends. The prompt has to be the one that
    the answer was begun with, so what it shows of thinking counts more than the switch.
    """
    thinking = options.thinking
    if message.reasoning or has_thinking_tags(raw or ""):
        thinking = True
    elif message.text:
        thinking = False
    return replace(
        options, thinking=thinking, begun=BegunAnswer(message, raw or "", answer_now=answer_now)
    )
