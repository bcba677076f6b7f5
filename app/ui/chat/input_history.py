"""What was asked before, brought back by the arrow keys. No Qt."""

from collections.abc import Iterable, Sequence


class InputHistory:
    """Newest first: what was asked in this chat, then in others, each text once.

    What was being typed when the first one was brought back is kept, and comes back at the end.
    """

    def __init__(self) -> None:
        self._here: tuple[str, ...] = ()
        self._elsewhere: tuple[str, ...] = ()
        self._texts: list[str] = []
        self._place = -1
        self._typed = ""

    def set_here(self, newest_first: Iterable[str]) -> None:
        self._here = tuple(newest_first)

    def set_elsewhere(self, newest_first: Iterable[str]) -> None:
        """Of all chats; what is said of this one in it counts once."""
        self._elsewhere = tuple(newest_first)
        if self._place >= 0:
            self._texts = _once((*self._texts, *self._elsewhere))

    @property
    def shown(self) -> str | None:
        """What was brought back; None while the person's own text is there."""
        return self._texts[self._place] if self._place >= 0 else None

    def earlier(self, current: str) -> str | None:
        """The text before the one that is shown; None when there is none."""
        if self._place < 0 or current != self.shown:
            self._typed, self._place = current, -1
            self._texts = _once((*self._here, *self._elsewhere))
        place = self._place + 1
        # The same text again would look as if the key did nothing.
        while place < len(self._texts) and self._texts[place] == current:
            place += 1
        if place >= len(self._texts):
            return None
        self._place = place
        return self._texts[place]

    def later(self, current: str) -> str | None:
        """The text after it, at last what had been typed; None when nothing was brought back."""
        if self._place < 0 or current != self.shown:
            self._place = -1
            return None
        self._place -= 1
        return self._texts[self._place] if self._place >= 0 else self._typed


def _once(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text.strip()))
