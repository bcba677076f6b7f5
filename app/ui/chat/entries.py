"""What a transcript shows, without a word about how: entries that change while a turn runs.

What a person has unfolded is kept here too: views come and go. message: which one of the store an
entry shows; None when nothing is kept.
"""

from dataclasses import dataclass, field
from typing import Literal

from app.core.errors import KnownError
from app.core.json import JsonObject
from app.core.messages import AttachmentPart

ThinkingState = Literal["running", "done", "unfinished"]
ToolState = Literal["writing", "running", "done", "failed", "stopped", "rejected"]
FailureAction = Literal["retry", "open"]


@dataclass(eq=False)
class Question:
    """unfolded: so many characters beyond the usual are shown. versions: of it and the questions
    that stand in its place in other branches."""

    text: str
    unfolded: int = 0
    attachments: tuple[AttachmentPart, ...] = ()
    message: int | None = None
    versions: tuple[int, ...] = ()


@dataclass(eq=False)
class Thinking:
    """started is on the clock of the reader; seconds is set when it ended."""

    started: float
    text: str = ""
    tokens: int = 0
    seconds: float | None = None
    state: ThinkingState = "running"
    opened: bool = False
    message: int | None = None


@dataclass(eq=False)
class ToolUse:
    """written is the call as the model wrote it so far; reason why a call was not run."""

    name: str
    state: ToolState = "writing"
    written: str = ""
    arguments: JsonObject = field(default_factory=dict)
    result: str = ""
    seconds: float | None = None
    reason: str = ""
    unfolded: bool = False
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
    one that has the versions, usually the answer's first.
    """

    text: str = ""
    running: bool = True
    fraction: float | None = None
    answer: str = ""
    question: int | None = None
    message: int | None = None
    version: int | None = None
    versions: tuple[int, ...] = ()


@dataclass(eq=False)
class Notice:
    text: str
    message: int | None = None


@dataclass(eq=False)
class Failure:
    error: KnownError
    actions: tuple[FailureAction, ...] = ("retry",)
    message: int | None = None


Entry = Question | Thinking | ToolUse | Answer | Footer | Notice | Failure


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

    def touch(self, entry: Entry) -> None:
        self._changed[id(entry)] = entry

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

    def take_changed(self) -> list[Entry]:
        """Each entry that was added or changed since the last call, once."""
        changed, self._changed = self._changed, {}
        kept = {id(entry) for entry in self.entries}
        return [entry for key, entry in changed.items() if key in kept]
