"""From the composer to the session: at once, or into the queue; and back with the arrow keys."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.chat.turn import TurnOptions
from app.core.language import tr
from app.core.messages import AttachmentPart, Message
from app.ui.chat.attachments.controller import Attachments
from app.ui.chat.composer import Composer
from app.ui.chat.recall import Recall
from app.ui.chat.session import ChatSession
from app.ui.chat.waiting import MOST
from app.ui.chat.waiting_bar import WaitingBar
from app.ui.look import Look


class Asking(QObject):
    """bar: what waits, to stand above the composer. note: a sentence for the person. asked: a turn
    has begun."""

    note = Signal(str)
    asked = Signal()

    def __init__(
        self,
        look: Look,
        session: ChatSession,
        composer: Composer,
        attachments: Attachments,
        options: Callable[[], TurnOptions],
    ) -> None:
        super().__init__(composer)
        self._session, self._composer, self._attachments = session, composer, attachments
        self._options = options
        self.bar = WaitingBar(look, session.queue)
        self.recall = Recall(composer.edit, session)
        self.bar.left.connect(composer.edit.setFocus)
        session.queue.ask = self._ask_now

    def ask(self, text: str) -> None:
        """At once, or when the answers before it are done."""
        parts, waits = self._attachments.parts, self._session.busy
        if self._session.queue.add(text, parts) if waits else self._ask_now(text, parts):
            self._clear(text)
        elif waits and self._session.queue.is_full:
            self.note.emit(tr("At most {most} questions can wait.", most=MOST))

    def asked_late(self, question: Message) -> None:
        """It had to wait until it fits, and is on its way now; it may have come from the queue."""
        text = self._composer.text()
        if text == question.text and self._attachments.parts == question.attachments:
            self._clear(text)
        self.asked.emit()

    def _clear(self, text: str) -> None:
        self._attachments.sent()
        if self._composer.text() == text:
            self._composer.clear()
        self._composer.edit.setFocus()

    def _ask_now(self, text: str, attachments: tuple[AttachmentPart, ...]) -> bool:
        begun = self._session.ask(text, self._options(), attachments)
        if begun:
            self.asked.emit()
        return begun
