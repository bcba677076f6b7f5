"""A store in a folder of the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.chat.store.store import ChatStore


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
