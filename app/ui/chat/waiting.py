"""Questions that wait until the answer before them is done. No Qt."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Literal

from app.chat.store.part_codec import Row, from_row, to_row
from app.chat.store.types import ConversationDetails
from app.core.cancel import CancelToken
from app.core.json import JsonObject, JsonValue
from app.core.language import tr
from app.core.messages import AttachmentPart, Part, TextPart
from app.ui.chat.keeping import DISK_SECONDS
from app.ui.chat.model_loads import known

if TYPE_CHECKING:
    from app.ui.chat.session import ChatSession

KEY = "queue"
"""Of the conversation's settings in the store."""
MOST = 50

Ask = Callable[[str, tuple[AttachmentPart, ...]], bool]
Outcome = Literal["done", "stopped", "failed", "context_full"]
Pause = Literal["stopped", "failed", "context_full", "no model", "unsent"]

_numbers = count(1)


@dataclass(frozen=True)
class WaitingQuestion:
    """number: its name as long as the program runs."""

    text: str
    attachments: tuple[AttachmentPart, ...] = ()
    number: int = field(default_factory=lambda: next(_numbers))


class WaitingQuestions:
    """Of the open conversation; kept with it on the disk, so that they outlive it being closed and
    the program.

    ask: puts a question; False when that is not possible. changed: called when there is something
    else to show. paused: why nothing is sent, None while they go out one after the other.
    """

    def __init__(self, session: "ChatSession") -> None:
        self._session = session
        self.ask: Ask = lambda _text, _attachments: False
        self.changed: Callable[[], None] = lambda: None
        self.questions: tuple[WaitingQuestion, ...] = ()
        self.paused: Pause | None = None
        self._offered: WaitingQuestion | None = None

    @property
    def is_full(self) -> bool:
        return len(self.questions) >= MOST

    def add(self, text: str, attachments: tuple[AttachmentPart, ...] = ()) -> bool:
        if self.is_full or not (text.strip() or attachments):
            return False
        self._set((*self.questions, WaitingQuestion(text, attachments)))
        return True

    def edit(self, number: int, text: str) -> None:
        """A text without anything in it takes the question away, unless files go with it."""
        kept = (replace(one, text=text) if one.number == number else one for one in self.questions)
        self._set(tuple(one for one in kept if one.text.strip() or one.attachments))

    def remove(self, number: int) -> Callable[[], None] | None:
        """What puts it back; None when it was not there."""
        place = self._place(number)
        if place is None:
            return None
        removed, conversation = self.questions[place], self._session.conversation
        self._set((*self.questions[:place], *self.questions[place + 1 :]))

        def undo() -> None:
            if self._session.conversation == conversation:
                self._set((*self.questions[:place], removed, *self.questions[place:]))
                if not self._session.busy and self.paused is None:
                    self._pause("unsent")
            elif conversation is not None:
                self._put_back(conversation, removed, place)

        return undo

    def move(self, number: int, step: int) -> None:
        """Towards the front (-1) or the end (1)."""
        place = self._place(number)
        if place is None or not 0 <= place + step < len(self.questions):
            return
        order = list(self.questions)
        order.insert(place + step, order.pop(place))
        self._set(tuple(order))

    def resume(self) -> None:
        """Send the first one, now or when the running answer is done."""
        self.paused = None
        if not self._session.busy:
            self._send_next()
        self.changed()

    # What happens to the session

    def opened(self, details: ConversationDetails) -> None:
        self.questions = _from_json(details.settings.get(KEY))
        self.paused = "unsent" if self.questions else None
        self.changed()

    def left(self) -> None:
        """What waited goes on waiting, on the disk."""
        self.questions, self.paused, self._offered = (), None, None
        self.changed()

    def turn_ended(self, outcome: Outcome) -> None:
        if not self.questions:
            self.paused = None
        elif outcome != "done":
            self._pause(outcome)
        elif self.paused is None:
            self._send_next()
        self.changed()

    def _send_next(self) -> None:
        if not self.questions:
            return
        if self._session.ready is None:
            self._pause("no model")
            return
        first = self.questions[0]
        self._offered = first
        if not self.ask(first.text, first.attachments):
            self._pause("unsent")

    def asked(self, text: str, attachments: tuple[AttachmentPart, ...]) -> None:
        """That is in the conversation now, perhaps some time after it was offered. It leaves the
        queue last: a crash in between would show it twice, not lose it."""
        offered = self._offered
        if offered is None or (offered.text, offered.attachments) != (text, attachments):
            return
        self._offered = None
        if self.paused == "unsent":
            self.paused = None
        self._set(tuple(one for one in self.questions if one.number != offered.number))

    def _put_back(self, conversation: int, question: WaitingQuestion, place: int) -> None:
        """In a chat that is not open now."""
        session, chats = self._session, self._session.chats
        if chats is None:
            return

        def work(_: CancelToken) -> None:
            chats.written().result(DISK_SECONDS)
            waiting = list(_from_json(chats.read.details(conversation).settings.get(KEY)))
            waiting.insert(place, question)
            chats.conversations.set_setting(conversation, KEY, [_to_json(one) for one in waiting])

        session.tasks.run(work, on_error=lambda error: session.note(str(known(error))))

    def _pause(self, why: Pause) -> None:
        self.paused = why
        self.changed()

    def _place(self, number: int) -> int | None:
        places = (n for n, one in enumerate(self.questions) if one.number == number)
        return next(places, None)

    def _set(self, questions: tuple[WaitingQuestion, ...]) -> None:
        self.questions = questions
        if not questions:
            self.paused = None
        chats, conversation = self._session.chats, self._session.conversation
        if chats is not None and conversation is not None:
            value: JsonValue = [_to_json(one) for one in questions] or None
            chats.conversations.set_setting(conversation, KEY, value)
        self.changed()


def pause_text(why: Pause) -> str:
    match why:
        case "stopped":
            return tr("Paused, because you stopped the answer")
        case "failed":
            return tr("Paused, because the answer failed")
        case "context_full":
            return tr("Paused, because the context is full")
        case "no model":
            return tr("Paused, because no model is open")
        case "unsent":
            return tr("Not sent yet")


def _to_json(question: WaitingQuestion) -> JsonObject:
    parts: list[Part] = [*question.attachments, TextPart(question.text)]
    rows = [to_row(part) for part in parts]
    return {"parts": [{"kind": r.kind, "text": r.text, "data": r.data} for r in rows]}


def _from_json(value: JsonValue) -> tuple[WaitingQuestion, ...]:
    """Whatever makes no sense is left out."""
    found = (_question(one) for one in value[:MOST]) if isinstance(value, list) else ()
    return tuple(one for one in found if one is not None)


def _question(value: JsonValue) -> WaitingQuestion | None:
    items = value.get("parts") if isinstance(value, dict) else None
    parts = [_part(item) for item in items] if isinstance(items, list) else []
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    attachments = tuple(part for part in parts if isinstance(part, AttachmentPart))
    return WaitingQuestion(text, attachments) if text.strip() or attachments else None


def _part(value: JsonValue) -> Part | None:
    if not isinstance(value, dict):
        return None
    kind, text, data = value.get("kind"), value.get("text"), value.get("data")
    if not isinstance(kind, str) or not isinstance(text, str):
        return None
    return from_row(Row(kind, text, data if isinstance(data, str) else None))
