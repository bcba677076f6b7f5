"""Range arithmetic against plain sets of integers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.downloads.pieces import Board, Span
from app.downloads.ranges import RangeSet
from app.downloads.types import MIB

LIMIT = 60
_pairs = st.tuples(st.integers(0, LIMIT), st.integers(0, LIMIT)).map(
    lambda pair: (min(pair), max(pair))
)
_operations = st.lists(st.tuples(st.booleans(), _pairs), max_size=25)


def _apply(operations: list[tuple[bool, tuple[int, int]]]) -> tuple[RangeSet, set[int]]:
    ranges, model = RangeSet(), set[int]()
    for adding, (start, end) in operations:
        if adding:
            ranges.add(start, end)
            model |= set(range(start, end))
        else:
            ranges.remove(start, end)
            model -= set(range(start, end))
    return ranges, model


@given(_operations)
def test_it_is_the_set_that_it_stands_for(
    operations: list[tuple[bool, tuple[int, int]]],
) -> None:
    ranges, model = _apply(operations)

    listed = list(ranges)
    assert {n for start, end in listed for n in range(start, end)} == model
    assert all(start < end for start, end in listed)
    assert all(a[1] < b[0] for a, b in pairwise(listed))
    assert ranges.total == len(model)
    assert [n in ranges for n in range(LIMIT)] == [n in model for n in range(LIMIT)]
    assert RangeSet(listed) == ranges


@given(_operations, st.integers(0, LIMIT), st.integers(0, LIMIT))
def test_gaps_and_runs(
    operations: list[tuple[bool, tuple[int, int]]], size: int, position: int
) -> None:
    ranges, model = _apply(operations)

    gaps = {n for start, end in ranges.missing(size) for n in range(start, end)}
    assert gaps == set(range(size)) - model
    end = position
    while end in model:
        end += 1
    assert ranges.end_of_run(position) == end
    assert ranges.covers(position, size) == (set(range(position, size)) <= model)


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (5, 4)])
def test_nonsense_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no range"):
        RangeSet().add(start, end)


@given(st.integers(1, 300 * MIB), st.integers(1, 8), st.data())
def test_the_board_hands_out_every_byte_once(
    size: int, connections: int, data: st.DataObject
) -> None:
    """Spans never overlap, stay in the window, and together they are the file."""
    board = Board(size, RangeSet(), connections)
    open_spans: list[Span] = []
    received = RangeSet()
    for _ in range(2000):
        if board.complete:
            break
        if len(open_spans) < connections and (span := board.take()) is not None:
            open_spans.append(span)
        assert open_spans, "something is missing, nobody fetches it and nobody may"
        span = data.draw(st.sampled_from(open_spans)) if size < 8 * MIB else open_spans[-1]
        end = span.position + board.claim(span, 3 * MIB)
        assert received.total + end - span.position == _after(received, span.position, end)
        board.written.add(span.position, end)
        span.position = end
        if span.left <= 0:
            board.release(span)
            open_spans.remove(span)
    assert board.complete
    assert received == RangeSet([(0, size)])


def _after(received: RangeSet, start: int, end: int) -> int:
    received.add(start, end)
    return received.total
