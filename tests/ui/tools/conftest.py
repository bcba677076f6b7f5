"""A window on a real toolbox, and a tool that goes out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.chat.store.store import ChatStore
from app.chat.toolbox import Toolbox
from app.settings.store import SettingsStore
from app.ui.application import Desktop, application
from tests.ui.scripted import model
from tests.ui.tool_window import MODEL, Fetching, ToolBackend, ToolDriver


@pytest.fixture
def fetching() -> Fetching:
    return Fetching()


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[ChatStore]:
    store = ChatStore(tmp_path / "chats")
    store.start()
    yield store
    assert store.close()


@pytest.fixture
def window(
    qtbot: QtBot, settings: SettingsStore, chats: ChatStore, tmp_path: Path, fetching: Fetching
) -> Iterator[ToolDriver]:
    toolbox = Toolbox(settings, tmp_path / "data", (fetching.tool(),))
    backend = ToolBackend(toolbox=toolbox, loads={MODEL: model(MODEL)})
    desktop = Desktop(application(), backend, settings, chats=chats, toolbox=toolbox)
    desktop.window.resize(1000, 800)
    desktop.window.show()
    driver = ToolDriver(desktop, backend, qtbot, toolbox)
    desktop.window.page.composer.tools.setChecked(True)
    driver.load(MODEL)
    yield driver
    desktop.window.close()
    assert desktop.close(), "background work did not end in time"
    desktop.window.deleteLater()
