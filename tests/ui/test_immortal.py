"""The interpreter survives many calls into Qt."""

import sys

import pytest
from PySide6.QtCore import QObject

import app.ui  # noqa: F401 - makes the singletons immortal


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="they are immortal by themselves")
def test_calls_that_return_none_cannot_use_it_up() -> None:
    thing = QObject()
    for _ in range(20_000):
        thing.setObjectName("x")
    assert sys.getrefcount(None) > 1 << 30
