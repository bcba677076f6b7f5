"""What the model is told of a conversation that grows, without going through all of it each time.
No Qt."""

from typing import TYPE_CHECKING

from app.chat.stored import prompt_messages
from app.core.messages import Message

if TYPE_CHECKING:
    from app.ui.chat.path import PathMessage


class Told:
    """Always what `prompt_messages` says; the same tuple as long as the messages are the same."""

    def __init__(self) -> None:
        self._of: list[PathMessage] = []
        self._told: tuple[Message, ...] = ()
        # Up to the last question.
        self._before_of: list[PathMessage] = []
        self._before: tuple[Message, ...] = ()

    def know(self, messages: "list[PathMessage]", told: tuple[Message, ...]) -> None:
        """That is what is told of these."""
        self._of, self._told = messages[:], told

    def of(self, messages: "list[PathMessage]") -> tuple[Message, ...]:
        if self._of != messages:
            self.know(messages, self._made(messages))
        return self._told

    def _made(self, messages: "list[PathMessage]") -> tuple[Message, ...]:
        places = range(len(messages) - 1, -1, -1)
        place = next((n for n in places if messages[n].message.role == "user"), 0)
        earlier = messages[:place]
        if self._before_of != earlier:
            known = self._told if self._of == earlier else _prompt(earlier)
            self._before_of, self._before = earlier, known
        # Of two questions in a row one may go; nothing else reaches over a question.
        if self._before and self._before[-1].role == "user":
            return _prompt(messages)
        return (*self._before, *_prompt(messages[place:]))


def _prompt(messages: "list[PathMessage]") -> tuple[Message, ...]:
    return tuple(prompt_messages([one.message for one in messages]))
