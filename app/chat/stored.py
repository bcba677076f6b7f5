"""A conversation from the disk as the next prompt takes it."""

from collections.abc import Sequence
from dataclasses import replace

from app.chat.store.types import StoredMessage
from app.core.messages import (
    MalformedCallPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_SAID = (TextPart, ReasoningPart, ToolCallPart, MalformedCallPart)


def prompt_messages(stored: Sequence[StoredMessage]) -> list[Message]:
    """Without what the model never said or saw. Calls that were never answered, because the program
    ended, are left out: open calls would confuse the model."""
    answered = {
        part.call_id
        for one in stored
        for part in one.message.parts
        if isinstance(part, ToolResultPart)
    }
    kept: list[Message] = []
    for one in stored:
        message = one.message
        if message.role == "assistant":
            parts = tuple(
                part
                for part in message.parts
                if isinstance(part, _SAID)
                and (not isinstance(part, ToolCallPart) or part.id in answered)
            )
            message = replace(message, parts=parts)
        if message.parts:
            kept.append(message)
    return kept
