"""What a transcript shows, without a word about how: entries that change while a turn runs.

What a person has unfolded is kept here too: views come and go.
"""

from dataclasses import dataclass, field
from typing import Literal

from app.core.errors import KnownError
from app.core.json import JsonObject

ThinkingState = Literal["running", "done", "unfinished"]
ToolState = Literal["writing", "running", "done", "failed", "stopped", "rejected"]
FailureAction = Literal["retry", "open"]


@dataclass(eq=False)
class Question:
    """unfolded: so many characters beyond the usual are shown."""

    text: str
    unfolded: int = 0


@dataclass(eq=False)
class Thinking:
    """started is on the clock of the reader; seconds is set when it ended."""

    started: float
    text: str = ""
    tokens: int = 0
    seconds: float | None = None
    state: ThinkingState = "running"
    opened: bool = False


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


@dataclass(eq=False)
class Answer:
    """Markdown. unfolded: as for a question."""

    text: str = ""
    finished: bool = False
    unfolded: int = 0


@dataclass(eq=False)
class Footer:
    """The line under a turn: what goes on, then its figures. fraction: prompt reading, 0 to 1."""

    text: str = ""
    running: bool = True
    fraction: float | None = None
    answer: str = ""


@dataclass(eq=False)
class Notice:
    text: str


@dataclass(eq=False)
class Failure:
    error: KnownError
    actions: tuple[FailureAction, ...] = ("retry",)


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

    def remove_from(self, entry: Entry) -> None:
        """That entry and all after it."""
        del self.entries[self.entries.index(entry) :]

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
