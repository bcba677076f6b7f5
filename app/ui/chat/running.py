"""A turn that runs: its work on a worker thread, its events on their way to the transcript."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.chat.continuing import continuing
from app.chat.events import TurnEvent, TurnFinished
from app.chat.turn import TurnOptions
from app.core.cancel import CancelToken
from app.core.messages import Message
from app.engine.protocol import FinishReason
from app.ui.chat.keeping import KeptTurn
from app.ui.chat.turn_reader import TurnReader
from app.ui.chat.waiting import Outcome

Answer = Callable[
    [Sequence[Message], TurnOptions, Callable[[TurnEvent], None], CancelToken], TurnFinished
]


class Waiting:
    """What a turn has reported and nobody has shown yet. announce: called on the worker's thread
    when there is something, once until everything was taken."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce
        self._lock = threading.Lock()
        self._events: list[tuple[TurnEvent, int | None]] = []
        self._announced = False

    def put(self, event: TurnEvent, message: int | None) -> None:
        with self._lock:
            self._events.append((event, message))
            if self._announced:
                return
            self._announced = True
        self._announce()

    def take(self, most: int | None) -> tuple[list[tuple[TurnEvent, int | None]], bool]:
        """At most so many, and whether there is more."""
        with self._lock:
            events = self._events[:most]
            del self._events[: len(events)]
            self._announced = bool(self._events)
            return events, self._announced


@dataclass(eq=False)
class RunningTurn:
    """history ends with what is answered. beside: the versions that the answer joins. begun: the
    answer that goes on; the turn's first message is all of it then."""

    reader: TurnReader
    history: Sequence[Message]
    options: TurnOptions
    kept: KeptTurn | None
    waiting: Waiting
    beside: tuple[int, ...] = ()
    begun: Message | None = None
    shown: bool = field(default=True, init=False)
    """False once the person has gone to another conversation."""
    outcome: Outcome = field(default="stopped", init=False)

    def end(self, reason: FinishReason) -> None:
        if reason != "cancelled":
            self.outcome = "context_full" if reason == "context_full" else "done"

    def work(
        self,
        answer: Answer,
        spelled: Callable[[], str],
        tell: Callable[[str], None],
        cancel: CancelToken,
    ) -> TurnFinished:
        """Blocks; for a worker thread. spelled: how the model wrote what was begun."""
        if self.kept is not None:
            self.kept.wait_for_question(tell)
        options = self.options
        if self.begun is not None:
            options = continuing(options, self.begun, spelled())
        return answer(self.history, options, self._emit, cancel)

    def pump(self, most: int | None) -> tuple[bool, bool]:
        """Show what was reported: whether there was something, and whether there is more."""
        events, more = self.waiting.take(most)
        for event, message in events:
            self.reader.feed(event, message)
        return bool(events), more

    def _emit(self, event: TurnEvent) -> None:
        message = self.kept.feed(event) if self.kept is not None else None
        self.waiting.put(event, message)
