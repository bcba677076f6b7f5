"""Exports on disk: one conversation as a file, many as an archive with a list of what is in it."""

import json
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from app.chat.exporting.bundle import Bundle, load
from app.chat.exporting.own_json import to_json
from app.chat.exporting.page import to_html
from app.chat.exporting.text import to_markdown, to_plain
from app.chat.store.reads import Reads
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.json import JsonObject, JsonValue
from app.core.language import tr

Format = Literal["markdown", "html", "json", "text"]
SUFFIXES: dict[Format, str] = {
    "markdown": ".md",
    "html": ".html",
    "json": ".json",
    "text": ".txt",
}
MANIFEST = "manifest.json"
MANIFEST_FORMAT = "glm-launcher-export"
_PAGE = 500
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_LONGEST_NAME_BYTES = 120


def rendered(bundle: Bundle, form: Format, *, thinking: bool = True) -> str:
    match form:
        case "markdown":
            return to_markdown(bundle, thinking=thinking)
        case "html":
            return to_html(bundle, thinking=thinking)
        case "json":
            return json.dumps(to_json(bundle), ensure_ascii=False, indent=1) + "\n"
        case "text":
            return to_plain(bundle, thinking=thinking)


def export_one(
    reads: Reads, conversation: int, target: Path, form: Format, *, thinking: bool = True
) -> None:
    """Blocks. The file appears whole or not at all. Raises KnownError."""
    text = rendered(load(reads, conversation), form, thinking=thinking)
    with _written_whole(target) as beside:
        beside.write_bytes(text.encode("utf-8", "replace"))


def export_many(
    reads: Reads,
    conversations: Sequence[int],
    target: Path,
    form: Format,
    cancel: CancelToken,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """A zip with a folder per folder, and a manifest. Blocks; how many conversations it holds:
    fewer than asked for when some were deleted meanwhile.

    The file appears whole or not at all. Raises KnownError and Cancelled.
    """
    listed: list[JsonValue] = []
    names = _Names()
    with (
        _written_whole(target) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for number, conversation in enumerate(conversations):
            cancel.raise_if_cancelled()
            on_progress(number, len(conversations))
            try:
                bundle = load(reads, conversation)
            except KnownError:
                if _still_there(reads, conversation):
                    raise
                continue
            name = names.unique(bundle.folder_name, bundle.title, SUFFIXES[form])
            archive.writestr(name, rendered(bundle, form).encode("utf-8", "replace"))
            listed.append({"id": str(conversation), "title": bundle.title, "file": name})
        archive.writestr(MANIFEST, _manifest(form, listed))
    on_progress(len(conversations), len(conversations))
    return len(listed)


def all_conversations(reads: Reads, folder: int | None = None) -> list[int]:
    """Active and archived ones, of one folder or (None) of all; not those in the trash."""
    found: list[int] = []
    for shelf in ("active", "archived"):
        offset = 0
        while page := reads.conversations(
            shelf,
            "any" if folder is None else folder,
            offset,
            _PAGE,
        ):
            found += [head.id for head in page]
            offset += len(page)
    return found


def file_name(title: str, suffix: str) -> str:
    """A name that every system takes."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(c if c.isprintable() and c not in '\\/:*?"<>|' else " " for c in text)
    text = " ".join(text.split()).strip(". ")
    while len(text.encode("utf-8", "replace")) > _LONGEST_NAME_BYTES:
        text = text[:-1].rstrip(". ")
    if not text or _RESERVED.fullmatch(text):
        text = tr("Chat {text}", text=text).strip()
    return text + suffix


class _Names:
    """Also where capitals do not count, no two are the same."""

    def __init__(self) -> None:
        self._used = {MANIFEST}

    def unique(self, folder: str, title: str, suffix: str) -> str:
        prefix = f"{file_name(folder, '')}/" if folder else ""
        number = 1
        while True:
            extra = "" if number == 1 else f" ({number})"
            name = prefix + file_name(title, extra + suffix)
            if name.casefold() not in self._used:
                self._used.add(name.casefold())
                return name
            number += 1


def _manifest(form: Format, listed: list[JsonValue]) -> str:
    manifest: JsonObject = {
        "format": MANIFEST_FORMAT,
        "version": 1,
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
        "as": form,
        "conversations": listed,
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"


def _still_there(reads: Reads, conversation: int) -> bool:
    try:
        reads.details(conversation)
    except KnownError:
        return False
    return True


@contextmanager
def _written_whole(target: Path) -> Iterator[Path]:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        os.close(handle)
        beside = Path(name)
        try:
            yield beside
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise KnownError(
            tr("The export was not written."),
            tr(
                "{name} could not be written: {strerror}.",
                name=target.name,
                strerror=error.strerror or type(error).__name__,
            ),
            tr("Check the folder {parent} and the room on its disk.", parent=target.parent),
            repr(error),
        ) from error
