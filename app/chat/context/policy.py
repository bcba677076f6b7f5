"""How much of a conversation has to be left out so that the next question fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.messages import Message, ToolCallPart, ToolResultPart

_ANSWER = 1024
_THINKING_ANSWER = 2048
_ANSWER_SHARE = 8
_COMFORT_SHARE = 4

Measure = Callable[[int], int]
"""The tokens of the next prompt when so many of the first messages are left out."""


@dataclass(frozen=True)
class Cut:
    """messages: how many of the first ones are left out, in whole turns. turns: how many of those
    that were sent so far. tokens: of the next prompt then; freed: of the one before."""

    messages: int
    turns: int
    tokens: int
    freed: int


def least_answer(context_tokens: int, *, thinking: bool, max_tokens: int = 0) -> int:
    """Room below which asking makes no sense. max_tokens: the longest answer, 0 for no limit."""
    usual = _THINKING_ANSWER if thinking else _ANSWER
    least = max(1, min(usual, context_tokens // _ANSWER_SHARE))
    return min(least, max_tokens) if max_tokens else least


def cuts(messages: Sequence[Message]) -> list[int]:
    """Where a conversation may begin: before a question, with no call on one side and its result
    on the other; and after all of it."""
    begun: dict[str, int] = {}
    spanned: set[int] = set()
    for index, message in enumerate(messages):
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                begun.setdefault(part.id, index)
            elif isinstance(part, ToolResultPart) and part.call_id in begun:
                spanned.update(range(begun[part.call_id] + 1, index + 1))
    questions = [index for index, one in enumerate(messages) if one.role == "user" and index]
    found = [index for index in questions if index not in spanned]
    return [*found, len(messages)] if messages else []


def leave_out(
    messages: Sequence[Message],
    measure: Measure,
    context_tokens: int,
    answer: int,
    already: int = 0,
) -> Cut | None:
    """The oldest turns that have to go beside those that are left out `already`. As few as leave a
    good deal of room, so that the next question fits too; where that cannot be had, as few as leave
    `answer`. None: leaving out all of them is not enough.
    """
    possible = [cut for cut in cuts(messages) if cut > already]
    if not possible:
        return None
    before = measure(already)
    known: dict[int, int] = {}

    def tokens(cut: int) -> int:
        if cut not in known:
            known[cut] = measure(cut)
        return known[cut]

    # All of it goes only when nothing less is enough.
    comfortable = context_tokens - max(answer, context_tokens // _COMFORT_SHARE)
    enough = context_tokens - answer
    for some, most in ((possible[:-1], comfortable), (possible, enough)):
        index = _first(some, tokens, most)
        if index is not None:
            cut = some[index]
            return Cut(cut, index + 1, tokens(cut), max(0, before - tokens(cut)))
    return None


def _first(some: Sequence[int], tokens: Measure, most: int) -> int | None:
    """The index of the first one with which the prompt has at most so many tokens; all after it
    are taken to have no more."""
    if not some or tokens(some[-1]) > most:
        return None
    low, high = 0, len(some) - 1
    while low < high:
        middle = (low + high) // 2
        if tokens(some[middle]) <= most:
            high = middle
        else:
            low = middle + 1
    return low
