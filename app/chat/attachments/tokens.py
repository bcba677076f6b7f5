"""About how many tokens a text is, while no model can be asked."""

import re

# Vocabularies of 150,000 entries, as GLM's, make one token of most words with the blank before
# them, three of four signs of punctuation, one of up to three digits, and two of three Chinese
# signs. The figures lie on the high side: what is estimated to fit should fit.
_PIECE = re.compile(
    r"[A-Za-z]+|[0-9]+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]+|\s+|[^\w\s]+|\w+"
)
_SAMPLES = 20
_SAMPLE = 10_000


def about_tokens(text: str) -> int:
    """Quick for any length: of a long text, samples from all over it are looked at."""
    if len(text) <= _SAMPLES * _SAMPLE:
        return _tokens(text)
    step = len(text) // _SAMPLES
    samples = [text[at : at + _SAMPLE] for at in range(0, step * _SAMPLES, step)]
    seen = sum(map(len, samples))
    return round(sum(map(_tokens, samples)) * len(text) / seen)


def _tokens(text: str) -> int:
    return round(sum(_weight(match.group()) for match in _PIECE.finditer(text)))


def _weight(piece: str) -> float:
    first, size = piece[0], len(piece)
    if first.isspace():
        return 0.0 if piece == " " else 1.0 + size // 16
    if first.isascii() and first.isalpha():
        return 1.0 + max(0, size - 6) / 5
    if first.isascii() and first.isdigit():
        return -(-size // 3)
    if "\u3040" <= first <= "\uffef":
        return 0.7 * size
    if first.isalnum():
        return 0.45 * size + 0.5
    return 0.75 * size if size < 8 else 1 + size / 6
