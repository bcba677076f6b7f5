"""Jan's folders: thread.json beside messages.jsonl, one message a line."""

from collections.abc import Sequence

from app.chat.importing.chatgpt import NOT_IN_EXPORT
from app.chat.importing.tree import ForeignTree, Node
from app.chat.importing.values import (
    UNKNOWN_TIME,
    items,
    moment,
    obj,
    objects,
    source_of,
    split_thinking,
    text,
)
from app.chat.store.types import Making, NewConversation, State
from app.core.json import JsonObject
from app.core.language import tr
from app.core.messages import (
    ErrorPart,
    NoticePart,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "tool": "tool"}
_STATES: dict[str, State] = {"error": "failed", "stopped": "stopped", "pending": "interrupted"}


def read(thread: JsonObject, messages: Sequence[JsonObject]) -> NewConversation:
    """Raises KnownError."""
    assistant = next(objects(thread.get("assistants")), {})
    model = obj(assistant.get("model")) or obj(thread.get("model"))
    making = Making(text(model.get("id"))) if model.get("id") else None
    tree = ForeignTree()
    last: str | None = None
    for number, message in enumerate(messages):
        tree.add(str(number), _node(message, last, making))
        last = str(number)
    ordered, shown = tree.ordered(last)
    first = ordered[0].created if ordered else UNKNOWN_TIME
    created = moment(thread.get("created")) or first
    return NewConversation(
        text(thread.get("title"))
        or text(obj(thread.get("metadata")).get("title"))
        or tr("Untitled chat"),
        created,
        moment(thread.get("updated")) or created,
        ordered,
        shown,
        source=source_of("jan", thread.get("id"), thread),
        system_prompt=text(assistant.get("instructions")),
    )


def _node(message: JsonObject, parent: str | None, making: Making | None) -> Node:
    role = _ROLES.get(text(message.get("role")), "system")
    parts: list[Part] = []
    for item in objects(message.get("content")):
        parts += _parts(item, role, text(message.get("tool_call_id")))
    if not items(message.get("content")) and text(message.get("content")):
        parts += split_thinking(text(message.get("content")))
    state = _STATES.get(text(message.get("status")), "complete")
    if state == "failed":
        parts.append(ErrorPart(text(message.get("error_code")) or tr("The answer failed.")))
    own = text(obj(message.get("metadata")).get("modelId"))
    return Node(
        parent,
        role,
        tuple(parts),
        moment(message.get("created_at")),
        state,
        (Making(own) if own else making) if role == "assistant" else None,
    )


def _parts(item: JsonObject, role: Role, call_id: str) -> list[Part]:
    kind = item.get("type")
    value = item.get("text")
    written = text(value) or text(obj(value).get("value"))
    if kind == "image_url":
        return [NoticePart(tr(NOT_IN_EXPORT))]
    if kind == "tool_call":
        call, name = text(item.get("tool_call_id")), text(item.get("tool_name"))
        result = item.get("output")
        parts: list[Part] = [ToolCallPart(call, name, obj(item.get("input")))]
        if result is not None:
            parts.append(ToolResultPart(call, name, text(result) or str(result)))
        return parts
    if not written.strip():
        return []
    if kind == "reasoning":
        return [ReasoningPart(written)]
    if role == "tool":
        return [ToolResultPart(call_id, "", written)]
    return split_thinking(written) if role == "assistant" else [TextPart(written)]
