"""A conversation from the disk as the transcript shows it."""

from collections.abc import Iterator, Sequence

from app.chat.store.types import StoredMessage
from app.core.errors import KnownError
from app.core.messages import (
    AttachmentPart,
    ErrorPart,
    MalformedCallPart,
    NoticePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from app.ui.chat.entries import (
    Answer,
    Entry,
    Failure,
    Footer,
    Notice,
    Question,
    Thinking,
    ToolUse,
)

_INTERRUPTED = "The program ended while this was written. What there was is kept."


def stored_entries(stored: Sequence[StoredMessage]) -> Iterator[Entry]:
    results = {
        part.call_id: part
        for one in stored
        for part in one.message.parts
        if isinstance(part, ToolResultPart)
    }
    said: list[str] = []
    stopped = False
    for one in stored:
        if one.message.role == "user":
            yield from _footer(said, stopped=stopped)
            said, stopped = [], False
            yield Question(one.message.text)
        elif one.message.role == "assistant":
            for part in one.message.parts:
                yield from _part(part, results)
            if one.message.text.strip():
                said.append(one.message.text.strip())
            stopped = stopped or one.state == "stopped"
            if one.state == "interrupted":
                yield Notice(_INTERRUPTED)
    yield from _footer(said, stopped=stopped)


def _footer(said: Sequence[str], *, stopped: bool) -> Iterator[Entry]:
    if said or stopped:
        text = "Stopped" if stopped else ""
        yield Footer(text, running=False, answer="\n\n".join(said))


def _part(part: Part, results: dict[str, ToolResultPart]) -> Iterator[Entry]:
    match part:
        case TextPart(text) if text.strip():
            yield Answer(text.strip("\n").rstrip(), finished=True)
        case ReasoningPart(text, seconds, finished) if text.strip():
            yield Thinking(0.0, text, 0, seconds, "done" if finished else "unfinished")
        case ToolCallPart():
            yield _use(part, results.get(part.id))
        case MalformedCallPart(text, reason):
            yield ToolUse("", "rejected", text, reason=reason)
        case NoticePart(text):
            yield Notice(text)
        case ErrorPart(what, why, next_step, details):
            yield Failure(KnownError(what, why, next_step, details), ())
        case AttachmentPart(name=name):
            yield Notice(f"Attached: {name}")
        case _:
            return


def _use(call: ToolCallPart, result: ToolResultPart | None) -> ToolUse:
    use = ToolUse(call.name, "stopped", arguments=call.arguments)
    if result is not None:
        use.state = "failed" if result.failed else "done"
        use.result, use.seconds = result.text, result.seconds
    return use
