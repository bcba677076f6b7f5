"""The language that people read: English in the code, other languages looked up.

Sentences are collected from calls of `tr` and `mark` by Qt's lupdate (resources/translations).
"""

from collections.abc import Callable

Lookup = Callable[[str], str]


def _as_it_is(text: str) -> str:
    return text


_lookup: Lookup = _as_it_is


def use_language(lookup: Lookup | None) -> None:
    """From now on, on every thread. lookup: from a sentence in English, its names in braces, to the
    same in another language ("" when there is none); None: English."""
    global _lookup  # noqa: PLW0603 - one language for the whole program
    _lookup = lookup or _as_it_is


def tr(text: str, /, **values: object) -> str:
    """`text` in the language in force, `{name}` replaced by the value of that name."""
    found = (_lookup(text) if text else "") or text
    if not values:
        return found
    try:
        return found.format(**values)
    except (LookupError, ValueError, AttributeError):
        return text.format(**values)


def sentences(*parts: str) -> str:
    """One behind the other, without those that are empty. A full stop of Chinese brings its space
    with it."""
    told = ""
    for part in filter(None, parts):
        told += part if not told or told.endswith(("。", "！", "？")) else f" {part}"
    return told


def mark(text: str, /) -> str:
    """Nothing happens: the sentence is made when modules are imported and goes through `tr` where
    it is shown."""
    return text
