"""From token bytes to text that can be shown: whole characters, and nothing of a stop string."""

import codecs
from collections.abc import Sequence


class TextAssembler:
    """Feed it the bytes of one answer's tokens in order."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        """stop: texts at which the answer ends; empty ones count for nothing."""
        self._stop = tuple(text for text in stop if text)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """The text that is now certain. Invalid bytes become U+FFFD.

        Text that may yet turn out to begin a stop string is held back. Once one is complete,
        `stopped` is True, the rest of the text before it is returned, and nothing ever after.
        """
        if self.stopped:
            return ""
        text = self._decoder.decode(data)
        return self._release(text) if self._stop else text

    def end(self, *, complete: bool) -> str:
        """The text still held back. complete: the model ended the answer itself, so that a
        character it left unfinished is its mistake (U+FFFD) and not a cut of ours (dropped)."""
        if self.stopped:
            return ""
        text = self._decoder.decode(b"", final=True) if complete else ""
        rest = self._release(text) if self._stop else text
        held, self._held = self._held, ""
        return rest + held

    def _release(self, text: str) -> str:
        self._held += text
        found = [index for stop in self._stop if (index := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        keep = self._possible_start()
        shown, self._held = self._held[: len(self._held) - keep], self._held[-keep:] if keep else ""
        return shown

    def _possible_start(self) -> int:
        """How many of the last characters may begin a stop string."""
        longest = max(len(stop) for stop in self._stop) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-length:]) for stop in self._stop):
                return length
        return 0
