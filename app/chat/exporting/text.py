"""A conversation as Markdown and as plain text: what is visible of it."""

import re
from collections.abc import Iterable

from app.chat.exporting.bundle import Bundle, Section, sections, speaker
from app.chat.store.types import StoredMessage
from app.core.language import tr

_FENCE = re.compile(r"^\s*(`{3,})", re.MULTILINE)


def to_markdown(bundle: Bundle, *, thinking: bool = True) -> str:
    head = bundle.details.head
    lines = [f"# {bundle.title}", f"*{head.created:%Y-%m-%d %H:%M} UTC*"]
    if bundle.details.system_prompt:
        lines += [tr("## System prompt"), bundle.details.system_prompt]
    for message in bundle.path:
        lines += message_markdown(message, thinking=thinking)
    return "\n\n".join(lines) + "\n"


def message_markdown(message: StoredMessage, *, thinking: bool = True) -> list[str]:
    """Paragraphs, beginning with who says it."""
    lines = [f"## {speaker(message)}"]
    for section in sections(message.message.parts):
        if section.style == "aside" and not thinking:
            continue
        lines.append(_markdown(section))
    return lines


def to_plain(bundle: Bundle, *, thinking: bool = False) -> str:
    """For the clipboard: who says what, no marks."""
    return messages_plain(bundle.path, thinking=thinking)


def messages_plain(messages: Iterable[StoredMessage], *, thinking: bool = False) -> str:
    blocks: list[str] = []
    for message in messages:
        texts = [
            f"[{section.heading}]\n{section.text}" if section.heading else section.text
            for section in sections(message.message.parts)
            if thinking or section.style != "aside"
        ]
        if texts:
            blocks.append(f"{speaker(message)}:\n" + "\n\n".join(texts))
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _markdown(section: Section) -> str:
    if section.style == "prose":
        return section.text
    if section.style == "code":
        fence = _fence(section.text)
        return f"**{section.heading}**\n\n{fence}\n{section.text}\n{fence}"
    quoted = "\n".join(f"> {line}".rstrip() for line in section.text.splitlines())
    return f"> **{section.heading}**\n>\n{quoted}"


def _fence(text: str) -> str:
    """Longer than any fence within the text."""
    longest = max((len(match[1]) for match in _FENCE.finditer(text)), default=2)
    return "`" * (longest + 1)
