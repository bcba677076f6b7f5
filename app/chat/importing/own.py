"""This program's own JSON, as `exporting.own_json` writes it."""

import json
from typing import get_args

from app.chat.exporting.own_json import VERSION
from app.chat.importing.tree import MOST_MESSAGES
from app.chat.importing.values import UNKNOWN_TIME, moment, obj, objects, text
from app.chat.store.ids import LARGEST
from app.chat.store.part_codec import Row, from_row
from app.chat.store.types import (
    ONE_CHAT_ONLY,
    Making,
    NewConversation,
    State,
    StoredMessage,
    TitleOrigin,
)
from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.messages import Message, Part, Role

_ROLES: tuple[Role, ...] = get_args(Role)
_STATES: tuple[State, ...] = get_args(State)
_ORIGINS: tuple[TitleOrigin, ...] = get_args(TitleOrigin)


def read(value: JsonObject) -> NewConversation:
    """Raises KnownError."""
    version = value.get("version")
    if not isinstance(version, int) or version < 1:
        raise KnownError(tr("The file is damaged."), tr("It does not say which version it has."))
    if version > VERSION:
        raise KnownError(
            tr("The file was written by a newer version of the program."),
            "",
            tr("Update this one."),
        )
    messages = [_message(message) for message in objects(value.get("messages"))]
    _check_tree(messages)
    messages.sort(key=lambda message: message.id)
    shown = _id(value.get("shown"))
    origin = value.get("title_origin")
    created = moment(value.get("created")) or UNKNOWN_TIME
    return NewConversation(
        text(value.get("title")),
        created,
        moment(value.get("changed")) or created,
        tuple(messages),
        shown,
        next((known for known in _ORIGINS if known == origin), "person"),
        id=_id(value.get("id")),
        folder_name=text(value.get("folder")),
        pinned=value.get("pinned") is True,
        archived=value.get("archived") is True,
        persona=text(value.get("persona")),
        system_prompt=text(value.get("system_prompt")),
        settings={
            key: one for key, one in obj(value.get("settings")).items() if key not in ONE_CHAT_ONLY
        },
        draft=text(value.get("draft")),
    )


def _message(value: JsonObject) -> StoredMessage:
    name = _id(value.get("id"))
    role = next((known for known in _ROLES if known == value.get("role")), None)
    if name is None or role is None:
        raise KnownError(tr("The file is damaged."), tr("A message has no id or no role."))
    parent = value.get("parent")
    return StoredMessage(
        name,
        None if parent is None else _id(parent) or 0,
        next((known for known in _STATES if known == value.get("state")), "complete"),
        moment(value.get("created")) or UNKNOWN_TIME,
        Message(role, tuple(_part(part) for part in objects(value.get("parts")))),
        _making(obj(value.get("making"))) if "making" in value else None,
        text(value.get("raw")) if "raw" in value else None,
    )


def _part(value: JsonObject) -> Part:
    data = value.get("data")
    written = json.dumps(data) if isinstance(data, dict) else None
    return from_row(Row(text(value.get("kind")), text(value.get("text")), written))


def _making(value: JsonObject) -> Making:
    seed = value.get("seed")
    in_range = isinstance(seed, int) and not isinstance(seed, bool) and abs(seed) <= LARGEST
    return Making(
        text(value.get("model")),
        text(value.get("quantization")),
        obj(value.get("sampling")),
        seed if in_range and isinstance(seed, int) else None,
        obj(value.get("timings")),
        text(value.get("reason")),
    )


def _id(value: JsonValue) -> int | None:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 19:
        return None
    number = int(value)
    return number if 0 < number <= LARGEST else None


def _check_tree(messages: list[StoredMessage]) -> None:
    ids = {message.id for message in messages}
    if len(ids) != len(messages) or len(ids) > MOST_MESSAGES:
        raise KnownError(tr("The file is damaged."), tr("Two of its messages are the same."))
    for message in messages:
        if message.parent is not None and not (
            message.parent in ids and message.parent < message.id
        ):
            raise KnownError(
                tr("The file is damaged."), tr("A message follows on one that is not there.")
            )
