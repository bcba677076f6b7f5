"""An answer that is being thought about, and what waits behind it; written for the picture."""

import threading
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.chat.events import Progress, RoundStarted
from app.chat.store.store import ChatStore
from app.dialect.events import ReasoningDelta
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Thinking
from tests.pictures.stage import earlier_chats, save, wait, whole, written_window
from tests.ui.scripted import ScriptedBackend, model

_MODEL = "/models/GLM-4.6-UD-Q2_K_XL.gguf"
_QUESTION = "Compare three ways to keep a parser from recursing too deep."
_WAITING = ("Which of them would you take for JSON?", "Show it in Python, with a test.")
_THOUGHT = (
    "Three ways come to mind: a limit on the depth, a stack of one's own instead of calls, and "
    "a grammar without deep nesting. The limit is the simplest and says no to sound input. "
)


def draw_queue(folder: Path, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    chats = ChatStore(place / "chats")
    chats.start()
    earlier_chats(chats)
    backend = ScriptedBackend(loads={_MODEL: model(_MODEL)})
    gate = threading.Event()
    backend.turns.append([RoundStarted(0), ReasoningDelta(_THOUGHT), Progress(48, 190, 8.9), gate])
    settings = SettingsStore(place / "settings.json")
    desktop = Desktop(application(), backend, settings, whole({}), chats=chats)
    session = desktop.session
    with written_window(desktop):
        session.models.open(_MODEL)
        wait(lambda: session.ready is not None, "the model")
        page = desktop.window.page
        page.ask(_QUESTION)
        wait(lambda: any(isinstance(e, Thinking) for e in session.transcript.entries), "thoughts")
        for text in _WAITING:
            page.composer.set_text(text)
            QTest.keyClick(page.composer.edit, Qt.Key.Key_Return)
        wait(lambda: len(session.queue.questions) == len(_WAITING), "what waits")
        save(desktop, folder, "queue", prepare=page.composer.edit.clearFocus)
        session.stop()
        wait(lambda: not session.busy, "the end of the answer")
    chats.close()
