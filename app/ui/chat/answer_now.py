"""“Answer now”: the thinking ends, and the answer comes from what there is. No Qt."""

from typing import TYPE_CHECKING

from app.chat.turn import TurnOptions
from app.core.language import tr
from app.core.messages import ReasoningPart
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
        if entry is not self.running and not self._never_ended(entry):
            return None
        if ready is None:
            return Ability(False, tr("Open a model first."))
        if not ready.answer_now.available:
            return ready.answer_now
        if self._session.opening:
            return Ability(False, tr("The chat is being read."))
        if entry.ending:
            return Ability(False, tr("The thinking is being ended."))
        if self._session.stopping:
            return Ability(False, tr("The answer is being stopped."))
        return Ability(True)

    def act(self, entry: Thinking, options: TurnOptions) -> None:
        """options: for an answer to thinking that has broken off."""
        ability = self.ability(entry)
        if ability is None or not ability.available:
            return
        if entry.state == "running":
            entry.ending = True
            self._session.transcript.touch(entry)
            self._session.turns.end_thinking()
        else:
            self._session.go_on(options, answer_now=True)

    def _never_ended(self, entry: Thinking) -> bool:
        """It is the last thing that was said, and was cut off."""
        leaf = self._session.path.leaf
        if self._session.busy or entry.state != "unfinished" or leaf is None or leaf.id is None:
            return False
        said = leaf.said.parts
        last = said[-1] if said else None
        return entry.message == leaf.id and isinstance(last, ReasoningPart) and not last.finished
