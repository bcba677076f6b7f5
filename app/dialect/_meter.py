"""What one rendering may spend: time, and memory handed out over its whole life.

Everything that a template makes is charged once and never given back, so a rendering can neither
fill the memory nor run on. Containers are also weighed (what printing them would take), because a
list that holds another one twice, forty times over, is small and prints as a terabyte.
"""

import time
from collections.abc import ItemsView, Iterable, KeysView, Mapping, ValuesView
from typing import TypeVar

from app.core.language import tr

BASE_BYTES = 32 * 2**20
BYTES_PER_INPUT_CHAR = 64
MAX_SECONDS = 2.0
MAX_INT_BITS = 4096
_NODE_BYTES = 16
_NODES_A_STEP = 4096

T = TypeVar("T")


class TooExpensiveError(Exception):
    """The template asks for more time or memory than a rendering may take."""


class Meter:
    """Not thread-safe: one per rendering."""

    def __init__(self, input_chars: int, seconds: float = MAX_SECONDS) -> None:
        self._limit = BASE_BYTES + BYTES_PER_INPUT_CHAR * input_chars
        self._left = self._limit
        self._deadline = time.monotonic() + seconds
        # Keyed by id; the object is kept so that its id stays its own.
        self._weights: dict[int, tuple[object, int]] = {}

    def step(self) -> None:
        if time.monotonic() > self._deadline:
            raise TooExpensiveError(tr("it takes too long"))

    def charge(self, size: int) -> None:
        self.afford(size)
        self._left -= size

    def afford(self, size: int) -> None:
        """Look before an operation that would make something of this size."""
        self.step()
        if size > self._left:
            raise TooExpensiveError(tr("its result is too large"))

    def made(self, value: T) -> T:
        """Charge for a value that an operation has just made."""
        if isinstance(value, str):
            self.charge(len(value))
        elif isinstance(value, int):
            if value.bit_length() > MAX_INT_BITS:
                raise TooExpensiveError(tr("a number is too large"))
        elif isinstance(value, list | tuple | dict):
            self.charge(_NODE_BYTES * (len(value) + 1))
            self.weigh(value)
        return value

    def weigh(self, value: object) -> int:
        """How many characters `str(value)` takes, roughly. Raises TooExpensiveError if too many."""
        if isinstance(value, str):
            return len(value)
        if value is None or isinstance(value, int | float):  # before the slower tests
            return _NODE_BYTES
        children: Iterable[object]
        if isinstance(value, dict | Mapping):
            children = (part for item in value.items() for part in item)
        elif isinstance(value, list | tuple | set | frozenset | KeysView | ValuesView | ItemsView):
            children = value
        else:
            return _NODE_BYTES
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        weight = _NODE_BYTES
        for number, child in enumerate(children):
            weight += _NODE_BYTES + self.weigh(child)
            if weight > self._limit:
                raise TooExpensiveError(tr("a list is too large"))
            if not number % _NODES_A_STEP:
                self.step()
        self._weights[id(value)] = (value, weight)
        return weight
