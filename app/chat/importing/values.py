"""Taking strangers' JSON apart: a value of the right type, or a harmless one."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

from app.core.json import JsonObject, JsonValue
from app.core.messages import Part, ReasoningPart, TextPart

_YEAR_2100 = 4_102_444_800
_THINK = re.compile(r"<think(?:ing)?>(.*?)(?:</think(?:ing)?>|\Z)", re.DOTALL)
UNKNOWN_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def obj(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def objects(value: JsonValue) -> Iterator[JsonObject]:
    """The objects of a list; anything else in it is passed over."""
    return (item for item in items(value) if isinstance(item, dict))


def text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def moment(value: JsonValue) -> datetime | None:
    """From seconds or milliseconds since 1970, or ISO 8601; None for anything that is no time."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
            return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value > 1e16:
        return None
    seconds = value / 1000 if value > _YEAR_2100 else value
    if not 0 < seconds < _YEAR_2100:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def source_of(program: str, name: JsonValue, value: JsonObject) -> str:
    """What a conversation is recognised by when it comes again."""
    if isinstance(name, str | int | float) and str(name):
        return f"{program}:{str(name)[:200]}"
    written = json.dumps(value, sort_keys=True, default=str).encode("utf-8", "replace")
    return f"{program}:sha256:{hashlib.sha256(written).hexdigest()}"


def split_thinking(answer: str) -> list[Part]:
    """Text in which thinking is marked with <think>, as parts."""
    parts: list[Part] = []
    position = 0
    for match in _THINK.finditer(answer):
        before = answer[position : match.start()].strip()
        if before:
            parts.append(TextPart(before))
        if match[1].strip():
            parts.append(ReasoningPart(match[1].strip(), finished="</" in match[0]))
        position = match.end()
    rest = answer[position:].strip("\n") if position else answer
    if rest.strip():
        parts.append(TextPart(rest))
    return parts


def unquoted(block: str) -> str:
    """A quotation in Markdown and HTML without its marks."""
    lines = (line.removeprefix(">").removeprefix(" ") for line in block.strip().splitlines())
    return unescape("\n".join(lines)).strip()
