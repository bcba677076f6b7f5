"""The same text in other tokens: what a model sampled is often not how a tokenizer would cut it.

A prompt repeats earlier answers as text. Where its tokens and those in the KV cache spell the same
bytes, the cached ones are as good, and a long answer need not be read again for one odd token.
"""

from collections.abc import Callable, Sequence

_COMPARED_AT_ONCE = 1024

Bytes = Callable[[int], bytes | None]
"""The bytes of a token; None for a special one, which stands for more than its text."""


def spelled_as_held(held: Sequence[int], wanted: Sequence[int], bytes_of: Bytes) -> list[int]:
    """`wanted` with its beginning in the tokens of `held`, as far as both are the same text."""
    result: list[int] = []
    first = second = 0
    while True:
        same = common(held, first, wanted, second)
        result += wanted[second : second + same]
        first, second = first + same, second + same
        ends = _same_text(held, first, wanted, second, bytes_of)
        if ends is None:
            return result + list(wanted[second:])
        result += held[first : ends[0]]
        first, second = ends


def common(left: Sequence[int], at_left: int, right: Sequence[int], at_right: int) -> int:
    """How many tokens are the same from there on. Compares block by block: contexts are long."""
    limit = min(len(left) - at_left, len(right) - at_right)
    done = 0
    while done < limit:
        size = min(_COMPARED_AT_ONCE, limit - done)
        one = left[at_left + done : at_left + done + size]
        other = right[at_right + done : at_right + done + size]
        if one != other:
            return done + next(i for i in range(size) if one[i] != other[i])
        done += size
    return limit


def _same_text(
    held: Sequence[int], first: int, wanted: Sequence[int], second: int, bytes_of: Bytes
) -> tuple[int, int] | None:
    """Where the shortest text ends that both spell from there on; None when they part."""
    said = asked = b""
    while True:
        if len(said) <= len(asked):
            more = bytes_of(held[first]) if first < len(held) else None
            said, first = said + (more or b""), first + 1
        else:
            more = bytes_of(wanted[second]) if second < len(wanted) else None
            asked, second = asked + (more or b""), second + 1
        shorter = min(len(said), len(asked))
        if not more or said[:shorter] != asked[:shorter]:
            return None
        if len(said) == len(asked):
            return first, second
        said, asked = said[shorter:], asked[shorter:]
