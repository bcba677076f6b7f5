"""What lies beside the question that is being written. No widgets.

Each conversation has its own; what is added while one is open stays with it when another is opened,
and so does what is still being read.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.chat.attachments.cutting import part_of
from app.chat.attachments.fitting import Counter, Size, fitted, size_of
from app.chat.attachments.reading import ReadProgress, display_name, from_text, read_file
from app.chat.attachments.types import ReadText
from app.core.cancel import CancelToken
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import AttachmentPart
from app.core.tasks import TaskRunner
from app.ui.chat.attachments.jobs import Job, Jobs
from app.ui.chat.model_loads import known

MOST = 32
_PASTED = "pasted-text"
_TELL_SECONDS = 0.1

_numbers = count(1)

Measured = tuple[ReadText, Size]


@dataclass(eq=False)
class Item:
    """whole: what was read; chosen: what of it will be sent, whole itself at first. size: of
    `chosen`. job: what is under way for it. source: what gives it, when it comes from no file."""

    name: str
    path: Path | None = None
    source: Callable[[CancelToken], ReadText] | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    job: Job[Measured] | None = None
    progress: ReadProgress | None = None
    whole: ReadText | None = None
    chosen: ReadText | None = None
    size: Size = field(default_factory=Size)
    error: KnownError | None = None
    size_bytes: int | None = None

    @property
    def reading(self) -> bool:
        return self.chosen is None and self.error is None


class Desk(QObject):
    """For the GUI thread. changed: something about the items; progressed: how far the reading of
    one is. counter: asks the model how many tokens a text has, None where it cannot; called on
    worker threads."""

    changed = Signal()
    progressed = Signal(object)
    note = Signal(str)

    def __init__(self, tasks: TaskRunner, counter: Counter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks, self._counter = tasks, counter
        self._jobs: Jobs[Measured] = Jobs(tasks)
        self.conversation: int | None = None
        self._kept: dict[int | None, list[Item]] = {}
        self.items: list[Item] = []

    # Adding

    def add_files(self, paths: Sequence[Path]) -> None:
        there = {item.path for item in self.items}
        new = [path for path in dict.fromkeys(paths) if path not in there]
        if len(new) < len(paths):
            self.note.emit(tr("What was added before is not added a second time."))
        room = MOST - len(self.items)
        if len(new) > room:
            self.note.emit(tr("At most {most} files go with one question.", most=MOST))
        for path in new[: max(0, room)]:
            item = Item(display_name(path), path)
            self.items.append(item)
            self._read(item)

    def add_text(self, text: str) -> Item:
        """What was pasted."""
        names = {item.name for item in self.items}
        endings = ("", *(f"-{number}" for number in range(2, MOST + 2)))
        name = next(n for e in endings if (n := f"{_PASTED}{e}.txt") not in names)
        item = _read_item(from_text(name, text))
        self.items.append(item)
        self._measure(item)
        return item

    def add_reading(self, name: str, work: Callable[[CancelToken], ReadText]) -> Item:
        """What comes from elsewhere than a file. work: blocks, raises KnownError."""
        item = Item(name, source=work)
        self.items.append(item)
        self._read(item)
        return item

    def add_parts(self, parts: Sequence[AttachmentPart], conversation: int | None) -> None:
        """What lay beside the question of that conversation before the program ended."""
        items = self.items
        if conversation != self.conversation:
            items = self._kept.setdefault(conversation, [])
        new = [_read_item(_read_before(part)) for part in parts]
        items[:0] = new
        for item in new:
            self._measure(item)

    def take_over(self, other: "Desk") -> None:
        """Everything that lay on the other one, which is not used any more."""
        self.conversation, self._kept, self.items = other.conversation, other._kept, other.items
        for item in self._all:
            if item.job is not None:
                item.job.give_up()
                item.job = None
            if item.chosen is not None:
                self._measure(item)
            elif item.error is None:
                self._read(item)
        self.changed.emit()

    def retry(self, item: Item) -> None:
        item.error = None
        self._read(item)

    def remove(self, item: Item) -> None:
        if item.job is not None:
            item.job.give_up()
        if item in self.items:
            self.items.remove(item)
            self.changed.emit()

    # Cutting

    def choose_part(self, item: Item, first: int, last: int) -> None:
        """Pages or lines."""
        if item.whole is not None:
            whole = item.whole
            self._start(item, lambda _: part_of(whole, first, last), whole)

    def choose_beginning(self, item: Item, tokens: int) -> None:
        """As much as so many tokens hold."""
        if item.whole is not None:
            whole = item.whole
            self._start(item, lambda _: fitted(whole, tokens, self._counter), whole)

    def choose_whole(self, item: Item) -> None:
        if item.whole is not None:
            self._start(item, _giving(item.whole), item.whole)

    def recount(self, *, only_estimates: bool = False) -> None:
        """Another model counts in another way."""
        for item in self._all:
            if not (only_estimates and item.size.exact):
                self._measure(item)

    # Sending

    @property
    def parts(self) -> tuple[AttachmentPart, ...]:
        return tuple(item.chosen.part for item in self.items if item.chosen is not None)

    @property
    def size(self) -> Size:
        """Of all together."""
        sizes = [item.size for item in self.items]
        return Size(sum(size.tokens for size in sizes), all(size.exact for size in sizes))

    @property
    def obstacle(self) -> str:
        """Why the question cannot be sent now; "" when it can."""
        failed = [item for item in self.items if item.error is not None]
        if any(item.job is not None for item in self.items):
            return tr("A file is still being read.")
        if len(failed) == 1:
            return tr("{name} could not be read. Remove it first.", name=failed[0].name)
        if failed:
            return tr("{count} files could not be read. Remove them first.", count=len(failed))
        return ""

    def clear(self) -> None:
        """They were sent."""
        self.items = []
        self.changed.emit()

    def switch(self, conversation: int | None) -> None:
        """Another conversation is open now."""
        if conversation == self.conversation:
            return
        if self.items:
            self._kept[self.conversation] = self.items
        self.conversation = conversation
        self.items = self._kept.pop(conversation, [])
        self.changed.emit()

    def become(self, conversation: int) -> None:
        """The new chat has become a conversation; what lies here goes with it."""
        self.conversation = conversation

    # Reading

    @property
    def _all(self) -> list[Item]:
        return [*self.items, *(item for kept in self._kept.values() for item in kept)]

    def _measure(self, item: Item) -> None:
        """Again, unless something is under way for it."""
        if item.chosen is not None and item.job is None:
            self._start(item, _giving(item.chosen), item.whole)

    def _read(self, item: Item) -> None:
        if item.source is not None:
            self._start(item, item.source)
            return
        path = item.path
        if path is None:
            return

        def work(cancel: CancelToken) -> ReadText:
            last = 0.0

            def tell(progress: ReadProgress) -> None:
                nonlocal last
                now = time.monotonic()
                if now - last >= _TELL_SECONDS:
                    last = now
                    self._tasks.post(lambda: self._progressed(item, progress))

            return read_file(path, cancel, tell)

        self._start(item, work)

    def _start(
        self,
        item: Item,
        work: Callable[[CancelToken], ReadText],
        whole: ReadText | None = None,
    ) -> None:
        """Whatever is under way for it is given up. whole: when `work` gives a part of it."""

        def measured(cancel: CancelToken) -> Measured:
            read = work(cancel)
            return read, size_of(read, self._counter)

        def done(found: Measured) -> None:
            item.job, item.progress, item.error = None, None, None
            item.chosen, item.size = found
            item.whole = whole or item.chosen
            item.size_bytes = item.chosen.size_bytes
            self.changed.emit()

        def failed(error: Exception) -> None:
            item.job, item.chosen, item.error = None, None, known(error)
            self.changed.emit()

        if item.job is not None:
            item.job.give_up()
        item.job = Job(measured, done, failed)
        self._jobs.start(item.job)
        self.changed.emit()

    def _progressed(self, item: Item, progress: ReadProgress) -> None:
        if item.reading:
            item.progress = progress
            self.progressed.emit(item)


def _read_item(read: ReadText) -> Item:
    return Item(read.name, whole=read, chosen=read, size_bytes=read.size_bytes)


def _read_before(part: AttachmentPart) -> ReadText:
    return ReadText(part.name, part.text, part.media_type, part.size_bytes, excerpt=part.excerpt)


def _giving(read: ReadText) -> Callable[[CancelToken], ReadText]:
    return lambda _: read
