"""Message parts as rows: a kind, a text to be searched and read, and the rest as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple, get_args

from app.core.json import JsonObject, JsonValue
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    MalformedCallPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ThinkingEnd,
    ToolCallPart,
    ToolResultPart,
)

CLOSE = "close"
"""A piece of a stream that says that the thinking has ended."""


class Row(NamedTuple):
    """A part, or a piece of one that is still being written. data is JSON or None."""

    kind: str
    text: str
    data: str | None


def to_row(part: Part) -> Row:
    match part:
        case TextPart(text):
            return _row("text", text)
        case ReasoningPart(text, seconds, finished, ended_by):
            data: JsonObject = {"seconds": seconds, "finished": finished}
            if ended_by:
                data["ended_by"] = ended_by
            return _row("reasoning", text, data)
        case ToolCallPart(id, name, arguments):
            return _row("tool_call", _json(arguments), {"id": id, "name": name})
        case ToolResultPart(call_id, name, text, failed, seconds, foreign, decision):
            data = {
                "call_id": call_id,
                "name": name,
                "failed": failed,
                "seconds": seconds,
                "foreign": foreign,
                "decision": decision,
            }
            return _row("tool_result", text, data)
        case MalformedCallPart(text, reason):
            return _row("malformed_call", text, {"reason": reason})
        case AttachmentPart(name, text, media_type, size_bytes, excerpt):
            data = {"name": name, "media_type": media_type, "size_bytes": size_bytes}
            if excerpt:
                data["excerpt"] = excerpt
            return _row("attachment", text, data)
        case ErrorPart(what, why, next_step, details):
            return _row("error", what, {"why": why, "next_step": next_step, "details": details})
        case NoticePart(text):
            return _row("notice", text)


def from_row(row: Row) -> Part:
    """A row that makes no sense, of a file that was meddled with, is shown as text."""
    data = _object(row.data)
    text = row.text
    match row.kind:
        case "reasoning":
            return ReasoningPart(
                text,
                _float(data.get("seconds")),
                data.get("finished") is True,
                _thinking_end(data.get("ended_by")),
            )
        case "tool_call":
            return ToolCallPart(_str(data, "id"), _str(data, "name"), _object(text))
        case "tool_result":
            return ToolResultPart(
                _str(data, "call_id"),
                _str(data, "name"),
                text,
                data.get("failed") is True,
                _float(data.get("seconds")),
                data.get("foreign") is True,
                _str(data, "decision"),
            )
        case "malformed_call":
            return MalformedCallPart(text, _str(data, "reason"))
        case "attachment":
            size = data.get("size_bytes")
            return AttachmentPart(
                _str(data, "name"),
                text,
                _str(data, "media_type") or "text/plain",
                size if isinstance(size, int) and not isinstance(size, bool) else None,
                _str(data, "excerpt"),
            )
        case "error":
            return ErrorPart(
                text, _str(data, "why"), _str(data, "next_step"), _str(data, "details")
            )
        case "notice":
            return NoticePart(text)
        case _:
            return TextPart(text)


def merged(pieces: Iterable[Row]) -> list[Row]:
    """Neighbouring pieces of the same text as one."""
    result: list[Row] = []
    texts: list[str] = []
    for piece in pieces:
        open_kind = result[-1].kind if result and result[-1].data is None else None
        if piece.data is None and piece.kind == open_kind:
            texts.append(piece.text)
            continue
        _close(result, texts)
        result.append(piece)
        texts = [piece.text]
    _close(result, texts)
    return result


def _close(result: list[Row], texts: list[str]) -> None:
    if len(texts) > 1:
        result[-1] = result[-1]._replace(text="".join(texts))


def folded(parts: Sequence[Row], pieces: Sequence[Row]) -> list[Row]:
    """The parts of a message once the pieces of its stream, in order, are added to `parts`.

    Text goes on where text ended and thinking where open thinking ended.
    """
    result = list(parts)
    for piece in merged(pieces):
        last = result[-1] if result else None
        if piece.kind == CLOSE:
            if last is not None and last.kind == "reasoning":
                data = {**_object(last.data), "finished": _object(piece.data)["finished"]}
                result[-1] = last._replace(data=_json(data))
        elif last is not None and _goes_on(last, piece):
            result[-1] = last._replace(text=last.text + piece.text)
        elif piece.kind == "reasoning" and piece.data is None:
            result.append(_row("reasoning", piece.text, {"seconds": None, "finished": False}))
        else:
            result.append(piece)
    return result


def close_piece(finished: bool) -> Row:
    return Row(CLOSE, "", _json({"finished": finished}))


def clean(text: str) -> str:
    """Half a surrogate pair, which strangers' JSON may hold, cannot be stored."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_json(value: JsonValue) -> str:
    return clean(_json(value))


def json_object(text: str | None) -> JsonObject:
    """{} for anything that is no object."""
    return _object(text)


def _goes_on(last: Row, piece: Row) -> bool:
    if piece.kind == "text":
        return last.kind == "text"
    return (
        piece.kind == "reasoning"
        and piece.data is None
        and last.kind == "reasoning"
        and _object(last.data).get("finished") is not True
    )


def _row(kind: str, text: str, data: JsonObject | None = None) -> Row:
    return Row(kind, clean(text), None if data is None else clean(_json(data)))


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(text: str | None) -> JsonObject:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _str(data: JsonObject, key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _thinking_end(value: JsonValue) -> ThinkingEnd | None:
    return next((known for known in get_args(ThinkingEnd) if known == value), None)


def _float(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None
