"""What made the answers of a conversation from the disk, found out once they are shown."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from app.chat.store.store import ChatStore
from app.chat.store.types import Making
from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner
from app.ui.chat.entries import Footer, Transcript
from app.ui.chat.making_words import made_line, made_text

_AT_ONCE = 400


class Shown(Protocol):
    """The session, as far as it matters here."""

    chats: ChatStore | None
    tasks: TaskRunner
    transcript: Transcript

    @property
    def conversation(self) -> int | None: ...

    def tell_transcript(self) -> None: ...


Found = list[tuple[Footer, str, str]]


class MadeLater:
    """Reading it with the conversation would hold up the first picture of a long one."""

    def __init__(self, session: Shown) -> None:
        self._session = session

    def read(self) -> None:
        """For the lines under answers that say nothing about it yet, the last ones first."""
        session, chats = self._session, self._session.chats
        conversation = session.conversation
        footers = [
            (entry, entry.version)
            for entry in reversed(session.transcript.entries)
            if isinstance(entry, Footer) and entry.version is not None and not entry.running
            and not (entry.made and entry.text)
        ]  # fmt: skip
        if chats is None or not footers:
            return

        def work(cancel: CancelToken) -> None:
            for some in _slices(footers):
                cancel.raise_if_cancelled()
                makings = chats.read.makings(sorted(version for _, version in some))
                found = [_words(footer, makings.get(version)) for footer, version in some]
                session.tasks.post(partial(self._show, conversation, found))

        session.tasks.run(work, lambda _: None, lambda _: None)

    def _show(self, conversation: int | None, found: Found) -> None:
        session = self._session
        if session.conversation != conversation:
            return
        for footer, line, told in found:
            if told and not footer.running:
                footer.made = told
                footer.text = footer.text if line in footer.text else _joined(footer.text, line)
                session.transcript.touch(footer)
        session.tell_transcript()


def _words(footer: Footer, making: Making | None) -> tuple[Footer, str, str]:
    return footer, made_line(making), made_text(making)


def _joined(before: str, line: str) -> str:
    return " · ".join(filter(None, (before, line)))


def _slices(footers: Sequence[tuple[Footer, int]]) -> Iterator[Sequence[tuple[Footer, int]]]:
    for start in range(0, len(footers), _AT_ONCE):
        yield footers[start : start + _AT_ONCE]
