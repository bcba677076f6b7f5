"""What a server answers, in words: results of tools, resources, prompts."""

import base64
import binascii
import json
import unicodedata
from typing import TYPE_CHECKING

from app.core.units import gigabytes
from app.tools.mcp.types import ResourceText

if TYPE_CHECKING:
    from mcp import types

MAX_TEXT = 2_000_000
"""Of one answer, in characters; the runner cuts what the model gets further down."""


def content_text(blocks: "list[types.ContentBlock]", structured: object = None) -> str:
    """Text as it is, everything else described in a line. structured: what the server gave beside
    it, used when there is no text."""
    pieces: list[str] = []
    left = MAX_TEXT
    for block in blocks:
        piece = _block(block)[:left]
        pieces.append(piece)
        left -= len(piece)
        if left <= 0:
            break
    text = "\n".join(piece for piece in pieces if piece)
    if not text and structured is not None:
        return json.dumps(structured, ensure_ascii=False, indent=1, default=str)[:MAX_TEXT]
    return text or "(The tool answered without a text.)"


def _block(block: "types.ContentBlock") -> str:
    match block.type:
        case "text":
            return block.text
        case "image":
            return _described("image", block.mime_type, _decoded_size(block.data))
        case "audio":
            return _described("recording", block.mime_type, _decoded_size(block.data))
        case "resource_link":
            size = f", {gigabytes(block.size)}" if isinstance(block.size, int) else ""
            return f"[A link to the resource “{one_line(block.name)}”{size}: {one_line(block.uri)}]"
        case "resource":
            return resource_block(block.resource)


def resource_block(
    contents: "types.TextResourceContents | types.BlobResourceContents",
) -> str:
    """An embedded resource, its address before its text."""
    where = one_line(str(contents.uri))
    text = getattr(contents, "text", None)
    if isinstance(text, str):
        return f"[The resource {where}:]\n{text}"
    kind = contents.mime_type or "unknown kind"
    size = _decoded_size(getattr(contents, "blob", ""))
    return f"[The resource {where} is not text: {one_line(kind)}, {gigabytes(size)}.]"


def resource_text(uri: str, result: "types.ReadResourceResult") -> ResourceText:
    """All parts of a resource as one text."""
    pieces: list[str] = []
    media_type, size, is_text = "", 0, True
    for part in result.contents:
        media_type = media_type or one_line(part.mime_type or "", 80)
        text, blob = getattr(part, "text", None), getattr(part, "blob", "")
        if text is None:
            size += _decoded_size(blob)
            text = blob_text(blob, part.mime_type or "")
        else:
            size += len(text.encode("utf-8", "replace"))
        is_text = is_text and text is not None
        pieces.append(resource_block(part) if text is None else text)
    name = one_line(uri.rstrip("/").rpartition("/")[2] or uri, 120)
    return ResourceText(
        name, "\n".join(pieces)[:MAX_TEXT], media_type or "text/plain", size, is_text
    )


def prompt_text(result: "types.GetPromptResult") -> str:
    """The messages of a prompt as one text; who speaks is said when it is not the person alone."""
    messages = [(message.role, _block(message.content)) for message in result.messages]
    if all(role == "user" for role, _ in messages):
        return "\n\n".join(text for _, text in messages)[:MAX_TEXT]
    return "\n\n".join(f"{role}: {text}" for role, text in messages)[:MAX_TEXT]


def _described(what: str, media_type: str, size_bytes: int) -> str:
    article = "An" if what[0] in "aeiou" else "A"
    kind = f"{one_line(media_type)}, {gigabytes(size_bytes)}"
    return f"[{article} {what} ({kind}) that the model cannot take in.]"


def _decoded_size(data: str) -> int:
    """Of base64, without decoding all of it."""
    return max(0, len(data) * 3 // 4 - data[-2:].count("="))


def blob_text(data: str, media_type: str) -> str | None:
    """Text that came as base64; None for what is no text."""
    kind = media_type.partition(";")[0].strip().lower()
    textual = kind.startswith("text/") or kind.endswith(("json", "xml", "yaml", "javascript"))
    if not textual:
        return None
    try:
        return base64.b64decode(data, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def one_line(text: str, most: int = 200) -> str:
    """A stranger's text inside a sentence: no line breaks, no control or direction marks."""
    kept = "".join(
        " " if sign.isspace() else sign
        for sign in text[: most * 4]
        if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cs", "Cn")
    )
    kept = " ".join(kept.split())
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
