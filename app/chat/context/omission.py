"""What of a conversation is not put to the model any more, as the person chose it.

Nothing is deleted: the messages stay in the transcript, on disk and in exports, and what was chosen
can be taken back. It holds for the messages that it was chosen for, whatever chat or version they
stand in; another version of one of them is sent again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from app.core.json import JsonValue
from app.core.messages import AttachmentPart, Message, TextPart, ToolResultPart

KEY = "context"
"""Among the settings of a conversation."""
SUMMARY_TYPE = "text/x-conversation-summary"
"""The media type of a summary, which goes to the model quoted like an attachment."""
_MOST = 32
_LONGEST_SUMMARY = 100_000


@dataclass(frozen=True)
class Omission:
    """messages: how many of the first ones are not sent. digest: which they are. summary: what is
    sent in place of the first `summarized` of them, "" for nothing."""

    messages: int
    digest: str
    summary: str = ""
    summarized: int = 0


def omission(
    messages: Sequence[Message], number: int, summary: str = "", summarized: int = 0
) -> Omission:
    """For the first `number` of these messages."""
    return Omission(number, digest(messages[:number]), summary, summarized if summary else 0)


def applying(omissions: Iterable[Omission], messages: Sequence[Message]) -> Omission | None:
    """The one that leaves out most of this conversation."""
    fitting = sorted(omissions, key=lambda one: one.messages, reverse=True)
    for one in fitting:
        if 0 < one.messages <= len(messages) and digest(messages[: one.messages]) == one.digest:
            return one
    return None


def changed(
    omissions: Sequence[Omission], messages: Sequence[Message], now: Omission | None
) -> tuple[Omission, ...]:
    """`now` holds for this conversation instead of what held before; None: all of it is sent."""
    kept = [
        one
        for one in omissions
        if one.messages > len(messages) or digest(messages[: one.messages]) != one.digest
    ]
    return tuple(([] if now is None else [now]) + kept)[:_MOST]


def sent(messages: Sequence[Message], left_out: Omission | None) -> tuple[Message, ...]:
    """What goes to the model. A summary is quoted in the first question that is sent."""
    if left_out is None:
        return tuple(messages)
    rest = list(messages[left_out.messages :])
    if left_out.summary and rest and rest[0].role == "user":
        rest[0] = replace(rest[0], parts=(summary_part(left_out), *rest[0].parts))
    return tuple(rest)


def summary_part(left_out: Omission) -> AttachmentPart:
    number = left_out.summarized
    which = "message" if number == 1 else f"{number} messages"
    return AttachmentPart(
        f"Summary of the first {which} of this conversation, which are not repeated here",
        left_out.summary,
        SUMMARY_TYPE,
    )


def digest(messages: Sequence[Message]) -> str:
    """The same for what was just said and for what comes back from the disk."""
    found = hashlib.sha256()
    for message in messages:
        found.update(f"\0{message.role}\0".encode())
        for part in message.parts:
            if isinstance(part, TextPart | ToolResultPart | AttachmentPart):
                found.update(part.text.strip().encode("utf-8", "replace"))
    return found.hexdigest()[:32]


def to_json(omissions: Sequence[Omission]) -> JsonValue:
    """None for none."""
    return [_one_to_json(one) for one in omissions] or None


def from_json(value: JsonValue) -> tuple[Omission, ...]:
    """What makes no sense is passed over: then all is sent, and it is asked again."""
    found: list[Omission] = []
    for item in value[:_MOST] if isinstance(value, list) else []:
        if not isinstance(item, dict):
            continue
        messages, mark = item.get("messages"), item.get("digest")
        summary, summarized = item.get("summary", ""), item.get("summarized", 0)
        if not _whole(messages) or not isinstance(mark, str):
            continue
        if not isinstance(summary, str) or not isinstance(messages, int):
            continue
        covers = summarized if _whole(summarized) and isinstance(summarized, int) else 0
        covers = min(covers, messages) if summary else 0
        found.append(Omission(messages, mark, summary[:_LONGEST_SUMMARY] if covers else "", covers))
    return tuple(found)


def _one_to_json(one: Omission) -> JsonValue:
    plain: dict[str, JsonValue] = {"messages": one.messages, "digest": one.digest}
    if one.summary:
        plain |= {"summary": one.summary, "summarized": one.summarized}
    return plain


def _whole(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
