"""What of the open conversation is not sent: its place in the transcript and on disk. No Qt."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

from app.chat.context.omission import (
    KEY,
    Omission,
    applying,
    changed,
    from_json,
    omission,
    sent,
    to_json,
)
from app.chat.store.store import ChatStore
from app.core.json import JsonObject
from app.core.messages import Message
from app.ui.chat.context.entry import Omitted
from app.ui.chat.entries import Question, Transcript
from app.ui.chat.path import Path

_log = logging.getLogger(__name__)


class Omissions:
    """All methods belong on the GUI thread. chats None: it lasts as long as the window."""

    def __init__(self, path: Path, transcript: Transcript, chats: ChatStore | None) -> None:
        self._path = path
        self._transcript = transcript
        self._chats = chats
        self._all: tuple[Omission, ...] = ()
        self._seen: tuple[Message, ...] | None = None
        self._now: Omission | None = None
        self.entry: Omitted | None = None

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as the model could get it, all of it."""
        return self._path.prompt()

    @property
    def now(self) -> Omission | None:
        self._look()
        return self._now

    def opened(self, settings: JsonObject) -> None:
        """Another conversation is shown, or another branch of it."""
        self._all = from_json(settings.get(KEY))
        self._forget()

    def left(self) -> None:
        self._all = ()
        self._forget()
        self.entry = None

    def sent(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """What of these goes to the model; they may end before the conversation does."""
        return sent(messages, applying(self._all, messages) if self._all else None)

    def choose(self, now: Omission | None) -> None:
        """From the next prompt on. None: all of it is sent again."""
        self._all = changed(self._all, self.messages, now)
        self._forget()
        if self._chats is not None and self._path.id is not None:
            kept = self._chats.conversations.set_setting(self._path.id, KEY, to_json(self._all))
            kept.add_done_callback(_note)
        self.mark()

    def edit_summary(self, text: str) -> None:
        """An empty one: nothing is sent in place of the messages."""
        now = self.now
        if now is not None:
            text = text.strip()
            self.choose(replace(now, summary=text, summarized=now.summarized if text else 0))

    def cover(self, more: Omission) -> None:
        """A summary was written; what was left out beyond it stays so."""
        now = self.now
        number = max(more.messages, now.messages if now is not None else 0)
        self.choose(omission(self.messages, number, more.summary, more.summarized))

    def mark(self) -> None:
        """Let the transcript show it, in the right place."""
        now = self.now
        entry = self.entry
        if entry is not None and entry.state == "writing":
            self._put(entry)
            return
        if now is None:
            self._take_away()
            return
        entry = entry or Omitted(now.messages)
        entry.messages, entry.summarized = now.messages, now.summarized
        entry.text = now.summary
        entry.state = "summary" if now.summary else "left out"
        self._put(entry)

    def begin_writing(self, messages: int) -> Omitted:
        """The transcript shows a summary that is being written of so many messages."""
        self._take_away()
        entry = Omitted(messages, "writing", summarized=messages)
        self._put(entry)
        return entry

    def end_writing(self) -> None:
        """Whatever came of it."""
        self._take_away()
        self.mark()

    def touch(self) -> None:
        if self.entry is not None:
            self._transcript.touch(self.entry)

    def _put(self, entry: Omitted) -> None:
        before = self._first_sent(entry.messages)
        entries = self._transcript.entries
        if self.entry in entries:
            at = entries.index(self.entry)
            below = entries[at + 1] if at + 1 < len(entries) else None
            if entry is self.entry and below is before:
                self._transcript.touch(entry)
                return
            entries.remove(self.entry)
        self.entry = entry
        self._transcript.insert(entry, before)

    def _take_away(self) -> None:
        if self.entry is not None and self.entry in self._transcript.entries:
            self._transcript.remove(self.entry)
        self.entry = None

    def _first_sent(self, messages: int) -> Question | None:
        """The question below the place; None when nothing is."""
        before = sum(one.role == "user" for one in self.messages[:messages])
        questions = [one for one in self._transcript.entries if isinstance(one, Question)]
        return questions[before] if before < len(questions) else None

    def _look(self) -> None:
        messages = self._path.prompt()
        if self._seen is not messages:
            self._seen = messages
            self._now = applying(self._all, messages) if self._all else None

    def _forget(self) -> None:
        self._seen, self._now = None, None


def _note(kept: Future[None]) -> None:
    """The store keeps what could not be written and says so itself."""
    if kept.exception() is not None:
        _log.warning("What is left out is not on disk yet: %s", kept.exception())
