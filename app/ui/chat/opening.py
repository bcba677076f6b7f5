"""A conversation is read from the disk. Blocks: for worker threads."""

from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails
from app.ui.chat.keeping import DISK_SECONDS
from app.ui.chat.path import PathMessage, path_message

Opened = tuple[ConversationDetails, tuple[PathMessage, ...]]


def read_opened(chats: ChatStore, conversation: int) -> Opened:
    """As everything that was given to the store before has left it. How a message was made is read
    where it matters: of versions, and of the last one. Raises KnownError, TimeoutError."""
    chats.written().result(DISK_SECONDS)
    details, stored = chats.read.details(conversation), chats.read.history(conversation)
    asked = {one.id for one in stored if len(one.versions) > 1 and one.message.role != "user"}
    makings = chats.read.makings(sorted(asked | {one.id for one in stored[-1:]}))
    return details, tuple(path_message(one, makings.get(one.id)) for one in stored)
