"""A conversation from the disk as the transcript shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.core.errors import KnownError
from app.core.language import mark, tr
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
    ThinkingState,
    ToolUse,
)
from app.ui.chat.making_words import made_text
from app.ui.chat.path import PathMessage

_INTERRUPTED = mark("The program ended while this was written. What there was is kept.")
_UNANSWERED = mark("No answer yet")


def stored_entries(path: Sequence[PathMessage]) -> Iterator[Entry]:
    results = {
        part.call_id: part
        for one in path
        for part in one.message.parts
        if isinstance(part, ToolResultPart)
    }
    turn: _Turn | None = None
    for one in path:
        if one.message.role == "user":
            if turn is not None:
                yield from turn.footer()
            turn = _Turn(one)
            yield _question(one)
        elif one.message.role in ("assistant", "tool"):
            turn = turn or _Turn(None)
            turn.answers.append(one)
        for part in one.message.parts:
            yield from _part(one, part, results)
        if one.message.role == "assistant" and one.state == "interrupted":
            yield Notice(tr(_INTERRUPTED), one.id)
    if turn is not None:
        yield from turn.footer()


@dataclass
class _Turn:
    """A question and what came of it so far."""

    question: PathMessage | None
    answers: list[PathMessage] = field(default_factory=list)

    def footer(self) -> Iterator[Footer]:
        question = self.question.id if self.question is not None else None
        if not self.answers:
            if question is not None:
                yield Footer(tr(_UNANSWERED), running=False, question=question)
            return
        stopped = any(one.state == "stopped" for one in self.answers)
        texts = [one.message.text.strip() for one in self.answers]
        several = [one for one in self.answers if len(one.versions) > 1]
        version = (several or self.answers)[0]
        yield Footer(
            tr("Stopped") if stopped else "",
            running=False,
            answer="\n\n".join(filter(None, texts)),
            question=question,
            message=self.answers[-1].id,
            version=version.id,
            versions=version.versions,
            made=made_text(version.making),
        )


def _question(one: PathMessage) -> Question:
    attachments = tuple(part for part in one.message.parts if isinstance(part, AttachmentPart))
    return Question(
        one.message.text, attachments=attachments, message=one.id, versions=one.versions
    )


def _part(one: PathMessage, part: Part, results: dict[str, ToolResultPart]) -> Iterator[Entry]:
    answers = one.message.role == "assistant"
    match part:
        case TextPart(text) if text.strip() and answers:
            yield Answer(text.strip("\n").rstrip(), finished=True, message=one.id)
        case ReasoningPart(text, seconds, finished, ended_by) if text.strip():
            state: ThinkingState = "done" if finished else "unfinished"
            yield Thinking(0.0, text, 0, seconds, state, ended_by=ended_by, message=one.id)
        case ToolCallPart():
            yield _use(one, part, results.get(part.id))
        case MalformedCallPart(text, reason):
            yield ToolUse("", "rejected", text, reason=reason, message=one.id)
        case NoticePart(text):
            yield Notice(text, one.id)
        case ErrorPart(what, why, next_step, details):
            yield Failure(KnownError(what, why, next_step, details), (), one.id)
        case AttachmentPart(name=name):
            yield Notice(tr("Attached: {name}", name=name), one.id)
        case _:
            return


def _use(one: PathMessage, call: ToolCallPart, result: ToolResultPart | None) -> ToolUse:
    use = ToolUse(call.name, "stopped", arguments=call.arguments, message=one.id)
    if result is not None:
        use.state = "failed" if result.failed else "done"
        use.result, use.seconds = result.text, result.seconds
        use.decision = result.decision
    return use
