"""Short words for what the tests do most."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from app.chat.store.store import FILE_NAME, ChatStore
from app.chat.store.types import StoreStatus
from app.core.messages import Message, TextPart

T = TypeVar("T")
Stores = Callable[..., ChatStore]


def done(command: tuple[T, Future[None]]) -> T:
    """Wait for a command that gives an id."""
    value, future = command
    future.result(30)
    return value


def ask(store: ChatStore, conversation: int, parent: int | None, text: str) -> int:
    return done(store.messages.ask(conversation, parent, (TextPart(text),)))


def answer(store: ChatStore, conversation: int, parent: int, text: str) -> int:
    message = Message("assistant", (TextPart(text),))
    return done(store.messages.add(conversation, parent, message))


def texts(store: ChatStore, conversation: int) -> list[str]:
    """Of the visible path."""
    return [message.message.text for message in store.read.history(conversation)]


@contextmanager
def opened(folder: Path) -> Iterator[ChatStore]:
    store = ChatStore(folder)
    store.start().result(30)
    try:
        yield store
    finally:
        store.close(30)


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    """The file as it is, behind the store's back."""
    connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


class Statuses:
    """For `on_status`: remembers, and waits for one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.seen: list[StoreStatus] = []

    def __call__(self, status: StoreStatus) -> None:
        with self._changed:
            self.seen.append(status)
            self._changed.notify_all()

    def wait_for(self, status: StoreStatus) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.seen[-1:] == [status], 30)
