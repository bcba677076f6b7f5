"""How many tokens an attachment takes, and its beginning for so many. Blocks: for worker threads.

The marks around it in the prompt count too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.chat.attachments.cutting import beginning
from app.chat.attachments.tokens import about_tokens
from app.chat.attachments.types import ReadText
from app.dialect.quoted import quoted

Counter = Callable[[str], int | None]
"""How many tokens a text has for the model; None when it cannot be asked now. Blocks."""

_TRIES = 6
_MARGIN = 0.98


@dataclass(frozen=True)
class Size:
    """exact False: an estimate."""

    tokens: int = 0
    exact: bool = False


def size_of(read: ReadText, counter: Counter) -> Size:
    text = quoted([read.part])
    counted = counter(text)
    return Size(about_tokens(text)) if counted is None else Size(counted, exact=True)


def fitted(read: ReadText, tokens: int, counter: Counter) -> ReadText:
    """As much of the beginning as so many tokens hold; a single character where they hold none."""
    size = size_of(read, counter)
    cut, characters = read, len(read.text)
    for _ in range(_TRIES):
        if size.tokens <= tokens:
            break
        characters = min(len(cut.text), int(characters * tokens / size.tokens * _MARGIN))
        cut = beginning(read, characters)
        size = size_of(cut, counter)
    return cut
