"""Everything about one conversation, read from the store to be written elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.chat.store.reads import Reads
from app.chat.store.types import ConversationDetails, StoredMessage
from app.core.language import mark, tr
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    MalformedCallPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ThinkingEnd,
    ToolCallPart,
    ToolResultPart,
)


@dataclass(frozen=True)
class Bundle:
    """messages: the whole tree; path: the visible ones, in order."""

    details: ConversationDetails
    folder_name: str
    messages: tuple[StoredMessage, ...]
    path: tuple[StoredMessage, ...]

    @property
    def title(self) -> str:
        return self.details.head.title or tr("Untitled chat")


def load(reads: Reads, conversation: int) -> Bundle:
    """Blocks. Raises KnownError."""
    details = reads.details(conversation)
    folders = {folder.id: folder.name for folder in reads.folders()}
    messages = reads.tree(conversation)
    by_id = {message.id: message for message in messages}
    path = tuple(by_id[head.id] for head in reads.path(conversation) if head.id in by_id)
    folder = details.head.folder
    return Bundle(details, folders.get(folder, "") if folder else "", messages, path)


@dataclass(frozen=True)
class Section:
    """A part in words: a heading, "" for what somebody says, and its text.

    style: prose is Markdown; code is literal; aside is plain text that may be left out.
    """

    heading: str
    text: str
    style: str


SPEAKERS = {
    "user": mark("You"),
    "assistant": mark("Model"),
    "system": mark("System prompt"),
    "tool": mark("Tools"),
}


def speaker(message: StoredMessage) -> str:
    """Who says it; an answer is the model's, by name if that is known."""
    if message.message.role == "assistant" and message.making and message.making.model:
        return message.making.model
    return tr(SPEAKERS[message.message.role])


_THINKING_ENDS: dict[ThinkingEnd | None, str] = {
    None: "",
    "budget": "until its budget was used up",
    "person": "until the answer was asked for",
}


def sections(parts: Sequence[Part]) -> list[Section]:
    return [_section(part) for part in parts if _says_something(part)]


def _says_something(part: Part) -> bool:
    return isinstance(part, ToolCallPart | AttachmentPart) or bool(part.text)


def _section(part: Part) -> Section:
    match part:
        case TextPart(text):
            return Section("", text, "prose")
        case ReasoningPart(text, seconds, finished, ended_by):
            took = "" if seconds is None else f"{seconds:.0f} s"
            how = _THINKING_ENDS[ended_by] if finished else "not finished"
            told = ", ".join(filter(None, (took, how)))
            return Section(f"Thinking ({told})" if told else "Thinking", text, "aside")
        case ToolCallPart(_, name, arguments):
            lines = [f"{key}: {value}" for key, value in arguments.items()]
            return Section(tr("Call of {name}", name=name), "\n".join(lines), "code")
        case ToolResultPart(_, name, text, failed):
            return Section(
                tr("{value}Result of {name}", value="Failed: " if failed else "", name=name),
                text,
                "code",
            )
        case MalformedCallPart(text, reason):
            return Section(tr("Call that was not run: {reason}", reason=reason), text, "code")
        case AttachmentPart(name, text, _, _, excerpt):
            which = f" ({excerpt})" if excerpt else ""
            heading = tr("Attachment {name}{which}", name=name, which=which)
            if not text:
                return Section(heading, tr("Its text is not part of this chat."), "note")
            return Section(heading, text, "code")
        case ErrorPart(what, why, next_step, _):
            return Section(tr("Error"), " ".join(filter(None, (what, why, next_step))), "note")
        case NoticePart(text):
            return Section(tr("Note"), text, "note")
