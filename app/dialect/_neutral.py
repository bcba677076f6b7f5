"""Strangers' text must not become a special token of the model.

A private character goes into every special token that a message spells, before the template sees
it; the rendered prompt is cut at that character, which is dropped. So the prompt's text is what the
template wrote, and each spelled token lies across two segments, which are tokenized apart.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from app.core.json import JsonValue

# Unicode noncharacters, reserved for use inside a program.
_CANDIDATES: Final = tuple(chr(code) for code in range(0xFDD0, 0xFDF0))

# What a person types to switch thinking for one message; works as a token, so it stays one.
SWITCHES: Final = frozenset({"/nothink", "/no_think", "/think"})

Guard = Callable[[str], str]


def is_risky(token: str) -> bool:
    """Special tokens that are mere words or blanks (some vocabularies list them) change nothing."""
    return len(token) > 1 and any(
        not (char.isalnum() or char.isspace()) for char in token.strip("▁")
    )


class Neutralizer:
    """Made once for a vocabulary. keep_switches: leave what a person types as a switch."""

    def __init__(self, tokens: Iterable[str], *, keep_switches: bool) -> None:
        risky = {token for token in tokens if is_risky(token)}
        if keep_switches:
            risky -= SWITCHES
        self._pattern = _pattern(risky)
        self._prefixes = {token[:size] for token in risky for size in range(1, len(token))}
        self._longest = max(map(len, risky), default=1)

    def guard(self, sentinel: str) -> Guard:
        """A function that puts the sentinel into special tokens and into what could become one."""

        def guarded(text: str) -> str:
            if self._pattern is None:
                return text
            body = text.rstrip()
            sizes = range(1, min(self._longest, len(body) + 1))
            if any(body[-size:] in self._prefixes for size in sizes):
                text = f"{body}{sentinel}{text[len(body) :]}"
            return self._pattern.sub(lambda match: match.group() + sentinel, text)

        return guarded


def _pattern(tokens: set[str]) -> re.Pattern[str] | None:
    rests: dict[str, list[str]] = {}
    for token in sorted(tokens):
        rests.setdefault(token[0], []).append(re.escape(token[1:]))
    # The first character is matched and the rest looked at, so overlapping tokens are all found.
    starts = [f"{re.escape(first)}(?={'|'.join(rest)})" for first, rest in rests.items()]
    return re.compile("|".join(starts)) if starts else None


def guard_value(value: JsonValue, guarded: Guard) -> JsonValue:
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, list):
        return [guard_value(item, guarded) for item in value]
    if isinstance(value, dict):
        return {guarded(key): guard_value(item, guarded) for key, item in value.items()}
    return value


def strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings(item)


def free_sentinel(texts: list[str]) -> str:
    """A character that occurs in none of the texts, nor does its escape; "" if all do."""
    for candidate in _CANDIDATES:
        escape = escaped(candidate)
        if not any(candidate in text or escape in text for text in texts):
            return candidate
    return ""


def escaped(sentinel: str) -> str:
    """How a template that prints a list, or writes ASCII JSON, spells the sentinel."""
    return f"\\u{ord(sentinel):04x}"


def without_candidates(text: str) -> str:
    for candidate in _CANDIDATES:
        text = text.replace(candidate, "").replace(escaped(candidate), "")
    return text
