"""What the context of a chat needs of others."""

from typing import Protocol

from app.chat.context.breakdown import Breakdown
from app.chat.context.larger import LargerContexts
from app.chat.context.model import Asked
from app.chat.context.policy import Cut
from app.chat.context.summary import Emit, Summary
from app.core.cancel import CancelToken
from app.core.messages import Message


class ContextBackend(Protocol):
    """About the loaded model. Blocks; for worker threads; raises KnownError."""

    def measure(self, asked: Asked, *, ask: bool) -> Breakdown:
        """ask False: at once, estimated where it has to be."""

    def tokens_of(self, text: str) -> int: ...

    def leaving_out(self, asked: Asked, breakdown: Breakdown) -> Cut | None: ...

    def summarize(self, asked: Asked, upto: int, emit: Emit, cancel: CancelToken) -> Summary: ...

    def larger_contexts(self, least_tokens: int) -> LargerContexts: ...


class ContextPresenter(Protocol):
    """Whoever shows it; called on the GUI thread."""

    def context_changed(self) -> None: ...

    def question_sent(self, question: Message) -> None:
        """It had to wait for a choice and goes to the model now."""
