"""What is typed and not sent yet stays with its conversation, over the end of the program too."""

from PySide6.QtCore import QObject

from app.ui.chat.composer import Composer
from app.ui.chat.session import ChatSession
from app.ui.widgets import single_shot

_KEEP_MS = 400


class Drafts(QObject):
    """A new chat has a draft as well. Without a store nothing is kept, and the text stays in the
    field whatever is opened."""

    def __init__(self, composer: Composer, session: ChatSession, parent: QObject) -> None:
        super().__init__(parent)
        self._composer, self._session = composer, session
        self._slot = session.conversation
        self._kept: dict[int | None, str] = {None: ""}
        self._soon = single_shot(self, _KEEP_MS, self.keep)
        composer.edit.textChanged.connect(self._soon.start)
        self._fetch()

    def keep(self) -> None:
        """Now, as at the end of the program."""
        self._soon.stop()
        self._write(self._composer.text())

    def begun(self) -> None:
        """The new chat may have become a conversation; what was typed for it was sent then."""
        if self._slot is None and self._session.conversation is not None:
            self._write("")
            self._slot = self._session.conversation

    def conversation_changed(self, draft: str) -> None:
        """Another one is shown. draft: its own, as the store has it."""
        if self._session.chats is None:
            return
        if self._slot is not None or self._session.conversation is not None:
            self._soon.stop()
            self._write(self._composer.text())
            self._slot = self._session.conversation
            self._kept.setdefault(self._slot, draft)
            self._composer.set_text(self._kept[self._slot])
            self._soon.stop()

    def _write(self, text: str) -> None:
        chats, slot = self._session.chats, self._slot
        if chats is None or self._kept.get(slot, "") == text:
            return
        self._kept[slot] = text
        if slot is None:
            chats.conversations.set_new_draft(text)
        else:
            chats.conversations.set_draft(slot, text)

    def _fetch(self) -> None:
        """What was typed for a new chat before the program ended."""
        chats = self._session.chats
        if chats is not None:
            self._session.tasks.run(lambda _: chats.read.new_draft(), self._fetched)

    def _fetched(self, draft: str) -> None:
        if not draft or self._kept[None]:
            return
        self._kept[None] = draft
        if self._slot is None and self._session.conversation is None and not self._composer.text():
            self._composer.set_text(draft)
