"""A window on a scripted backend."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.core.paths import resources_dir
from app.core.tasks import TaskRunner
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Entry, Transcript
from app.ui.chat.page import ChatPage
from app.ui.chat.transcript_view import TranscriptView
from app.ui.look import Look
from app.ui.main_thread import MainThread
from tests.ui.scripted import DEMO, ScriptedBackend, Step

if TYPE_CHECKING:
    from tests.ui.kept import Kept

E = TypeVar("E")
TIMEOUT_MS = 10_000
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says this whenever a window has a smallest size."""
    harmless = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(harmless)


@dataclass
class Driver:
    """What a person does at the window, and a test looks at."""

    desktop: Desktop
    backend: ScriptedBackend
    qtbot: QtBot

    @property
    def page(self) -> ChatPage:
        return self.desktop.window.page

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=TIMEOUT_MS)

    def load(self, path: str = DEMO) -> None:
        self.desktop.session.models.open(path)
        self.wait(lambda: self.desktop.session.ready is not None)

    def ask(self, text: str, steps: list[Step], *, wait: bool = True) -> None:
        self.backend.turns.append(steps)
        self.page.composer.set_text(text)
        self.page.composer.send.click()
        if wait:
            self.wait(lambda: not self.desktop.session.busy)

    def entries(self, kind: type[E]) -> list[E]:
        return [
            entry for entry in self.desktop.session.transcript.entries if isinstance(entry, kind)
        ]

    def wait_for(self, kind: type[Entry]) -> None:
        self.wait(lambda: bool(self.entries(kind)))


@pytest.fixture
def tasks() -> Iterator[TaskRunner]:
    main_thread = MainThread()
    runner = TaskRunner(main_thread.post)
    yield runner
    assert runner.close()
    main_thread.close()


@pytest.fixture
def look(qtbot: QtBot) -> Look:  # noqa: ARG001 - brings the application
    look = Look(application(), resources_dir())
    look.choose("light")
    return look


@pytest.fixture
def view(qtbot: QtBot, look: Look, transcript: Transcript) -> Iterator[TranscriptView]:
    """Of the `transcript` that the test's own file makes."""
    made = TranscriptView(look)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    made.show_transcript(transcript)
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path) -> SettingsStore:
    return SettingsStore(tmp_path / "settings.json")


@pytest.fixture
def driver(qtbot: QtBot, settings: SettingsStore) -> Iterator[Driver]:
    backend = ScriptedBackend()
    desktop = Desktop(application(), backend, settings)
    desktop.window.resize(1000, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    yield Driver(desktop, backend, qtbot)
    desktop.window.close()
    assert desktop.close(), "background work did not end in time"


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end, whatever happens."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[ChatStore]:
    store = ChatStore(tmp_path / "chats")
    store.start()
    yield store
    assert store.close()


@pytest.fixture
def kept(qtbot: QtBot, chats: ChatStore, tmp_path: Path) -> "Iterator[Kept]":
    """A window whose chats are kept."""
    from tests.ui.kept import kept_window

    yield from kept_window(qtbot, chats, tmp_path)
