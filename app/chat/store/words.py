"""How text is compared when it is searched: without case, accents and widths, in any script.

The index splits text into words. Scripts that write without spaces have none, so every character of
theirs becomes a word of its own, and a run of them in a query becomes a phrase. Measured on 100,000
messages of 72 million characters: pairs of characters as words took three times as long to index,
1.4 times the room, and were slower for a single character; the slowest phrase of common characters
took 14 ms.
"""

import re
import unicodedata
from typing import NamedTuple

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
_LETTER = rf"[^\W_{_UNSPACED}]"
_WORD = re.compile(f"[{_UNSPACED}]|{_LETTER}+")
_SPECIAL = {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ı": "i"}
_KANA_AND_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_MARKS = re.compile("[\u0300-\u036f]")

LONGEST_QUERY = 200
MOST_PHRASES = 12


class Phrase(NamedTuple):
    """Words in a row; the last one may go on when prefix is True."""

    words: tuple[str, ...]
    prefix: bool


class _Fold(dict[int, str]):
    """Character by character, so that positions stay; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_FOLD = _Fold()


def fold(text: str) -> str:
    """Of the same length."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def for_index(text: str) -> str:
    """The text as the index is given it. Must not change: what is in the index is taken out of it
    by saying it again."""
    if text.isascii():
        return text
    return _RUN.sub(lambda run: f" {' '.join(run[0])} ", fold(text)).replace("\0", " ")


def phrases(query: str) -> tuple[Phrase, ...]:
    """What a query asks for, all of it. Quotes hold words together; the word that is being typed
    counts as the beginning of one, unless it is a single letter."""
    found: list[Phrase] = []
    query = fold(_MARKS.sub("", unicodedata.normalize("NFC", query[:LONGEST_QUERY])))
    for number, piece in enumerate(query.split('"')):
        quoted = number % 2 == 1
        for text in [piece] if quoted else piece.split():
            words = tuple(_WORD.findall(text))
            if words:
                found.append(Phrase(words, False))
    if found and _is_being_typed(query, found[-1].words[-1]):
        found[-1] = found[-1]._replace(prefix=True)
    return tuple(found[:MOST_PHRASES])


def match_expression(wanted: tuple[Phrase, ...]) -> str:
    """In the language of FTS5."""
    return " ".join(f'"{" ".join(words)}"{"*" if prefix else ""}' for words, prefix in wanted)


def find(wanted: tuple[Phrase, ...], text: str) -> list[tuple[int, int]]:
    """Where the phrases are in the text, as (start, end), in order and without overlaps."""
    folded, offsets = _without_marks(fold(text))
    spans = sorted(
        match.span()
        for pattern in {_pattern(phrase) for phrase in wanted}
        for match in re.finditer(pattern, folded)
    )
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if offsets is not None:
            start, end = offsets[start], offsets[end - 1] + 1  # noqa: PLW2901
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _pattern(phrase: Phrase) -> str:
    parts: list[str] = []
    for word in phrase.words:
        unspaced = _RUN.fullmatch(word) is not None
        parts.append(re.escape(word) if unspaced else f"(?<!{_LETTER}){re.escape(word)}")
    pattern = r"[\W_]*".join(parts)
    last = phrase.words[-1]
    return pattern if phrase.prefix or _RUN.fullmatch(last) else f"{pattern}(?!{_LETTER})"


def _is_being_typed(query: str, last: str) -> bool:
    """The query ends in this word, and more letters may come."""
    return query.endswith(last) and len(last) > 1


def _without_marks(text: str) -> tuple[str, list[int] | None]:
    """Accents written as characters of their own left out, and where the others were."""
    if not _MARKS.search(text):
        return text, None
    kept = [n for n, character in enumerate(text) if not "\u0300" <= character <= "\u036f"]
    return "".join(text[n] for n in kept), kept


def _folded(character: str) -> str:
    special = _SPECIAL.get(character)
    if special is not None:
        return special
    if not _KANA_AND_HANGUL.match(character):
        plain = "".join(
            part
            for part in unicodedata.normalize("NFKD", character)
            if not unicodedata.combining(part)
        )
        if len(plain) == 1:
            character = plain
    lower = character.lower()
    return lower if len(lower) == 1 else character
