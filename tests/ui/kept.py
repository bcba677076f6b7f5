"""A window whose chats are kept."""

from collections.abc import Iterator
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.chat.events import MessageAdded, RoundFinished, RoundStarted, TurnEvent
from app.chat.store.store import ChatStore
from app.core.messages import Message, TextPart
from app.dialect.events import TextDelta
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from app.ui.chat.entries import Answer
from app.ui.chat.history.panel import HistoryPanel
from app.ui.chat.history.rows import Line
from tests.ui.conftest import Driver
from tests.ui.scripted import STATS, ScriptedBackend, Step


class Kept(Driver):
    @property
    def panel(self) -> HistoryPanel:
        found = self.page.history
        assert found is not None
        return found

    def lines(self) -> list[Line]:
        return [item for item in self.panel.shown if isinstance(item, Line)]

    def titles(self) -> list[str]:
        return [line.title for line in self.lines()]

    def wait_count(self, count: int) -> None:
        self.wait(lambda: len(self.titles()) == count)

    def wait_answers(self, *texts: str) -> None:
        self.wait(lambda: [entry.text for entry in self.entries(Answer)] == list(texts))

    def wait_listed(self, *titles: str) -> None:
        self.wait(lambda: self.titles() == list(titles))


def kept_window(qtbot: QtBot, chats: ChatStore, tmp_path: Path) -> Iterator[Kept]:
    backend = ScriptedBackend()
    settings = SettingsStore(tmp_path / "settings.json")
    settings.load()
    desktop = Desktop(application(), backend, settings, chats=chats)
    desktop.window.resize(1280, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    made = Kept(desktop, backend, qtbot)
    made.load()
    yield made
    desktop.window.close()
    assert desktop.close()


def answer(text: str, *before: TurnEvent) -> list[Step]:
    message = Message("assistant", (TextPart(text),))
    steps: list[Step] = [
        RoundStarted(0), *before, TextDelta(text), RoundFinished(message, "end", STATS),
        MessageAdded(message),
    ]  # fmt: skip
    return steps
