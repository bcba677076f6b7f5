"""Where a turn's questions wait for the person. No Qt."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.consent import ConsentRequest, Decision, QuestionRequest, Request
from app.tools.tool import ToolFailure

Answer = Decision | str | None
"""A decision about a call; to a question its answer, None when the person gives none."""


@dataclass(eq=False)
class _Slot:
    request: Request
    answered: threading.Event = field(default_factory=threading.Event)
    answer: Answer = None


class Desk:
    """A `Person` whose answers come from the GUI thread. changed: some question came or went; it is
    called on whatever thread that happens."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._slots: list[_Slot] = []

    @property
    def waiting(self) -> tuple[Request, ...]:
        """What has no answer yet, in the order in which it was asked."""
        with self._lock:
            return tuple(slot.request for slot in self._slots if not slot.answered.is_set())

    def answer(self, request: Request, answer: Answer) -> bool:
        """False when this very question does not wait any more."""
        with self._lock:
            slot = next((one for one in self._slots if one.request is request), None)
            if slot is None or slot.answered.is_set():
                return False
            slot.answer = answer
            slot.answered.set()
        self._changed()
        return True

    # On the turn's thread

    def decide(self, request: ConsentRequest, cancel: CancelToken) -> Decision:
        answer = self._wait(request, cancel)
        return answer if isinstance(answer, Decision) else Decision("deny")

    def reply(self, request: QuestionRequest, cancel: CancelToken) -> str:
        answer = self._wait(request, cancel)
        if not isinstance(answer, str):
            raise ToolFailure("the person does not want to answer this question")
        return answer

    def _wait(self, request: Request, cancel: CancelToken) -> Answer:
        slot = _Slot(request)
        with self._lock:
            self._slots.append(slot)
        self._changed()
        cancel.on_cancel(slot.answered.set)
        slot.answered.wait()
        with self._lock:
            self._slots.remove(slot)
        self._changed()
        if cancel.cancelled:
            raise Cancelled
        return slot.answer
