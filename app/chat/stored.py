"""A conversation from the disk as the next prompt takes it."""

from collections.abc import Container, Sequence
from dataclasses import replace

from app.core.messages import (
    ErrorPart,
    MalformedCallPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_SAID = (TextPart, ReasoningPart, ToolCallPart, MalformedCallPart)


def prompt_messages(messages: Sequence[Message]) -> list[Message]:
    """Without what the model never said or saw. Calls that were never answered, because the program
    ended, are left out: open calls would confuse the model. So are questions that failed and were
    not asked again, because some templates refuse two questions in a row."""
    answered = {
        part.call_id
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResultPart)
    }
    kept: list[Message] = []
    failed = False
    for message in messages:
        if message.role == "user" and failed and kept and kept[-1].role == "user":
            kept.pop()
        told = _said(message, answered) if message.role == "assistant" else message
        failed = not told.parts or any(isinstance(part, ErrorPart) for part in message.parts)
        if told.parts:
            kept.append(told)
    return kept


def _said(message: Message, answered: Container[str]) -> Message:
    parts = tuple(
        part
        for part in message.parts
        if isinstance(part, _SAID) and (not isinstance(part, ToolCallPart) or part.id in answered)
    )
    # The same message where nothing is taken out: comparing histories is quick then.
    return message if len(parts) == len(message.parts) else replace(message, parts=parts)
