"""What the session needs of others: an engine behind it, somebody who shows it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from app.chat.events import TurnEvent, TurnFinished
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message
from app.ui.chat.context.ports import ContextBackend
from app.ui.chat.model_loads import LoadBackend


class Backend(LoadBackend, ContextBackend, Protocol):
    """The engine and what belongs to it. Blocks; for worker threads."""

    def run_turn(
        self,
        history: Sequence[Message],
        options: TurnOptions,
        emit: Callable[[TurnEvent], None],
        cancel: CancelToken,
    ) -> TurnFinished: ...

    def write_title(
        self, history: Sequence[Message], options: TurnOptions, cancel: CancelToken
    ) -> str:
        """As `TitleWriter.write`."""


class Presenter(Protocol):
    """Whoever shows the session; called on the GUI thread."""

    def model_changed(self) -> None: ...

    def busy_changed(self) -> None: ...

    def events_waiting(self) -> None:
        """`pump` has something to do; it is announced once until it is called."""

    def transcript_changed(self) -> None: ...

    def chats_changed(self) -> None:
        """The list of conversations is another one now."""

    def conversation_changed(self, draft: str) -> None:
        """Another one is open now, or a new one begins. draft: what was typed in it before."""

    def message_found(self, message: int) -> None:
        """It is in the transcript now, and the person wants to see it."""

    def note(self, text: str) -> None:
        """A sentence that belongs to no answer."""
