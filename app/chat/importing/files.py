"""Files, archives and folders, opened with care: which conversations are in them."""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from app.chat.exporting.files import MANIFEST_FORMAT
from app.chat.exporting.own_json import FORMAT
from app.chat.importing import chatgpt, jan, lm_studio, open_webui, own
from app.chat.importing.values import obj, text
from app.chat.store.types import NewConversation
from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr

MOST_BYTES = 500_000_000
MOST_FILES = 50_000
_JAN_MESSAGES = "messages.jsonl"


@dataclass(frozen=True)
class Problem:
    """Something that is not taken in: its name, and why in a sentence."""

    name: str
    why: str


Found = NewConversation | Problem


def conversations_in(path: Path) -> Iterator[Found]:
    """Blocks while it is iterated over. Nothing is unpacked to disk.

    What does not work is given as a Problem; raises KnownError when the path itself cannot be read.
    """
    try:
        if path.is_dir():
            yield from _in_folder(path)
        elif zipfile.is_zipfile(path):
            yield from _in_archive(path)
        elif path.name in (_JAN_MESSAGES, "thread.json"):
            yield from _in_folder(path.parent)
        else:
            yield from _in_document(path.name, _read_file(path), lambda _name: None)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise KnownError(
            tr("{name} cannot be read.", name=path.name),
            str(getattr(error, "strerror", None) or error)[:200].rstrip(".") + ".",
            tr("Choose another file."),
            repr(error),
        ) from error


def _in_folder(folder: Path) -> Iterator[Found]:
    listed = (path for path in folder.rglob("*.json") if path.is_file())
    files = sorted(islice(listed, MOST_FILES + 1))
    if len(files) > MOST_FILES:
        raise KnownError(
            tr("{name} holds too many files.", name=folder.name), "", tr("Choose a smaller folder.")
        )
    for path in files:

        def beside(name: str, folder: Path = path.parent) -> bytes | None:
            other = folder / name
            return _read_file(other) if other.is_file() else None

        try:
            data = _read_file(path)
        except OSError as error:
            yield Problem(path.name, tr("It cannot be read: {strerror}.", strerror=error.strerror))
            continue
        yield from _in_document(path.relative_to(folder).as_posix(), data, beside)


def _in_archive(path: Path) -> Iterator[Found]:
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
        if len(entries) > MOST_FILES or sum(e.file_size for e in entries.values()) > MOST_BYTES:
            raise KnownError(
                tr("{name} is too large.", name=path.name),
                "",
                tr("Unpack it and choose single files."),
            )
        for name, entry in sorted(entries.items()):
            if not name.endswith(".json"):
                continue

            def beside(other: str, name: str = name) -> bytes | None:
                found = entries.get(str(PurePosixPath(name).with_name(other)))
                return _read_entry(archive, found) if found is not None else None

            yield from _in_document(name, _read_entry(archive, entry), beside)


def _in_document(name: str, data: bytes, beside: Callable[[str], bytes | None]) -> Iterator[Found]:
    try:
        value: JsonValue = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        yield Problem(name, tr("It is not JSON, or it is damaged."))
        return
    # ChatGPT's archives hold other lists as well, and so may any folder.
    readers = [(item, _reader(item, beside)) for item in _candidates(value)]
    known = [(item, reader) for item, reader in readers if reader is not None]
    if not known and not _is_companion(name, value):
        yield Problem(name, tr("It is not a chat that this program can read."))
    for number, (item, reader) in enumerate(known, 1):
        title = (
            text(item.get("title"))
            or text(item.get("name"))
            or tr("{name}, chat {number}", name=name, number=number)
        )
        yield _read(title, item, reader)


def _read(title: str, item: JsonObject, reader: Callable[[JsonObject], NewConversation]) -> Found:
    """One conversation that does not work does not spoil the others."""
    try:
        conversation = reader(item)
    except KnownError as error:
        return Problem(title[:200], str(error))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        return Problem(title[:200], tr("It is damaged ({name}).", name=type(error).__name__))
    if not conversation.messages:
        return Problem(title[:200], tr("There are no messages in it."))
    return replace(conversation, changed=max(conversation.created, conversation.changed))


def _reader(
    item: JsonObject, beside: Callable[[str], bytes | None]
) -> Callable[[JsonObject], NewConversation] | None:
    if item.get("format") == FORMAT:
        return own.read
    if isinstance(item.get("mapping"), dict):
        return chatgpt.read
    if isinstance(item.get("chat"), dict) or isinstance(item.get("history"), dict):
        return open_webui.read
    messages = item.get("messages")
    if isinstance(messages, list) and any("versions" in obj(message) for message in messages):
        return lm_studio.read
    if item.get("object") == "thread" or "assistants" in item:
        lines = beside(_JAN_MESSAGES)
        if lines is not None:
            return lambda thread: jan.read(thread, _lines(lines))
    return None


def _candidates(value: JsonValue) -> list[JsonObject]:
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, dict)]


def _is_companion(name: str, value: JsonValue) -> bool:
    """A file that belongs to an export without being a chat."""
    if obj(value).get("format") == MANIFEST_FORMAT:
        return True
    return PurePosixPath(name).name in {
        "user.json",
        "message_feedback.json",
        "model_comparisons.json",
        "shared_conversations.json",
        "user_settings.json",
        "export_manifest.json",
        "group_chats.json",
        "shopping.json",
        "sora.json",
    }


def _lines(data: bytes) -> list[JsonObject]:
    """Lines that are no JSON objects, such as a half last one, are passed over."""
    found: list[JsonObject] = []
    for line in data.decode("utf-8-sig", "replace").splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise KnownError(tr("{name} is too large.", name=path.name), "", tr("Choose another file."))
    return path.read_bytes()


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Whatever size the archive claims, not more than the limit is unpacked."""
    with archive.open(entry) as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise KnownError(
            tr("{filename} is too large.", filename=entry.filename), "", tr("Choose another file.")
        )
    return data
