"""When to try again, and when to stop trying."""

import random
from collections.abc import Callable

from app.downloads.refusals import ServerBusyError
from app.downloads.stream import WireError

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


class Backoff:
    """Doubling waits with jitter, of one connection. `random_share` gives 0 to 1."""

    def __init__(self, random_share: Callable[[], float] = random.random) -> None:
        self._random = random_share
        self.failures = 0

    def succeeded(self) -> None:
        self.failures = 0

    def next_seconds(self, error: WireError) -> float:
        """The wait before the next try; a server that names a time is obeyed."""
        self.failures += 1
        doubled = _FIRST_SECONDS * (1 << min(self.failures - 1, 10))
        own = min(_LONGEST_SECONDS, doubled) * (0.5 + 0.5 * self._random())
        asked = error.retry_after_seconds if isinstance(error, ServerBusyError) else None
        # A little more than asked for, so that many who were told the same do not come together.
        return own if asked is None else asked + min(1.0, own / 10)
