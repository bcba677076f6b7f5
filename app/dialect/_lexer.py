"""The first pass over a model's output: text cut into tags and what is between them."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from app.dialect.events import Family

THINK: Final = "<think>"
THINK_END: Final = "</think>"
CALL: Final = "<tool_call>"
CALL_END: Final = "</tool_call>"
KEY: Final = "<arg_key>"
KEY_END: Final = "</arg_key>"
VALUE: Final = "<arg_value>"
VALUE_END: Final = "</arg_value>"

# Tokens that end a turn. The engine stops at them; a file with wrong token ids lets them through.
TURN_ENDS: Final = frozenset(
    {
        "<|user|>",
        "<|observation|>",
        "<|endoftext|>",
        "<|assistant|>",
        "<|system|>",
        "<|im_end|>",
        "<|eot_id|>",
        "<|end_of_text|>",
    }
)

_COMMON: Final = {THINK, THINK_END} | TURN_ENDS
TAGS: Final[dict[Family, frozenset[str]]] = {
    "glm": frozenset(_COMMON | {CALL, CALL_END, KEY, KEY_END, VALUE, VALUE_END}),
    "json": frozenset(_COMMON | {CALL, CALL_END}),
    "plain": frozenset(_COMMON),
}


class Lexeme(NamedTuple):
    text: str
    is_tag: bool


class Lexer:
    """Holds back only what may still become a tag. Every tag begins with `<` and has no other."""

    def __init__(self, tags: Collection[str]) -> None:
        self._pattern = re.compile("|".join(re.escape(tag) for tag in tags))
        self._prefixes = {tag[:length] for tag in tags for length in range(1, len(tag))}
        self._longest = max(map(len, tags))
        self._held = ""

    def feed(self, text: str) -> Iterator[Lexeme]:
        text = self._held + text
        start = text.rfind("<", -self._longest)
        held = start >= 0 and text[start:] in self._prefixes
        self._held = text[start:] if held else ""
        end = start if held else len(text)
        position = 0
        for match in self._pattern.finditer(text, 0, end):
            if match.start() > position:
                yield Lexeme(text[position : match.start()], False)
            yield Lexeme(match.group(), True)
            position = match.end()
        if position < end:
            yield Lexeme(text[position:end], False)

    def finish(self) -> str:
        """What was held back and did not become a tag."""
        rest, self._held = self._held, ""
        return rest


class Trimmer:
    """Passes text on without the blank space at both ends of the whole.

    Tokens that end a turn count as blank space: at the end they are dropped, before more text they
    are kept. The indentation of the first line is kept when a line break precedes it.
    """

    def __init__(self) -> None:
        self.started = False
        self._pending: list[str] = []

    def text(self, text: str) -> str:
        """What can be shown now."""
        body = text.rstrip()
        if not body:
            self._pending.append(text)
            return ""
        before = "".join(self._pending)
        self._pending = [text[len(body) :]] if len(body) < len(text) else []
        if self.started:
            return before + body
        self.started = True
        inner = body.lstrip()
        lead = before + body[: len(body) - len(inner)]
        return lead[lead.rfind("\n") + 1 :] + inner if "\n" in lead else inner

    def release(self) -> str:
        """Something that stays visible follows, so the blank space before it is no end."""
        pending = "".join(self._pending) if self.started else ""
        self._pending = []
        self.started = True
        return pending

    def turn_end(self, tag: str) -> None:
        if self.started:
            self._pending.append(tag)


def trimmed(text: str) -> str:
    return Trimmer().text(text)


def turn_ends_length(lexemes: Sequence[Lexeme]) -> int:
    """How many characters at the end are tokens that end a turn and blank space between them."""
    length = found = 0
    for text, is_tag in reversed(lexemes):
        if not (text in TURN_ENDS if is_tag else not text.strip()):
            break
        length += len(text)
        found = length if is_tag else found
    return found
