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
    """

    def __init__(
        self,
        chats: ChatStore | None,
        beginning: Callable[[], Manner] = Manner,
        listener: Callable[[], None] = lambda: None,
    ) -> None:
        self._chats = chats
        self.beginning = beginning
        self.listener = listener
        self._conversation: int | None = None
        self._kept = Manner()
        self.manner = Manner()

    @property
    def conversation(self) -> int | None:
        """None while the chat is not on the disk."""
        return self._conversation

    def begin(self) -> None:
        """A new chat, which is not on the disk yet."""
        self.flush()
        self._conversation, self._kept = None, Manner()
        self.manner = self.beginning()
        self.listener()

    def opened(self, details: ConversationDetails) -> None:
        """Read again, the open one stays as it is here: nothing newer can be on the disk."""
        if details.head.id == self._conversation:
            return
        self.flush()
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
            self._conversation, self._kept = conversation, Manner()
            self.flush()

    def flush(self) -> None:
        """Write what is not there yet."""
        conversation, manner, kept = self._conversation, self.manner, self._kept
        if self._chats is None or conversation is None or manner == kept:
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
