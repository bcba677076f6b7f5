"""Files that wait with an unsent question are in the store, over the end of the program too."""

from PySide6.QtCore import QObject

from app.core.messages import AttachmentPart
from app.ui.chat.attachments.desk import Desk
from app.ui.chat.session import ChatSession
from app.ui.widgets import single_shot

_KEEP_MS = 600
# Together; larger ones have to be added again after a restart.
MOST_CHARACTERS = 4_000_000


class KeptFiles(QObject):
    """Follows the desk. Without a store nothing is kept."""

    def __init__(self, desk: Desk, session: ChatSession, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._session = desk, session
        self._written: dict[int | None, tuple[AttachmentPart, ...]] = {}
        self._soon = single_shot(self, _KEEP_MS, self.keep)
        desk.changed.connect(self._soon.start)
        self.fetch()

    def keep(self) -> None:
        """Now: before another conversation is shown, and at the end of the program."""
        self._soon.stop()
        chats, slot = self._session.chats, self._desk.conversation
        parts = _within(self._desk.parts)
        if chats is None or slot not in self._written or self._written[slot] == parts:
            return
        self._written[slot] = parts
        chats.conversations.set_draft_files(slot, parts)

    def sent(self) -> None:
        """What lay beside the question of a new chat is part of a conversation now."""
        chats = self._session.chats
        self._soon.stop()
        if chats is not None and self._written.get(None):
            chats.conversations.set_draft_files(None, ())
        self._written[None] = ()

    def take_over(self, other: "KeptFiles") -> None:
        self._written = other._written
        other._soon.stop()

    def fetch(self) -> None:
        """What the store has for the conversation that is shown now, once."""
        chats, slot = self._session.chats, self._desk.conversation
        if chats is None or slot in self._written:
            return

        def done(parts: tuple[AttachmentPart, ...]) -> None:
            self._written.setdefault(slot, parts)
            if parts:
                self._desk.add_parts(parts, slot)
            self._soon.start()

        self._session.tasks.run(lambda _: chats.read.draft_files(slot), done)


def _within(parts: tuple[AttachmentPart, ...]) -> tuple[AttachmentPart, ...]:
    """As many of them, in order, as are not too much."""
    left = MOST_CHARACTERS
    kept: list[AttachmentPart] = []
    for part in parts:
        if len(part.text) <= left:
            left -= len(part.text)
            kept.append(part)
    return tuple(kept)
