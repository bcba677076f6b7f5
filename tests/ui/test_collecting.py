"""Looking for objects that nothing holds is rare once the window is up."""

import gc
from collections.abc import Iterator

import pytest

from app.ui.collecting import collect_seldom


@pytest.fixture
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("as_before")
def test_what_exists_when_the_window_is_up_is_not_looked_through_again() -> None:
    before = gc.get_freeze_count()
    collect_seldom()
    assert gc.get_freeze_count() > before
    assert gc.get_threshold()[0] >= 10_000
    assert gc.isenabled()
