"""The person decides about the calls of a server, at the window."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.chat.toolbox import Toolbox
from app.settings.of_tools import TOOL_PERMISSIONS
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.mcp.tools import McpTools, scope
from app.ui.application import Desktop, application
from tests.chat.scripted import call
from tests.tools.mcp.conftest import PATIENCE, QUICK, habit
from tests.ui.scripted import model
from tests.ui.tool_window import ToolBackend, ToolDriver

MODEL = "/models/real.gguf"


@pytest.fixture
def host() -> Iterator[McpHost]:
    made = McpHost(limits=QUICK)
    server = habit("good")
    made.configure([replace(server, approved=server.fingerprint)])
    yield made
    assert made.close(PATIENCE)


@pytest.fixture
def window(
    qtbot: QtBot, settings: SettingsStore, host: McpHost, tmp_path: Path
) -> Iterator[ToolDriver]:
    toolbox = Toolbox(settings, tmp_path / "data", sources=[McpTools(host)])
    backend = ToolBackend(toolbox=toolbox)
    backend.loads[MODEL] = model(MODEL)
    desktop = Desktop(application(), backend, settings, toolbox=toolbox, mcp=host)
    desktop.window.resize(1000, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    driver = ToolDriver(desktop, backend, qtbot, toolbox)
    driver.load(MODEL)
    driver.page.composer.tools.setChecked(True)
    yield driver
    desktop.window.close()
    assert desktop.close()


def test_the_first_call_is_asked_about_and_always_holds_for_this_command(
    window: ToolDriver, settings: SettingsStore, host: McpHost
) -> None:
    window.say("Say hi.", call("test__say", word="hi"), "Done.")
    request = window.request
    assert (request.source, request.effect) == ("test", "runs code")
    assert request.lines == ("word: hi", "The server says that this changes nothing.")
    texts = [one.text() for one in window.card.findChildren(QLabel)]
    assert "What this touches is up to the server." in texts
    window.press("always")
    window.done()
    assert [use.result for use in window.uses] == ["hi"]
    [server] = host.servers
    assert settings.get(TOOL_PERMISSIONS) == (("test__say", scope(server)),)
    window.say("Again.", call("test__say", word="again"), "Done.")
    window.done()
    assert [use.result for use in window.uses] == ["hi", "again"]
    other = replace(server, arguments=(*server.arguments, "x"))
    host.configure([replace(other, approved=other.fingerprint)])
    window.say("Another program.", call("test__say", word="other"), "Done.")
    assert window.request.scope == scope(other)
    window.press("deny")
    window.done()


def test_the_number_of_tools_follows_the_server(window: ToolDriver) -> None:
    before = window.page.composer.tools.text()
    window.say("Go.", "Nothing to do.")
    window.done()
    window.wait(lambda: window.page.composer.tools.text() != before)
    assert "13" in window.page.composer.tools.text()
