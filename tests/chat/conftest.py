"""A store in a folder of the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.chat.store.store import ChatStore


@pytest.fixture
def stores() -> Iterator[Callable[..., ChatStore]]:
    """Makes stores; those that a test has not closed are closed after it."""
    made: list[ChatStore] = []

    def make(folder: Path, **options: Any) -> ChatStore:
        made.append(ChatStore(folder, **options))
        return made[-1]

    yield make
    for store in made:
        store.close(30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    store = ChatStore(tmp_path / "chats")
    opening = store.start().result(30)
    assert opening.read_only_because is None
    assert opening.problems == ()
    try:
        yield store
    finally:
        assert store.close(30)
