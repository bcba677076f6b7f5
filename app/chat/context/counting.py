"""How many tokens a prompt has: counted by the model's tokenizer, or estimated meanwhile."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.core.prompt import Prompt

_TAG = re.compile(r"<[^<>\s]{1,64}>|\[[A-Za-z0-9_/]{1,32}\]")
_MOST_REMEMBERED = 50_000
_SHORT = 64
# Of text in many languages; from then on it is what this model has needed.
_BYTES_PER_TOKEN = 3.5
_ENOUGH_BYTES = 500

Counted = Callable[[Prompt], tuple[int, tuple[int, ...]]]
"""How many tokens a prompt has in all, and how many each of its segments has. Blocks."""


@dataclass(frozen=True)
class Tokens:
    """exact False: an estimate."""

    number: int
    exact: bool = True


class TokenCounter:
    """Thread-safe. Prompts are cut before special tokens, where every tokenizer begins anew, and
    what a piece has is remembered: a conversation that goes on is counted from where it was left.
    """

    def __init__(self, counted: Counted, special_tokens: Iterable[str]) -> None:
        self._counted = counted
        self._special = frozenset(special_tokens)
        self._lock = threading.Lock()
        self._known: dict[str | bytes, int] = {}
        self._opening: int | None = None
        self._bytes = 0
        self._tokens = 0

    def count(self, prompt: Prompt) -> int:
        """Asks for what is not known yet; blocks as long as that takes. Raises KnownError."""
        pieces = [(_key(piece), piece) for piece in self._pieces(prompt)]
        with self._lock:
            found = {key: self._known[key] for key, _ in pieces if key in self._known}
            opening = self._opening if prompt.add_bos else 0
        wanted = {key: piece for key, piece in pieces if key not in found}
        if wanted or opening is None:
            total, sizes = self._counted(Prompt(tuple(wanted.values()), add_bos=prompt.add_bos))
            opening = total - sum(sizes)
            self._remember(wanted, sizes, opening if prompt.add_bos else None)
            found |= zip(wanted, sizes, strict=True)
        return opening + sum(found[key] for key, _ in pieces)

    def estimate(self, prompt: Prompt) -> Tokens:
        """At once, from what is known; exact only when all of it is."""
        with self._lock:
            rate = _BYTES_PER_TOKEN if self._bytes < _ENOUGH_BYTES else self._bytes / self._tokens
            opening = 1 if self._opening is None else self._opening
            number = opening if prompt.add_bos else 0
            exact = not prompt.add_bos or self._opening is not None
            for piece in self._pieces(prompt):
                known = self._known.get(_key(piece))
                exact = exact and known is not None
                number += known if known is not None else _about(piece, rate)
        return Tokens(number, exact)

    def _pieces(self, prompt: Prompt) -> Iterator[str]:
        for segment in prompt.segments:
            start = 0
            for found in _TAG.finditer(segment):
                if found.start() > start and found.group() in self._special:
                    yield segment[start : found.start()]
                    start = found.start()
            yield segment[start:]

    def _remember(
        self, pieces: dict[str | bytes, str], sizes: Sequence[int], opening: int | None
    ) -> None:
        with self._lock:
            self._opening = self._opening if opening is None else opening
            for (key, piece), size in zip(pieces.items(), sizes, strict=True):
                self._known[key] = size
                if size and len(piece) > _SHORT:
                    self._bytes += _bytes(piece)
                    self._tokens += size
            if len(self._known) > _MOST_REMEMBERED:
                for key in list(islice(self._known, _MOST_REMEMBERED // 2)):
                    del self._known[key]


def _key(piece: str) -> str | bytes:
    """Long texts are not kept a second time."""
    if len(piece) <= _SHORT:
        return piece
    return hashlib.blake2b(piece.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _about(piece: str, bytes_per_token: float) -> int:
    return max(1, round(_bytes(piece) / bytes_per_token)) if piece else 0


def _bytes(piece: str) -> int:
    return len(piece.encode("utf-8", "surrogatepass"))
