"""“Answer now”: the thinking ends, and the answer comes from what there is. No Qt."""

from typing import TYPE_CHECKING

from app.core.language import tr
from app.ui.chat.entries import Thinking
from app.ui.chat.model_state import Ability

if TYPE_CHECKING:
    from app.ui.chat.session import ChatSession

KEYS = "Ctrl+Shift+A"


class AnswerNow:
    """All methods belong on the GUI thread and return at once."""

    def __init__(self, session: "ChatSession") -> None:
        self._session = session

    @property
    def running(self) -> Thinking | None:
        """The thinking that goes on."""
        if not self._session.busy:
            return None
        for entry in reversed(self._session.transcript.entries):
            if isinstance(entry, Thinking):
                return entry if entry.state == "running" else None
        return None

    def ability(self, entry: Thinking) -> Ability | None:
        """None where there is nothing to end."""
        ready = self._session.ready
        if entry.state != "running" or entry is not self.running or ready is None:
            return None
        if not ready.answer_now.available:
            return ready.answer_now
        if entry.ending:
            return Ability(False, tr("The thinking is being ended."))
        if self._session.stopping:
            return Ability(False, tr("The answer is being stopped."))
        return Ability(True)

    def act(self, entry: Thinking) -> None:
        ability = self.ability(entry)
        if ability is None or not ability.available:
            return
        entry.ending = True
        self._session.transcript.touch(entry)
        self._session.turns.end_thinking()
