"""The manner of the open conversation: what it is, and that it is on the disk."""

import logging
from collections.abc import Callable
from concurrent.futures import Future

from app.chat.personas.manner import Manner, kept_manner, kept_settings
from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails

_log = logging.getLogger(__name__)


class MannerKeeper:
    """For one thread; nothing waits for the disk. chats None: it lasts as long as the window.

    beginning: what a new chat begins with. listener: called when there is another manner now.
    keep_new: keeps what was chosen for a chat that has no question yet; None when that is nothing.
    Like its draft it waits while another chat is open. chat: another number for another chat.
    """

    def __init__(
        self,
        chats: ChatStore | None,
        beginning: Callable[[], Manner] = Manner,
        listener: Callable[[], None] = lambda: None,
        keep_new: Callable[[Manner | None], None] = lambda _: None,
    ) -> None:
        self._chats = chats
        self.beginning = beginning
        self.listener = listener
        self.keep_new = keep_new
        self.chat = 0
        self._begun: Manner | None = None
        self._waiting: Manner | None = None
        self._conversation: int | None = None
        self._kept = Manner()
        self.manner = Manner()

    @property
    def conversation(self) -> int | None:
        """None while the chat is not on the disk."""
        return self._conversation

    def begin(self) -> None:
        """A new chat, which is not on the disk yet. When it is open already, nothing happens."""
        if self._begun is not None and self._conversation is None and self._chats is not None:
            return
        self.flush()
        self._conversation, self._kept = None, Manner()
        self.chat += 1
        self._begun = self.beginning()
        self.manner, self._waiting = self._waiting or self._begun, None
        self.listener()

    def begin_again(self) -> None:
        """New chats begin otherwise now, and so does the open one, unless somebody has chosen."""
        if self._conversation is None and self.manner == self._begun:
            self._begun = self.manner = self.beginning()
            self.listener()

    def take_up(self, manner: Manner) -> None:
        """What was chosen for the new chat before the program ended."""
        if self._conversation is None:
            self.manner = manner
            self.listener()

    def opened(self, details: ConversationDetails) -> None:
        """Read again, the open one stays as it is here: nothing newer can be on the disk."""
        if details.head.id == self._conversation:
            return
        self.flush()
        if self._conversation is None and self.manner != self._begun:
            self._waiting = self.manner
        self.chat += 1
        self._conversation = details.head.id
        self._kept = self.manner = kept_manner(details)
        self.listener()

    def change(self, manner: Manner, *, later: bool = False) -> None:
        """The person has chosen. later: they are typing; it is written by `flush`."""
        if manner != self.manner:
            self.manner = manner
            if not later:
                self.flush()
            self.listener()

    def keep_with(self, conversation: int | None) -> None:
        """The chat is that conversation now, and keeps its manner from here on."""
        if conversation is not None and conversation != self._conversation:
            if self._conversation is None:
                self.keep_new(None)
            self._conversation, self._kept = conversation, Manner()
            self.flush()

    def flush(self) -> None:
        """Write what is not there yet."""
        conversation, manner, kept = self._conversation, self.manner, self._kept
        if self._chats is None:
            return
        if conversation is None:
            self.keep_new(manner if manner != self._begun else None)
        if conversation is None or manner == kept:
            return
        commands = self._chats.conversations
        if manner.system_prompt != kept.system_prompt:
            _watch(commands.set_system_prompt(conversation, manner.system_prompt))
        if manner.persona_label != kept.persona_label:
            _watch(commands.set_persona(conversation, manner.persona_label))
        before = kept_settings(kept)
        for key, value in kept_settings(manner).items():
            if value != before[key]:
                _watch(commands.set_setting(conversation, key, value))
        self._kept = manner


def _watch(future: Future[None]) -> None:
    """The store keeps what could not be written and tells so itself; here it is only noted."""
    future.add_done_callback(_note)


def _note(future: Future[None]) -> None:
    error = future.exception() if not future.cancelled() else None
    if error is not None:
        _log.warning("How the chat is asked is not on disk yet: %s", error)
