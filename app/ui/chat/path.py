"""The open conversation: its title and the messages that are shown, from the first to the last.
No Qt, no threads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.chat.keeper import TurnKeeper
from app.chat.store.types import Making, State, StoredMessage
from app.core.messages import ErrorPart, Message, NoticePart
from app.ui.chat.told import Told

if TYPE_CHECKING:
    from app.ui.chat.opening import Opened

_LONGEST_TITLE = 60


@dataclass(frozen=True)
class PathMessage:
    """id: as the store calls it; None when nothing is kept. versions: of it and the other replies
    in its place, as they were made; empty when nothing is kept. making: where it was asked for."""

    message: Message
    id: int | None = None
    state: State = "complete"
    versions: tuple[int, ...] = ()
    making: Making | None = None

    @property
    def said(self) -> Message:
        """Without remarks of the program."""
        parts = tuple(p for p in self.message.parts if not isinstance(p, NoticePart | ErrorPart))
        return replace(self.message, parts=parts)


class Path:
    """id: of the conversation in the store; None before its first question is kept. whole False:
    only the end of it has been read so far."""

    def __init__(self) -> None:
        self.id: int | None = None
        self.title = ""
        self.messages: list[PathMessage] = []
        self.whole = True
        self._told = Told()

    def clear(self) -> None:
        self.id, self.title = None, ""
        self.messages.clear()
        self.whole = True

    def show(self, found: "Opened") -> None:
        self.id, self.title = found.details.head.id, found.details.head.title
        self.messages[:] = found.messages
        self.whole = found.whole
        self._told.know(self.messages, found.told)

    @property
    def leaf(self) -> PathMessage | None:
        return self.messages[-1] if self.messages else None

    def index(self, message: int) -> int | None:
        """Where the message stands; None when it is not shown."""
        places = (n for n, one in enumerate(self.messages) if one.id == message)
        return next(places, None)

    def last_question(self) -> int | None:
        """Where it stands."""
        places = range(len(self.messages) - 1, -1, -1)
        return next((n for n in places if self.messages[n].message.role == "user"), None)

    def questions_up_to(self, place: int) -> int:
        """How many there are, that place included."""
        return sum(one.message.role == "user" for one in self.messages[: place + 1])

    @property
    def is_answered(self) -> bool:
        """The model has said something after the last question."""
        told = self.prompt()
        return not told or told[-1].role != "user"

    def said_last(self) -> list[str]:
        """The texts that the model has said since the last question."""
        place = self.last_question()
        since = self.messages[place + 1 :] if place is not None else []
        texts = [one.message.text.strip() for one in since if one.message.role == "assistant"]
        return [text for text in texts if text]

    def prompt(self) -> tuple[Message, ...]:
        """What the model is told of it; the same one as long as the messages are the same."""
        return self._told.of(self.messages)

    def add_turn(
        self, keeper: TurnKeeper | None, added: Iterable[Message], beside: tuple[int, ...]
    ) -> None:
        """A turn has ended. keeper: what the store has of it; without one, added is it. beside:
        the versions that its first message has joined."""
        if keeper is None:
            self.messages += [PathMessage(message) for message in added]
            return
        if keeper.remarks_before and self.messages:
            last = self.messages[-1]
            parts = (*last.message.parts, *keeper.remarks_before)
            self.messages[-1] = replace(last, message=replace(last.message, parts=parts))
        for one in keeper.written:
            versions = tuple(sorted({*beside, one.id}))
            beside = ()
            self.messages.append(PathMessage(one.message, one.id, one.state, versions, one.making))


def path_message(stored: StoredMessage, making: Making | None = None) -> PathMessage:
    return PathMessage(stored.message, stored.id, stored.state, stored.versions, making)


def title_of(question: str) -> str:
    """What a chat is called until somebody gives it a title."""
    words = " ".join(question[:400].split())
    if len(words) <= _LONGEST_TITLE:
        return words
    cut = words[:_LONGEST_TITLE]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut[30:] else cut}…"
