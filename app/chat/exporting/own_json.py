"""The program's own JSON: everything about a conversation, all versions of all messages.

{"format": "glm-launcher-conversation", "version": 1, "id": "…", "title": …,
"messages": [{"id": "…", "parent": "…" or null, "role": …, "state": …, "created": ISO 8601,
"parts": [{"kind": …, "text": …, "data": {…}}], "making": {…} or absent, "raw": … or absent}],
"shown": the id of the last visible message, …}

Ids are decimal strings, because they are larger than JavaScript's exact numbers.
"""

from dataclasses import asdict
from typing import Any

from app.chat.exporting.bundle import Bundle
from app.chat.store.part_codec import Row, json_object, to_row
from app.chat.store.types import StoredMessage
from app.core.json import JsonObject

FORMAT = "glm-launcher-conversation"
VERSION = 1


def to_json(bundle: Bundle) -> JsonObject:
    details, head = bundle.details, bundle.details.head
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": str(head.id),
        "title": head.title,
        "title_origin": head.title_origin,
        "folder": bundle.folder_name,
        "created": head.created.isoformat(),
        "changed": head.changed.isoformat(),
        "pinned": head.pinned,
        "archived": head.archived,
        "persona": details.persona,
        "system_prompt": details.system_prompt,
        "settings": details.settings,
        "draft": details.draft,
        "shown": None if details.leaf is None else str(details.leaf),
        "messages": [_message(message) for message in bundle.messages],
    }


def _message(message: StoredMessage) -> JsonObject:
    result: JsonObject = {
        "id": str(message.id),
        "parent": None if message.parent is None else str(message.parent),
        "role": message.message.role,
        "state": message.state,
        "created": message.created.isoformat(),
        "parts": [_part(to_row(part)) for part in message.message.parts],
    }
    if message.making is not None:
        making: dict[str, Any] = asdict(message.making)
        result["making"] = making
    if message.raw is not None:
        result["raw"] = message.raw
    return result


def _part(row: Row) -> JsonObject:
    part: JsonObject = {"kind": row.kind, "text": row.text}
    if row.data is not None:
        part["data"] = json_object(row.data)
    return part
