"""Code in colours: Pygments tokens become spans of tokens from the theme. No Qt."""

from dataclasses import dataclass
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

# Beyond this the colours are left out: they would take longer than a frame.
LONGEST_COLOURED = 100_000

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


def spans(code: str, language: str) -> list[tuple[Span, ...]]:
    """The spans of each line; all empty for an unknown language or very long code."""
    lines: list[list[Span]] = [[]]
    lexer = _lexer(language) if len(code) <= LONGEST_COLOURED else None
    if lexer is None:
        return [()] * (code.count("\n") + 1)
    column = 0
    for _, kind, value in lexer.get_tokens_unprocessed(code):
        colour = _colour(kind)
        for number, piece in enumerate(value.split("\n")):
            if number:
                lines.append([])
                column = 0
            length = _utf16_length(piece)
            if piece and colour:
                lines[-1].append(Span(column, length, colour))
            column += length
    return [tuple(line) for line in lines]


def warm_up() -> None:
    """Import what most answers need, which takes the disk; for a worker thread."""
    for language in ("python", "bash", "json", "sql", "javascript", "html", "c", "yaml"):
        spans("x = 1\n", language)


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
