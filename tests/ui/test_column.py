"""Tops of a column, against plain sums."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from app.ui.chat.column import Column, differing, first_difference

_SIZES = st.lists(st.integers(0, 400), min_size=1, max_size=40)


def _column(sizes: list[int]) -> Column:
    column = Column()
    column.replace(0, 0, sizes)
    return column


@given(_SIZES, st.data())
def test_tops_are_the_sums_of_what_stands_above(sizes: list[int], data: st.DataObject) -> None:
    column = _column(sizes)
    for _ in range(data.draw(st.integers(0, 6))):
        index = data.draw(st.integers(0, len(sizes) - 1))
        sizes[index] = data.draw(st.integers(0, 400))
        assert column.total >= 0
        column.set_size(index, sizes[index])
    start = data.draw(st.integers(0, len(sizes)))
    stop = data.draw(st.integers(start, len(sizes)))
    put = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=5))
    column.replace(start, stop, put)
    sizes[start:stop] = put
    assert [column.top(index) for index in range(len(sizes))] == [
        sum(sizes[:index]) for index in range(len(sizes))
    ]
    assert column.total == sum(sizes)


@given(_SIZES, st.integers(-50, 20_000))
def test_what_stands_at_a_place_contains_it(sizes: list[int], y: int) -> None:
    column = _column(sizes)
    index = column.at(y)
    assert 0 <= index < len(sizes)
    if 0 <= y < column.total:
        assert column.top(index) <= y < column.top(index) + column.size(index)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ([], [], 0),
        ([1, 2, 3], [1, 2, 3], 3),
        ([1, 2, 3], [1, 2], 2),
        ([1, 2, 3], [1, 2, 9, 3], 2),
        ([1, 2, 3], [9, 2, 3], 0),
        ([1], [], 0),
    ],
)
def test_first_difference(old: list[object], new: list[object], same: int) -> None:
    assert first_difference(old, new) == same


@given(st.lists(st.integers(0, 2), max_size=30), st.lists(st.integers(0, 2), max_size=30))
def test_first_difference_of_anything(old: list[int], new: list[int]) -> None:
    count = first_difference(list(old), list(new))
    assert old[:count] == new[:count]
    assert count == min(len(old), len(new)) or old[count] != new[count]


@pytest.mark.parametrize(
    ("old", "new", "was", "fresh"),
    [
        ([], [], range(0), range(0)),
        ([1, 2], [1, 2], range(2, 2), range(2, 2)),
        ([3, 4], [1, 2, 3, 4], range(0), range(2)),
        ([1, 4], [1, 2, 3, 4], range(1, 1), range(1, 3)),
        ([1, 2, 3, 4], [1, 9, 4], range(1, 3), range(1, 2)),
        ([1, 2], [1, 2, 3], range(2, 2), range(2, 3)),
        ([1, 1], [1, 1, 1], range(2, 2), range(2, 3)),
        ([1, 2, 3], [1], range(1, 3), range(1, 1)),
    ],
)
def test_differing(old: list[object], new: list[object], was: range, fresh: range) -> None:
    assert differing(old, new) == (was, fresh)
