"""What a person does to what was said: other versions, branches, deletions. No Qt."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

from app.chat.turn import TurnOptions
from app.core.language import mark, tr
from app.core.messages import AttachmentPart, Part, TextPart
from app.ui.chat.actions import Action
from app.ui.chat.entries import Entry, Footer, Question, Thinking
from app.ui.chat.model_loads import known
from app.ui.chat.model_state import Ability
from app.ui.chat.path import PathMessage

if TYPE_CHECKING:
    from app.ui.chat.session import ChatSession

_YES = Ability(True)
_BUSY = mark("An answer is being written. Stop it first.")
_NO_MODEL = mark("Open a model first.")
_OPENING = mark("The chat is being read.")
_FIRST = mark("This is the first version.")
_LAST = mark("This is the last version.")


class Revision:
    """Nothing here overwrites or loses anything: there is another version, or an undo.

    All methods belong on the GUI thread and return at once; False, or nothing, when it is not
    possible now.
    """

    def __init__(self, session: "ChatSession") -> None:
        self._session = session

    def ability(self, action: Action, entry: Entry) -> Ability | None:
        """Whether that can be done with what the entry shows; None where it makes no sense."""
        session = self._session
        if isinstance(entry, Thinking):
            return session.answer_now.ability(entry) if action == "answer_now" else None
        if session.chats is None or not isinstance(entry, Question | Footer):
            return None
        if not self._makes_sense(action, entry):
            return None
        if session.busy:
            return _no(_BUSY)
        if session.opening:
            return _no(_OPENING)
        if action in ("again", "continue") and session.ready is None:
            return _no(_NO_MODEL)
        if action in ("earlier", "later"):
            place = _place(entry)
            if action == "earlier" and place == 0:
                return _no(_FIRST)
            if action == "later" and place == len(entry.versions) - 1:
                return _no(_LAST)
        return _YES

    @property
    def state(self) -> tuple[object, ...]:
        """As long as this is the same, so is what can be done."""
        session = self._session
        leaf = session.path.leaf
        return (
            session.busy,
            session.opening,
            session.ready is not None,
            session.path.id,
            len(session.path.messages),
            leaf.id if leaf is not None else None,
            leaf is not None and broke_off(leaf),
        )

    def edit(self, message: int, text: str, options: TurnOptions) -> bool:
        """Another version of a question, which is answered; the old one stays with its answers. A
        text that is the same asks for another answer only."""
        session = self._session
        place = session.path.index(message)
        if not self._can_ask or place is None or session.chats is None:
            return False
        old = session.path.messages[place]
        parts: list[Part] = [p for p in old.message.parts if isinstance(p, AttachmentPart)]
        if text.strip():
            parts.append(TextPart(text))
        if not parts:
            return False
        if text == old.message.text:
            session.answer(place, options)
            return True
        conversation = session.path.id
        assert conversation is not None  # noqa: S101 - it has a message with a name
        kept = session.chats.messages.edit_question(conversation, message, parts)
        session.cut(place)
        session.add_question(parts, kept, options, beside=old.versions)
        return True

    def again(self, question: int, options: TurnOptions) -> bool:
        """Another version of the answer, made with what is set now."""
        place = self._session.path.index(question)
        if not self._can_ask or place is None:
            return False
        self._session.answer(place, options)
        return True

    def go_on(self, options: TurnOptions) -> bool:
        """With the last answer, which broke off, in the same message."""
        leaf = self._session.path.leaf
        if not self._can_ask or leaf is None or not broke_off(leaf):
            return False
        self._session.go_on(options)
        return True

    def turn_page(self, entry: Question | Footer, step: int) -> bool:
        """Show the version before (-1) or after (1), and what follows it there."""
        place = _place(entry) + step
        chats = self._session.chats
        if chats is None or not self._is_still or not 0 <= place < len(entry.versions):
            return False
        chats.messages.show(entry.versions[place])
        self._session.read_again()
        return True

    def branch(self, message: int) -> bool:
        """A new chat with everything up to the message, which is opened."""
        chats = self._session.chats
        if chats is None or not self._is_still:
            return False
        title = tr("{title} (branch)", title=self._session.title)
        new, made = chats.conversations.branch(message, title)
        self._watch(made, lambda _: self._session.open_conversation(new))
        return True

    def delete(self, message: int, undoable: Callable[[Callable[[], None]], None]) -> bool:
        """With all replies. undoable: called with what brings them back."""
        chats = self._session.chats
        conversation = self._session.path.id
        if chats is None or not self._is_still or conversation is None:
            return False
        deletion, done = chats.messages.delete(message)

        def undo() -> None:
            back = chats.messages.undo_delete(deletion)
            self._watch(back, lambda _: self._read_again(conversation))

        self._watch(done, lambda _: undoable(undo))
        self._session.read_again()
        return True

    def can_continue(self, message: int | None) -> bool:
        """The last answer that is shown broke off."""
        leaf = self._session.path.leaf
        return leaf is not None and leaf.id == message and broke_off(leaf)

    @property
    def _is_still(self) -> bool:
        return not (self._session.busy or self._session.opening)

    @property
    def _can_ask(self) -> bool:
        return self._is_still and self._session.ready is not None

    def _makes_sense(self, action: Action, entry: Question | Footer) -> bool:
        if isinstance(entry, Footer) and entry.running:
            return False
        match action:
            case "earlier" | "later":
                return len(entry.versions) > 1
            case "edit":
                return isinstance(entry, Question) and entry.message is not None
            case "again":
                asked = entry.question if isinstance(entry, Footer) else entry.message
                return asked is not None
            case "continue":
                return isinstance(entry, Footer) and self.can_continue(entry.message)
            case "branch" | "delete":
                return entry.message is not None
            case "answer_now":
                return False

    def _read_again(self, conversation: int) -> None:
        if self._session.path.id == conversation:
            self._session.read_again()

    def _watch(self, future: Future[Any], then: Callable[[Any], None]) -> None:
        """Go on with the result on the GUI thread; a failure is told."""
        tasks = self._session.tasks

        def done(ended: Future[Any]) -> None:
            error = ended.exception()
            if isinstance(error, Exception):
                tasks.post(partial(self._session.note, str(known(error))))
            elif error is None:
                tasks.post(partial(then, ended.result()))

        future.add_done_callback(done)


def broke_off(last: PathMessage) -> bool:
    """Something was said, and more was to come."""
    if last.message.role == "tool":
        return True
    if last.message.role != "assistant":
        return False
    reason = last.making.reason if last.making is not None else ""
    return last.state in ("stopped", "failed", "interrupted") or reason in (
        "max_tokens",
        "context_full",
        "cancelled",
    )


def _place(entry: Question | Footer) -> int:
    """Of what is shown among its versions."""
    shown = entry.message if isinstance(entry, Question) else entry.version
    return entry.versions.index(shown) if shown in entry.versions else 0


def _no(reason: str) -> Ability:
    return Ability(False, tr(reason))
