"""Conversations are read from the disk. No Qt."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails, StoredMessage
from app.chat.stored import prompt_messages
from app.core.cancel import CancelToken
from app.core.language import tr
from app.core.messages import Message
from app.ui.chat.entries import Entry
from app.ui.chat.keeping import DISK_SECONDS
from app.ui.chat.model_loads import known
from app.ui.chat.path import PathMessage, path_message
from app.ui.chat.stored_entries import stored_entries

if TYPE_CHECKING:
    from app.ui.chat.session import ChatSession

# More than a window shows. A chat with more messages is shown from its end before all is read.
_END = 24
# So many entries are added at a time above those that are shown: a few milliseconds' work.
_SOME = 1_500

# How long reading the rest waits for the end to be drawn.
_DRAWN_SECONDS = 0.5


@dataclass(frozen=True)
class Opened:
    """told: what the model is told of the messages. entries: what shows them. whole False: these
    are the last ones only."""

    details: ConversationDetails
    messages: tuple[PathMessage, ...]
    told: tuple[Message, ...]
    entries: Sequence[Entry]
    whole: bool = True


class Reading:
    """For the GUI thread. conversation: the one that is being read now; the latest wins."""

    def __init__(self, session: "ChatSession") -> None:
        self._session = session
        self._number = 0
        self.conversation: int | None = None

    def open(self, conversation: int, message: int | None) -> None:
        """message: what the person wants to see of it."""
        session = self._session
        if conversation == session.conversation and self.conversation not in (None, conversation):
            self._stay()
        if conversation != session.conversation:
            session.stop()
            self.read(conversation, message)
        elif message is not None and session.path.index(message) is not None:
            self._found(message)
        elif message is not None and session.busy:
            session.note(tr("That is in another version. Stop the answer first, then open it."))
        elif message is not None:
            self.read(conversation, message)

    def read(self, conversation: int, message: int | None = None) -> None:
        session, chats = self._session, self._session.chats
        if chats is None:
            return
        self._number += 1
        number, self.conversation = self._number, conversation
        end_first = message is None and conversation != session.conversation

        def work(cancel: CancelToken) -> Opened:
            shown = threading.Event()
            cancel.on_cancel(shown.set)

            def show_end(found: Opened) -> None:
                session.tasks.post(partial(self._show_end, number, found, shown))
                # Both at once would take turns with the interpreter, and the picture come late.
                shown.wait(_DRAWN_SECONDS)

            return read_opened(chats, conversation, message, show_end if end_first else None)

        def done(found: Opened) -> None:
            self._add_above(number, found, message)

        def failed(error: Exception) -> None:
            if number == self._number:
                self.give_up()
                if not session.path.whole:
                    session.new_chat()
                session.tell_busy()
            session.note(str(known(error)))

        session.tasks.run(work, done, failed)
        session.tell_busy()

    def give_up(self) -> None:
        self.conversation = None

    def _stay(self) -> None:
        """In the chat that is shown, after all."""
        whole, shown = self._session.path.whole, self._session.conversation
        self._number += 1
        self.give_up()
        if not whole and shown is not None:
            self.read(shown)
        self._session.tell_busy()

    def _is_wanted(self, number: int) -> bool:
        return number == self._number and self.conversation is not None

    def _show_end(self, number: int, found: Opened, shown: threading.Event) -> None:
        if self._is_wanted(number):
            self._session.show(found)
            self._session.tell_busy()
        shown.set()

    def _add_above(self, number: int, found: Opened, message: int | None) -> None:
        """Some at a time, when the end is shown already: the window stays quick meanwhile."""
        if not self._is_wanted(number):
            return
        session = self._session
        missing = len(found.entries) - len(session.transcript.entries) - _SOME
        if missing > 0 and not session.path.whole:
            session.transcript.become(found.entries[missing:])
            session.tell_transcript()
            session.tasks.post(partial(self._add_above, number, found, message))
            return
        self.give_up()
        session.show(found)
        session.tell_busy()
        if message is not None:
            self._found(message)

    def _found(self, message: int) -> None:
        if self._session.presenter is not None:
            self._session.presenter.message_found(message)


def read_opened(
    chats: ChatStore,
    conversation: int,
    message: int | None = None,
    show_end: Callable[[Opened], None] | None = None,
) -> Opened:
    """As everything that was given to the store before has left it. message: the branch that it is
    in is shown from now on. show_end: called with the last messages of a long conversation before
    the others are read; their entries are among those of the whole. How a message was made is read
    where it matters: of versions, and of the last one. Blocks. Raises KnownError, TimeoutError."""
    if message is not None:
        chats.messages.show(message)
    chats.written().result(DISK_SECONDS)
    details = chats.read.details(conversation)
    end = _from_a_question(chats.read.history(conversation, _END)) if show_end is not None else ()
    entries: list[Entry] = []
    if show_end is not None and end:
        messages = _path_messages(chats, end)
        entries = list(stored_entries(messages))
        show_end(_opened(details, messages, entries, whole=False))
    stored = chats.read.history(conversation)
    messages = _path_messages(chats, stored)
    above = messages[: len(messages) - len(end)]
    if stored[len(above) :] != end:  # something else is there by now
        above, entries = messages, []
    return _opened(details, messages, [*stored_entries(above), *entries])


def _opened(
    details: ConversationDetails,
    messages: tuple[PathMessage, ...],
    entries: Sequence[Entry],
    *,
    whole: bool = True,
) -> Opened:
    told = tuple(prompt_messages([one.message for one in messages]))
    return Opened(details, messages, told, entries, whole)


def _path_messages(chats: ChatStore, stored: Sequence[StoredMessage]) -> tuple[PathMessage, ...]:
    asked = {one.id for one in stored if len(one.versions) > 1 and one.message.role != "user"}
    makings = chats.read.makings(sorted(asked | {one.id for one in stored[-1:]}))
    return tuple(path_message(one, makings.get(one.id)) for one in stored)


def _from_a_question(stored: Sequence[StoredMessage]) -> tuple[StoredMessage, ...]:
    """The end of a long conversation without the turn that is cut; nothing of a short one."""
    if len(stored) < _END:
        return ()
    at = next((n for n, one in enumerate(stored) if one.message.role == "user"), len(stored))
    return tuple(stored[at:])
