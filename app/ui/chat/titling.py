"""Chats are named by the model when it has nothing else to do. No Qt."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from app.chat.store.types import ConversationDetails
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message
from app.ui.chat.session_ports import Backend

if TYPE_CHECKING:
    from app.core.tasks import Task
    from app.ui.chat.session import ChatSession

_log = logging.getLogger(__name__)


class Titling:
    """enabled: the person wants it. All methods belong on the GUI thread and return at once.

    A question goes before: it ends the naming at once, which is tried again after the next answer.
    A name that a person gave stays.
    """

    def __init__(self, session: "ChatSession", backend: Backend) -> None:
        self._session, self._backend = session, backend
        self.enabled = True
        self._named: set[int] = set()
        self._task: Task | None = None

    def opened(self, details: ConversationDetails) -> None:
        if details.head.title_origin != "automatic":
            self._named.add(details.head.id)

    def named(self, conversation: int) -> None:
        """By the person."""
        self._named.add(conversation)
        self.give_way()

    def give_way(self) -> None:
        """The engine is wanted for something else."""
        if self._task is not None:
            self._task.cancel()

    def turn_ended(self, options: TurnOptions) -> None:
        """With an answer, after which nothing waits."""
        session, conversation = self._session, self._session.conversation
        ready = session.ready
        if not self.enabled or session.busy or self._task is not None:
            return
        if session.chats is None or conversation is None or conversation in self._named:
            return
        # The demo model knows a few answers by heart, and no titles.
        if ready is None or ready.demo or not session.path.is_answered:
            return
        history = session.context.sent(session.path.prompt())
        self._task = self._begin(conversation, history, options)

    def _begin(self, conversation: int, history: Sequence[Message], options: TurnOptions) -> "Task":
        session, backend = self._session, self._backend

        def work(cancel: CancelToken) -> str:
            return backend.write_title(history, options, cancel)

        def done(title: str) -> None:
            # A second try would come to the same.
            self._named.add(conversation)
            if title:
                self._keep(conversation, title)

        def failed(error: Exception) -> None:
            _log.info("The chat got no title: %s", error)
            self._named.add(conversation)

        def ended() -> None:
            self._task = None

        return session.tasks.run(work, done, failed, ended)

    def _keep(self, conversation: int, title: str) -> None:
        session = self._session
        if session.chats is None:
            return

        def kept(future: Future[bool]) -> None:
            if not future.cancelled() and future.exception() is None and future.result():
                session.tasks.post(partial(self._show, conversation, title))

        session.chats.conversations.set_title(conversation, title, "model").add_done_callback(kept)

    def _show(self, conversation: int, title: str) -> None:
        if self._session.conversation == conversation:
            self._session.rename(title)
        self._session.tell_chats()
