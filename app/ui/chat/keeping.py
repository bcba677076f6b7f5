"""How a turn gets onto the disk. No Qt."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from app.chat.events import TurnEvent, TurnFinished
from app.chat.keeper import TurnKeeper, Written
from app.chat.store.store import ChatStore
from app.chat.store.types import Making
from app.chat.turn import TurnOptions
from app.core.errors import KnownError
from app.core.language import tr
from app.core.messages import Part
from app.settings.sampling_json import sampling_to_json
from app.ui.chat.model_loads import known
from app.ui.chat.model_state import LoadedModel
from app.ui.chat.path import Path, PathMessage

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
            tell(tr("The disk does not answer. This chat is not saved yet."))
        except KnownError as error:
            tell(str(error))

    def feed(self, event: TurnEvent) -> int:
        """Keep it; the message that it belongs to."""
        self.keeper.feed(event)
        return self.keeper.message

    def done(self, finished: TurnFinished) -> None:
        stopped = finished.reason == "cancelled"
        self.keeper.end("stopped" if stopped else "complete", notice=finished.notice)

    def failed(self, error: Exception) -> None:
        self.keeper.end("failed", error=known(error))


class Keeping:
    """chats None: nothing is kept, and every method gives None."""

    def __init__(self, chats: ChatStore | None) -> None:
        self._chats = chats

    def ask(self, path: Path, parts: Sequence[Part]) -> tuple[int, Future[None]] | None:
        """A question below the last message of the path, whose conversation is begun if need be."""
        if self._chats is None:
            return None
        if path.id is None:
            path.id, _ = self._chats.conversations.create(path.title)
        leaf = path.leaf
        return self._chats.messages.ask(path.id, leaf.id if leaf else None, parts)

    def turn(
        self,
        path: Path,
        options: TurnOptions,
        model: LoadedModel,
        on_disk: Future[None] | None = None,
        begun: PathMessage | None = None,
    ) -> KeptTurn | None:
        """The answer to the last message of the path. on_disk: of that message; by default
        everything that was given before. begun: the answer there is already, and that goes on."""
        leaf = path.leaf
        if self._chats is None or path.id is None or leaf is None or leaf.id is None:
            return None
        making = Making(model.name, model.quantization, sampling_to_json(options.sampling))
        written = None
        if begun is not None and begun.id is not None:
            written = Written(begun.id, begun.message, begun.state, begun.making)
        keeper = TurnKeeper(self._chats.messages, path.id, leaf.id, making, written)
        return KeptTurn(keeper, on_disk or self._chats.written())

    def spelling(self, begun: PathMessage | None) -> str:
        """What the model wrote for it, tags included; "" when that is not known. Blocks."""
        if self._chats is None or begun is None or begun.id is None:
            return ""
        try:
            return self._chats.read.message(begun.id).raw or ""
        except KnownError:  # not on the disk; its parts tell nearly the same
            return ""
