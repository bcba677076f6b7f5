"""The arrow keys bring back in the composer what was asked before."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextCursor

from app.core.cancel import CancelToken
from app.ui.chat.composer import QuestionEdit
from app.ui.chat.input_history import InputHistory
from app.ui.chat.session import ChatSession


class Recall(QObject):
    """Of this chat at once, of the others as soon as they are read, which begins with the first
    key."""

    def __init__(self, edit: QuestionEdit, session: ChatSession) -> None:
        super().__init__(edit)
        self._edit, self._session = edit, session
        self._history = InputHistory()
        self._reading = False
        self._unanswered: str | None = None
        edit.recall = self

    @property
    def active(self) -> bool:
        """The text is one that was brought back, unchanged."""
        shown = self._history.shown
        return shown is not None and shown == self._edit.toPlainText()

    def earlier(self) -> bool:
        """False when there is nothing more, or not yet."""
        text = self._edit.toPlainText()
        if not self.active:
            self._read()
            asked = (one.message for one in reversed(self._session.path.messages))
            self._history.set_here(one.text for one in asked if one.role == "user")
        found = self._show(self._history.earlier(text))
        self._unanswered = None if found else text
        return found

    def later(self) -> bool:
        return self._show(self._history.later(self._edit.toPlainText()))

    def _show(self, text: str | None) -> bool:
        if text is None:
            return False
        cursor = self._edit.textCursor()
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        self._edit.setTextCursor(cursor)
        self._edit.ensureCursorVisible()
        return True

    def _read(self) -> None:
        chats = self._session.chats
        if chats is None or self._reading:
            return
        self._reading = True

        def work(_: CancelToken) -> tuple[str, ...]:
            return chats.read.recent_questions()

        def ended() -> None:
            self._reading = False

        self._session.tasks.run(work, self._found, None, ended)

    def _found(self, questions: tuple[str, ...]) -> None:
        self._history.set_elsewhere(questions)
        waits = self._unanswered is not None and self._unanswered == self._edit.toPlainText()
        self._unanswered = None
        if waits and self._edit.hasFocus():
            self._show(self._history.earlier(self._edit.toPlainText()))
