"""Code in colours: Pygments tokens become spans of tokens from the theme. No Qt."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

_COLOURS: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "syntax_comment"),
    (Keyword, "syntax_keyword"),
    (Operator.Word, "syntax_keyword"),
    (String, "syntax_string"),
    (Number, "syntax_number"),
    (Name.Function, "syntax_name"),
    (Name.Class, "syntax_name"),
    (Name.Decorator, "syntax_name"),
    (Name.Tag, "syntax_keyword"),
    (Name.Attribute, "syntax_name"),
)


@dataclass(frozen=True)
class Span:
    """UTF-16 units of one line, as Qt counts, coloured by a token of the theme."""

    start: int
    length: int
    token: str


def line_spans(code: str, language: str) -> Iterator[tuple[Span, ...]]:
    """The spans of one line after the other, computed as they are asked for.

    All are empty for an unknown language.
    """
    lexer = _lexer(language)
    if lexer is None:
        yield from [()] * (code.count("\n") + 1)
        return
    line: list[Span] = []
    column = 0
    for _, kind, value in lexer.get_tokens_unprocessed(code):
        colour = _colour(kind)
        for number, piece in enumerate(value.split("\n")):
            if number:
                yield tuple(line)
                line, column = [], 0
            length = _utf16_length(piece)
            if piece and colour:
                line.append(Span(column, length, colour))
            column += length
    yield tuple(line)


def warm_up() -> None:
    """Import what most answers need, which takes the disk; for a worker thread."""
    for language in ("python", "bash", "json", "sql", "javascript", "html", "c", "yaml"):
        list(line_spans("x = 1\n", language))


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if not language:
        return None
    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@lru_cache(maxsize=512)
def _colour(kind: _TokenType) -> str:
    for parent, colour in _COLOURS:
        if kind[: len(parent)] == parent:
            return colour
    return ""
