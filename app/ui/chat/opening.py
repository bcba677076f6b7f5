"""Conversations are read from the disk. No Qt."""

from typing import TYPE_CHECKING

from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails
from app.core.cancel import CancelToken
from app.core.language import tr
from app.ui.chat.keeping import DISK_SECONDS
from app.ui.chat.model_loads import known
from app.ui.chat.path import PathMessage, path_message

if TYPE_CHECKING:
    from app.ui.chat.session import ChatSession

Opened = tuple[ConversationDetails, tuple[PathMessage, ...]]


class Reading:
    """For the GUI thread. conversation: the one that is being read now; the latest wins."""

    def __init__(self, session: "ChatSession") -> None:
        self._session = session
        self._number = 0
        self.conversation: int | None = None

    def open(self, conversation: int, message: int | None) -> None:
        """message: what the person wants to see of it."""
        session = self._session
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
        chats = self._session.chats
        if chats is None:
            return
        self._number += 1
        number, self.conversation = self._number, conversation

        def work(_: CancelToken) -> Opened:
            return read_opened(chats, conversation, message)

        def done(found: Opened) -> None:
            if number == self._number and self.conversation is not None:
                self.give_up()
                self._session.show(*found)
                self._session.tell_busy()
                if message is not None:
                    self._found(message)

        def failed(error: Exception) -> None:
            if number == self._number:
                self.give_up()
                self._session.tell_busy()
            self._session.note(str(known(error)))

        self._session.tasks.run(work, done, failed)
        self._session.tell_busy()

    def give_up(self) -> None:
        self.conversation = None

    def _found(self, message: int) -> None:
        if self._session.presenter is not None:
            self._session.presenter.message_found(message)


def read_opened(chats: ChatStore, conversation: int, message: int | None = None) -> Opened:
    """As everything that was given to the store before has left it. message: the branch that it is
    in is shown from now on. How a message was made is read where it matters: of versions, and of
    the last one. Blocks. Raises KnownError, TimeoutError."""
    if message is not None:
        chats.messages.show(message)
    chats.written().result(DISK_SECONDS)
    details, stored = chats.read.details(conversation), chats.read.history(conversation)
    asked = {one.id for one in stored if len(one.versions) > 1 and one.message.role != "user"}
    makings = chats.read.makings(sorted(asked | {one.id for one in stored[-1:]}))
    return details, tuple(path_message(one, makings.get(one.id)) for one in stored)
