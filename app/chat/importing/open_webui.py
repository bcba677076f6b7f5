"""Open WebUI's export: a list of chats, each with `chat.history.messages` as a tree by ids."""

import json
import re
from html import unescape

from app.chat.importing.tree import ForeignTree, Node
from app.chat.importing.values import (
    UNKNOWN_TIME,
    moment,
    obj,
    objects,
    source_of,
    split_thinking,
    text,
    unquoted,
)
from app.chat.store.types import Making, NewConversation
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_OPENING = re.compile(r"<details\b([^<>]*)>\s*(?:<summary>[^<]*</summary>)?")
_CLOSING = "</details>"
_ATTRIBUTE = re.compile(r'([\w-]{1,40})="([^"]*)"')


def read(value: JsonObject) -> NewConversation:
    """Raises KnownError."""
    chat = obj(value.get("chat")) or value
    history = obj(chat.get("history"))
    tree = ForeignTree()
    messages = obj(history.get("messages"))
    if messages:
        for name, message in messages.items():
            tree.add(name, _node(obj(message), text(obj(message).get("parentId")) or None))
        shown = text(history.get("currentId")) or None
    else:
        shown = None
        for number, message in enumerate(objects(chat.get("messages"))):
            tree.add(str(number), _node(message, shown))
            shown = str(number)
    ordered, last = tree.ordered(shown)
    created = moment(value.get("created_at")) or moment(chat.get("timestamp")) or UNKNOWN_TIME
    return NewConversation(
        text(value.get("title")) or text(chat.get("title")) or tr("Untitled chat"),
        created,
        moment(value.get("updated_at")) or created,
        ordered,
        last,
        source=source_of("open-webui", value.get("id"), value),
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        system_prompt=text(chat.get("system")) or text(obj(chat.get("params")).get("system")),
    )


def _node(message: JsonObject, parent: str | None) -> Node:
    user = message.get("role") == "user"
    content = text(message.get("content"))
    parts: list[Part] = _attachments(message) if user else []
    if user:
        parts += [TextPart(content)] if content.strip() else []
    else:
        parts += _answer(content)
    if error := message.get("error"):
        parts.append(ErrorPart(_error(error)))
    model = text(message.get("model"))
    return Node(
        parent,
        "user" if user else "system" if message.get("role") == "system" else "assistant",
        tuple(parts),
        moment(message.get("timestamp")),
        "failed"
        if message.get("error")
        else "stopped"
        if message.get("done") is False
        else "complete",
        Making(model) if model and not user else None,
    )


def _answer(content: str) -> list[Part]:
    """Thinking and tool calls are written into the text as HTML details."""
    parts: list[Part] = []
    position = looked = 0
    while (start := content.find("<details", looked)) >= 0:
        end = content.find(_CLOSING, start)
        if end < 0:
            break
        looked = end + len(_CLOSING)
        opening = _OPENING.match(content, start, end)
        attributes = _attributes(opening[1]) if opening is not None else {}
        if opening is None or attributes.get("type") not in ("reasoning", "tool_calls"):
            continue
        parts += split_thinking(content[position:start].strip("\n"))
        if attributes["type"] == "reasoning":
            if thought := unquoted(content[opening.end() : end]):
                parts.append(ReasoningPart(thought, _seconds(attributes.get("duration"))))
        else:
            parts += _call(attributes)
        position = looked
    rest = content[position:]
    return parts + split_thinking(rest.lstrip("\n") if position else rest)


def _attributes(written: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(written)}


def _call(attributes: dict[str, str]) -> list[Part]:
    name, call = attributes.get("name", ""), attributes.get("id", "")
    arguments = _json(attributes.get("arguments", ""))
    given: JsonObject = {"input": attributes.get("arguments", "")}
    given = arguments if isinstance(arguments, dict) else given
    parts: list[Part] = [ToolCallPart(call, name, given)]
    if result := attributes.get("result"):
        decoded = _json(result)
        parts.append(ToolResultPart(call, name, decoded if isinstance(decoded, str) else result))
    return parts


def _json(written: str) -> JsonValue:
    """Arguments are JSON, at times JSON within a JSON string."""
    try:
        value: JsonValue = json.loads(written)
        if isinstance(value, str) and value[:1] == "{":
            value = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return value


def _attachments(message: JsonObject) -> list[Part]:
    found: list[Part] = []
    for file in objects(message.get("files")):
        inner = obj(file.get("file"))
        name = text(file.get("name")) or text(inner.get("filename"))
        content = text(obj(inner.get("data")).get("content"))
        if name:
            found.append(AttachmentPart(name, content))
    return found


def _error(error: JsonValue) -> str:
    said = text(error) or text(obj(error).get("content")) or text(obj(error).get("message"))
    return said or tr("The answer failed.")


def _seconds(value: str | None) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        return None
