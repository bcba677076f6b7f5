"""What a transcript shows, without a word about how: entries that change while a turn runs.

What a person has unfolded is kept here too: views come and go. message: which one of the store an
entry shows; None when nothing is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.messages import AttachmentPart, ThinkingEnd
from app.tools.consent import Request
from app.ui.chat.context.entry import Omitted

ThinkingState = Literal["running", "done", "unfinished"]
ToolState = Literal["writing", "asking", "running", "done", "failed", "stopped", "rejected"]
FailureAction = Literal["retry", "open"]


@dataclass(eq=False)
class Question:
    """unfolded: so many characters beyond the usual are shown. versions: of it and the questions
    that stand in its place in other branches. edited: what the person has made of it so far."""

    text: str
    unfolded: int = 0
    edited: str | None = None
    attachments: tuple[AttachmentPart, ...] = ()
    message: int | None = None
    versions: tuple[int, ...] = ()


@dataclass(eq=False)
class Thinking:
    """started is on the clock of the reader; seconds is set when it ended. budget: in tokens, 0
    for none. ending: the person wants the answer now. ended_by: who ended it, when that was not the
    model."""

    started: float
    text: str = ""
    tokens: int = 0
    seconds: float | None = None
    state: ThinkingState = "running"
    opened: bool = False
    budget: int = 0
    ending: bool = False
    ended_by: ThinkingEnd | None = None
    message: int | None = None


@dataclass(eq=False)
class ToolUse:
    """written is the call as the model wrote it so far; reason why a call was not run.

    request: what the person is asked while the state is "asking", draft what they typed so far.
    decision: how it came to run or not, as in app.tools.consent.How. put_back: what it wrote was
    undone.
    """

    name: str
    state: ToolState = "writing"
    written: str = ""
    arguments: JsonObject = field(default_factory=dict)
    result: str = ""
    seconds: float | None = None
    reason: str = ""
    unfolded: bool = False
    request: Request | None = None
    draft: str = ""
    decision: str = ""
    put_back: bool = False
    message: int | None = None


@dataclass(eq=False)
class Answer:
    """Markdown. unfolded: as for a question."""

    text: str = ""
    finished: bool = False
    unfolded: int = 0
    message: int | None = None


@dataclass(eq=False)
class Footer:
    """The line under a turn: what goes on, then its figures. fraction: prompt reading, 0 to 1.

    question: the message that the turn answers; message: the last one of the answer. version: the
    one that has the versions, usually the answer's first. made: what made it, in a line or more.
    """

    text: str = ""
    running: bool = True
    fraction: float | None = None
    answer: str = ""
    question: int | None = None
    message: int | None = None
    version: int | None = None
    versions: tuple[int, ...] = ()
    made: str = ""


@dataclass(eq=False)
class Notice:
    text: str
    message: int | None = None


@dataclass(eq=False)
class Failure:
    error: KnownError
    actions: tuple[FailureAction, ...] = ("retry",)
    message: int | None = None


Entry = Question | Thinking | ToolUse | Answer | Footer | Notice | Failure | Omitted


class Transcript:
    """The entries in order, and which of them changed since someone looked."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._changed: dict[int, Entry] = {}

    def add(self, entry: Entry) -> None:
        """At the end, but above the footer of a running turn."""
        last = self.entries[-1] if self.entries else None
        if isinstance(last, Footer) and last.running:
            self.entries.insert(len(self.entries) - 1, entry)
        else:
            self.entries.append(entry)
        self.touch(entry)

    def insert(self, entry: Entry, before: Entry | None) -> None:
        """Above that one; None: at the end."""
        if before is None:
            self.add(entry)
            return
        self.entries.insert(self.entries.index(before), entry)
        self.touch(entry)

    def touch(self, entry: Entry) -> None:
        self._changed[id(entry)] = entry

    def remove_from(self, entry: Entry) -> None:
        """That entry and all below it."""
        del self.entries[self.entries.index(entry) :]

    def remove_after(self, entry: Entry) -> None:
        """All that stands below it."""
        del self.entries[self.entries.index(entry) + 1 :]

    def question(self, number: int) -> Question:
        """The number-th of them, from 0."""
        questions = [entry for entry in self.entries if isinstance(entry, Question)]
        return questions[number]

    def remove(self, entry: Entry) -> None:
        self.entries.remove(entry)

    def clear(self) -> None:
        self.entries.clear()
        self._changed.clear()

    def become(self, entries: Sequence[Entry]) -> None:
        """Show these. What stands there already from the top on stays, with what was unfolded.
        Where messages are not sent is marked anew by whoever knows."""
        self.entries[:] = [old for old in self.entries if not isinstance(old, Omitted)]
        same = 0
        for old, new in zip(self.entries, entries, strict=False):
            if not _shows_the_same(old, new):
                break
            if isinstance(old, Question | Footer) and isinstance(new, Question | Footer):
                old.versions = new.versions
                self.touch(old)
            same += 1
        self.entries[same:] = entries[same:]

    def take_back(self, message: int | None) -> Footer | None:
        """Take the line under the last turn away, and what shows that message: it goes on. The
        line."""
        footer: Footer | None = None
        while self.entries:
            last = self.entries[-1]
            ends = isinstance(last, Footer | Notice | Failure)
            if isinstance(last, Question) or not (ends or last.message == message):
                break
            if isinstance(last, Footer):
                footer = last
            self.entries.pop()
        return footer

    def take_changed(self) -> list[Entry]:
        """Each entry that was added or changed since the last call, once; also those that are gone
        again."""
        changed, self._changed = self._changed, {}
        return list(changed.values())


def _shows_the_same(old: Entry, new: Entry) -> bool:
    if type(old) is not type(new) or old.message is None or old.message != new.message:
        return False
    match old:
        case Question(text=text) | Answer(text=text) | Thinking(text=text) | Notice(text=text):
            return text.strip() == getattr(new, "text", "").strip()
        case Footer():
            return isinstance(new, Footer) and _of(old) == _of(new)
        case ToolUse():
            return isinstance(new, ToolUse) and (old.state, old.result) == (new.state, new.result)
        case Failure() | Omitted():
            return False


def _of(footer: Footer) -> tuple[object, ...]:
    return footer.answer, footer.question, footer.version
