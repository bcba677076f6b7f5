"""How well a title fits what somebody typed. No Qt."""

_START, _WORD, _INSIDE, _SCATTERED = 100, 60, 30, 8


def score(query: str, title: str, words: str = "") -> int | None:
    """Larger is better; None when something typed is in neither. words: what else it is called."""
    text = title.casefold()
    total = 0
    for typed in query.casefold().split():
        found = max(_score(typed, text), _score(typed, words.casefold()) // 2)
        if not found:
            return None
        total += found
    return total


def _score(typed: str, text: str) -> int:
    at = text.find(typed)
    if at == 0:
        return _START
    if at > 0:
        begins = any(word.startswith(typed) for word in text.split())
        return _WORD if begins else _INSIDE
    return _SCATTERED if len(typed) > 1 and _initials(typed, text) else 0


def _initials(typed: str, text: str) -> bool:
    """`nc` for “new chat”: the letters begin words, in that order."""
    firsts = iter(word[0] for word in text.split())
    return all(letter in firsts for letter in typed)
