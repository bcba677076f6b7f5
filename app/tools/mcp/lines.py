"""A command with its arguments as one line, for people to read and to type."""

from collections.abc import Sequence

_QUOTES = ("'", '"')


class UnclosedError(ValueError):
    """A quote was opened and not closed."""


def split_line(line: str) -> list[str]:
    """Words between spaces; '…' and "…" keep spaces together. A backslash stands for itself, as in
    paths of Windows, but for \\" within "…". Nothing is expanded. Raises UnclosedError."""
    words: list[str] = []
    word, quote, begun = "", "", False
    signs = iter(line.replace("\n", " "))
    for sign in signs:
        if quote:
            if sign == quote:
                quote = ""
            elif sign == "\\" and quote == '"':
                following = next(signs, "")
                word += following if following in ('"', "\\") else sign + following
            else:
                word += sign
        elif sign in _QUOTES and (not begun or word.endswith("=")):
            quote, begun = sign, True
        elif sign.isspace():
            if begun:
                words.append(word)
            word, begun = "", False
        else:
            word, begun = word + sign, True
    if quote:
        raise UnclosedError
    return [*words, word] if begun else words


def join_line(words: Sequence[str]) -> str:
    """What `split_line` reads again as these words."""
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if word and not any(sign.isspace() or sign in _QUOTES for sign in word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
