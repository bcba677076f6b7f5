"""Going on with an answer that was cut, or whose thinking never ended."""

from dataclasses import replace

from app.chat.turn import TurnOptions
from app.core.messages import Message
from app.dialect.begun import BegunAnswer, has_thinking_tags


def continuing(options: TurnOptions, message: Message, raw: str | None) -> TurnOptions:
    """The options of a turn that goes on with `message`, to be run with the history before it.

    raw: as the store has it. The prompt has to be the one that the answer was begun with, so what
    it shows of thinking counts more than the switch. When `options.answer_now` is set, its open
    thinking ends.
    """
    thinking = options.thinking
    if message.reasoning or has_thinking_tags(raw or ""):
        thinking = True
    elif message.text:
        thinking = False
    return replace(options, thinking=thinking, begun=BegunAnswer(message, raw or ""))
