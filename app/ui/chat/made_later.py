"""What made the answers of a conversation from the disk, found out for those that are seen."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject

from app.chat.store.types import Making
from app.core.cancel import CancelToken
from app.ui.chat.entries import Footer
from app.ui.chat.making_words import made_line, made_text
from app.ui.chat.session import ChatSession
from app.ui.chat.transcript_view import TranscriptView
from app.ui.widgets import single_shot

_REST_MS = 150


class MadeLater(QObject):
    """Reading it with the conversation would hold up the first picture of a long one."""

    def __init__(self, session: ChatSession, view: TranscriptView) -> None:
        super().__init__(view)
        self._session, self._view = session, view
        self._conversation: int | None = None
        self._asked: set[int] = set()
        self._rest = single_shot(self, _REST_MS, self._look)
        view.laid_out.connect(self._wait)

    def _wait(self) -> None:
        """Until nothing moves any more."""
        if self._session.chats is not None and self._session.conversation is not None:
            self._rest.start()

    def _look(self) -> None:
        session, chats = self._session, self._session.chats
        if chats is None or session.tasks.closed or session.busy:
            return
        conversation = session.conversation
        if conversation != self._conversation:
            self._conversation, self._asked = conversation, set()
        entries = [view.entry for view in self._view.views]
        footers = [entry for entry in entries if isinstance(entry, Footer) and self._lacks(entry)]
        wanted = sorted({entry.version for entry in footers if entry.version is not None})
        if not wanted:
            return
        self._asked.update(wanted)

        def work(_: CancelToken) -> Mapping[int, Making]:
            return chats.read.makings(wanted)

        def done(found: Mapping[int, Making]) -> None:
            if session.conversation == conversation:
                self._show(footers, found)

        session.tasks.run(work, done, lambda _: self._asked.difference_update(wanted))

    def _lacks(self, entry: Footer) -> bool:
        """It says nothing about it yet, and something may be known."""
        says = bool(entry.made and entry.text)
        return not (entry.running or says or entry.version is None or entry.version in self._asked)

    def _show(self, footers: Sequence[Footer], found: Mapping[int, Making]) -> None:
        for footer in footers:
            making = found.get(footer.version or 0)
            if making is None or footer.running:
                continue
            footer.made, line = made_text(making), made_line(making)
            footer.text = " · ".join(filter(None, (footer.text, line)))
            self._session.transcript.touch(footer)
        self._session.tell_transcript()
