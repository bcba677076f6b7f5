"""LM Studio's files: *.conversation.json, a list of messages with versions, each of them made of
one step or of several."""

from collections.abc import Iterable

from app.chat.importing.tree import ForeignTree, Node
from app.chat.importing.values import (
    UNKNOWN_TIME,
    moment,
    obj,
    objects,
    source_of,
    split_thinking,
    text,
)
from app.chat.store.types import Making, NewConversation
from app.core.json import JsonObject
from app.core.language import tr
from app.core.messages import (
    AttachmentPart,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

_ROLES: dict[str, Role] = {"user": "user", "system": "system", "tool": "tool"}


def read(value: JsonObject) -> NewConversation:
    """Raises KnownError."""
    tree = ForeignTree()
    parent: str | None = None
    for number, message in enumerate(objects(value.get("messages"))):
        versions = list(objects(message.get("versions")))
        selected = message.get("currentlySelected")
        chosen = selected if isinstance(selected, int) and 0 <= selected < len(versions) else 0
        for version, content in enumerate(versions):
            tree.add(f"{number}.{version}", _node(content, parent))
        if versions:
            parent = f"{number}.{chosen}"
    messages, shown = tree.ordered(parent)
    created = moment(value.get("createdAt")) or UNKNOWN_TIME
    last_used = moment(value.get("assistantLastMessagedAt")) or moment(
        value.get("userLastMessagedAt")
    )
    return NewConversation(
        text(value.get("name")) or tr("Untitled chat"),
        created,
        last_used or created,
        messages,
        shown,
        source=source_of("lm-studio", value.get("createdAt"), value),
        pinned=value.get("pinned") is True,
        system_prompt=text(value.get("systemPrompt")) or _system_prompt(value),
    )


def _node(version: JsonObject, parent: str | None) -> Node:
    role = _ROLES.get(text(version.get("role")), "assistant")
    parts: list[Part] = []
    model = text(obj(version.get("senderInfo")).get("senderName"))
    timings: JsonObject = {}
    for step in (version, *objects(version.get("steps"))):
        thinking = obj(step.get("style")).get("type") == "thinking"
        parts += _parts(objects(step.get("content")), thinking=thinking, answer=role != "user")
        if isinstance(step.get("content"), str):
            parts += split_thinking(text(step.get("content")))
        made = obj(step.get("genInfo"))
        model = text(made.get("identifier")) or model
        timings = obj(made.get("stats")) or timings
    making = Making(model, timings=timings) if role == "assistant" and (model or timings) else None
    return Node(parent, role, tuple(parts), making=making)


def _parts(content: Iterable[JsonObject], *, thinking: bool, answer: bool) -> list[Part]:
    parts: list[Part] = []
    for item in content:
        written = text(item.get("text"))
        kind = item.get("type")
        if kind == "text" and written.strip():
            if thinking:
                parts.append(ReasoningPart(written))
            else:
                parts += split_thinking(written) if answer else [TextPart(written)]
        elif kind == "file":
            size = item.get("sizeBytes")
            parts.append(
                AttachmentPart(
                    text(item.get("name")) or text(item.get("fileIdentifier")) or "file",
                    "",
                    size_bytes=size if isinstance(size, int) else None,
                )
            )
        elif kind == "toolCallRequest":
            call = str(item.get("callId") or item.get("toolCallRequestId") or "")
            parts.append(ToolCallPart(call, text(item.get("name")), obj(item.get("parameters"))))
        elif kind == "toolCallResult":
            call = str(item.get("callId") or item.get("toolCallRequestId") or "")
            parts.append(
                ToolResultPart(call, text(item.get("name")), text(item.get("content")) or written)
            )
    return parts


def _system_prompt(value: JsonObject) -> str:
    fields = obj(value.get("perChatPredictionConfig")).get("fields")
    for field in objects(fields):
        if field.get("key") == "llm.prediction.systemPrompt":
            return text(field.get("value"))
    return ""
