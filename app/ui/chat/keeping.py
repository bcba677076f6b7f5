"""Where the open conversation is on the disk, and how a turn gets there. No Qt."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from app.chat.events import TurnEvent
from app.chat.keeper import TurnKeeper
from app.chat.store.store import ChatStore
from app.chat.store.types import ConversationDetails, Making, StoredMessage
from app.chat.turn import TurnOptions
from app.core.errors import KnownError
from app.core.messages import TextPart
from app.settings.sampling_json import sampling_to_json

DISK_SECONDS = 10.0


@dataclass(frozen=True)
class KeptTurn:
    """on_disk: done when the question is."""

    keeper: TurnKeeper
    on_disk: Future[None]

    def wait_for_question(self, tell: Callable[[str], None]) -> None:
        """Blocks: the engine sees a question when it is on disk. A disk that refuses holds up
        nobody: the store keeps what could not be written and tries again."""
        try:
            self.on_disk.result(DISK_SECONDS)
        except TimeoutError:
            tell("The disk does not answer. This chat is not saved yet.")
        except KnownError as error:
            tell(str(error))

    def feed(self, event: TurnEvent) -> None:
        self.keeper.feed(event)


class Keeping:
    """chats None: nothing is kept. conversation: None until the first question."""

    def __init__(self, chats: ChatStore | None) -> None:
        self._chats = chats
        self.conversation: int | None = None
        self._leaf: int | None = None
        self._question: int | None = None
        self._unanswered: int | None = None
        self._turn: KeptTurn | None = None

    def begin(self, text: str, title: str, options: TurnOptions, model: str) -> KeptTurn | None:
        """A question that got no answer before is asked again, not added a second time."""
        chats = self._chats
        if chats is None:
            return None
        if self.conversation is None:
            self.conversation, _ = chats.conversations.create(title)
        if self._unanswered is not None:
            question, on_disk = self._unanswered, chats.written()
        else:
            question, on_disk = chats.messages.ask(self.conversation, self._leaf, [TextPart(text)])
        self._unanswered, self._question = None, question
        making = Making(model, "", sampling_to_json(options.sampling))
        keeper = TurnKeeper(chats.messages, self.conversation, question, making)
        self._turn = KeptTurn(keeper, on_disk)
        return self._turn

    def answered(self) -> None:
        """The last turn has added to the conversation."""
        if self._turn is not None:
            self._leaf = self._turn.keeper.leaf

    def unanswered(self) -> None:
        """Nothing came of it; the question can be asked again."""
        self._unanswered = self._question

    def leave(self) -> None:
        self.conversation = self._leaf = self._question = self._unanswered = None
        self._turn = None

    def opened(self, details: ConversationDetails, stored: Sequence[StoredMessage]) -> None:
        self.leave()
        self.conversation = details.head.id
        self._leaf = stored[-1].id if stored else None
