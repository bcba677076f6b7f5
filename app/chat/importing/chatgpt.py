"""ChatGPT's data export: conversations.json, a list of conversations with a `mapping` of nodes."""

from app.chat.importing.tree import ForeignTree, Node
from app.chat.importing.values import (
    UNKNOWN_TIME,
    items,
    moment,
    obj,
    objects,
    source_of,
    text,
)
from app.chat.store.types import Making, NewConversation
from app.core.json import JsonObject, JsonValue
from app.core.language import mark, tr
from app.core.messages import (
    AttachmentPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

NOT_IN_EXPORT = mark("An image or a recording was here; it is not part of the import.")


def read(value: JsonObject) -> NewConversation:
    """Raises KnownError."""
    tree = ForeignTree()
    for name, node in obj(value.get("mapping")).items():
        tree.add(name, _node(name, obj(node)))
    messages, shown = tree.ordered(text(value.get("current_node")) or None)
    created = moment(value.get("create_time")) or UNKNOWN_TIME
    return NewConversation(
        text(value.get("title")) or tr("Untitled chat"),
        created,
        moment(value.get("update_time")) or created,
        messages,
        shown,
        source=source_of("chatgpt", value.get("conversation_id") or value.get("id"), value),
        archived=value.get("is_archived") is True,
    )


def _node(name: str, node: JsonObject) -> Node:
    parent = text(node.get("parent")) or None
    message = obj(node.get("message"))
    metadata = obj(message.get("metadata"))
    author = obj(message.get("author"))
    role = text(author.get("role"))
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    if hidden or role not in ("user", "assistant", "tool"):
        return Node(parent, "system")
    model = text(metadata.get("model_slug"))
    stopped = message.get("status") not in (None, "finished_successfully")
    return Node(
        parent,
        "user" if role == "user" else "tool" if role == "tool" else "assistant",
        tuple(_parts(name, parent or "", role, author, message)),
        moment(message.get("create_time")),
        "stopped" if stopped else "complete",
        Making(model) if model and role == "assistant" else None,
    )


def _parts(
    name: str, parent: str, role: str, author: JsonObject, message: JsonObject
) -> list[Part]:
    content = obj(message.get("content"))
    kind = text(content.get("content_type"))
    if kind == "reasoning_recap":
        return []
    if kind == "thoughts":
        thoughts = [
            "\n".join(filter(None, (text(thought.get("summary")), text(thought.get("content")))))
            for thought in objects(content.get("thoughts"))
        ]
        joined = "\n\n".join(filter(None, thoughts))
        return [ReasoningPart(joined)] if joined else []
    written = text(content.get("text")) or _joined(content.get("parts"))
    if role == "tool":
        return [ToolResultPart(parent, text(author.get("name")), written)] if written else []
    recipient = text(message.get("recipient")) or "all"
    if role == "assistant" and recipient != "all":
        return [ToolCallPart(name, recipient, {"input": written})] if written else []
    if kind == "code" and written:
        return [TextPart(f"```{text(content.get('language'))}\n{written}\n```")]
    parts: list[Part] = _attachments(message) if role == "user" else []
    parts += [TextPart(written)] if written.strip() else []
    if any(isinstance(item, dict) and "text" not in item for item in items(content.get("parts"))):
        parts.append(NoticePart(tr(NOT_IN_EXPORT)))
    return parts


def _attachments(message: JsonObject) -> list[Part]:
    """Their names; what was in them is not exported."""
    found: list[Part] = []
    for item in objects(obj(message.get("metadata")).get("attachments")):
        size = item.get("size")
        name, media = text(item.get("name")) or "file", text(item.get("mimeType"))
        whole = size if isinstance(size, int) and not isinstance(size, bool) else None
        found.append(AttachmentPart(name, "", media or "text/plain", whole))
    return found


def _joined(parts: JsonValue) -> str:
    texts = (text(item) or text(obj(item).get("text")) for item in items(parts))
    return "\n\n".join(filter(None, texts))
