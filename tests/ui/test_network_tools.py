"""Pages, search and Python in the window: what the person sees before, and the model after."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.chat.toolbox import Toolbox
from app.core.cancel import CancelToken
from app.core.contacts import contacts_in
from app.secrets.store import SecretStore
from app.settings.of_tools import SEARCH_PROVIDER, SEARXNG_ADDRESS
from app.settings.store import SettingsStore
from app.tools.python_code.run_python import PythonTool
from app.tools.search_web.providers import SearchChoice
from app.tools.search_web.search_web import make_search_web
from app.tools.web.fetch_page import make_fetch_page
from app.ui.application import Desktop, application
from tests.chat.scripted import call
from tests.secrets.vaults import NoVault
from tests.tools.web.site import Site, page
from tests.ui.scripted import model
from tests.ui.tool_window import ToolBackend, ToolDriver

MODEL = "/models/real.gguf"
THINK = "<think></think>"
DONE = f"{THINK}Done."


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def window(qtbot: QtBot, settings: SettingsStore, tmp_path: Path) -> Iterator[ToolDriver]:
    choice = SearchChoice(
        lambda: settings.get(SEARCH_PROVIDER),
        lambda: settings.get(SEARXNG_ADDRESS),
        SecretStore("test", tmp_path / "key", NoVault()),
    )
    more = (make_search_web(choice), make_fetch_page())
    toolbox = Toolbox(settings, tmp_path / "data", more, (PythonTool(),))
    backend = ToolBackend(toolbox=toolbox, loads={MODEL: model(MODEL)})
    desktop = Desktop(application(), backend, settings, toolbox=toolbox)
    desktop.window.resize(1000, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    driver = ToolDriver(desktop, backend, qtbot, toolbox)
    desktop.window.page.composer.tools.setChecked(True)
    driver.load(MODEL)
    yield driver
    desktop.window.close()
    assert desktop.close(), "background work did not end in time"


def _names(window: ToolDriver) -> set[str]:
    return {tool.name for tool in window.toolbox.runner.offered()}


def test_a_search_goes_to_the_person_s_own_instance(
    window: ToolDriver, site: Site, settings: SettingsStore, tmp_path: Path
) -> None:
    assert "search_web" not in _names(window)
    settings.set(SEARCH_PROVIDER, "searxng")
    settings.set(SEARXNG_ADDRESS, f"http://127.0.0.1:{site.port}")
    assert "search_web" in _names(window)
    results = [{"title": "Rain", "url": "https://rain.example/", "content": "All day."}]
    body = json.dumps({"results": results})
    site.answers["/search?q=weather&format=json"] = page(body, "application/json")
    with contacts_in(tmp_path / "contacts.json") as contacts:
        window.say("Weather?", THINK + call("search_web", query="weather"), DONE)
        request = window.request
        assert (request.title, request.scope) == ("Search the web", "127.0.0.1")
        assert request.lines == ("Sends these words to 127.0.0.1:", "weather")
        assert site.asked == []
        window.press("once")
        window.done()
        assert [one.host for one in contacts.all()] == ["127.0.0.1"]
    assert "https://rain.example/" in window.uses[0].result
    assert "https://rain.example/" in window.tools.prompts[-1]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:8080/", "inside this machine"),
        ("http://router.lan/", "inside this machine"),
        ("file:///etc/passwd", "only addresses that begin with http"),
    ],
)
def test_what_is_refused_anyway_is_refused_without_a_question(
    window: ToolDriver, url: str, reason: str
) -> None:
    window.say("Read it", THINK + call("fetch_page", url=url), DONE)
    window.done()
    assert reason in window.uses[0].result


@pytest.mark.skipif(sys.platform != "linux", reason="there is a sandbox on Linux only")
def test_a_program_is_seen_before_it_runs(window: ToolDriver) -> None:
    python = PythonTool()
    python.prepare(CancelToken())
    if python.unavailable():
        pytest.skip(python.unavailable())
    code = "for n in range(3):\n    print(n * n)"
    window.say("Squares?", THINK + call("run_python", code=code), DONE)
    request = window.request
    assert (request.title, request.effect) == ("Run Python", "runs code")
    assert request.lines[1:] == tuple(code.splitlines())
    window.press("once")
    window.done()
    assert "Output:\n0\n1\n4" in window.uses[0].result
