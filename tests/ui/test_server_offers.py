"""Resources and prompts of MCP servers on their way into the question."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from app.core.cancel import CancelToken
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.ui.application import Desktop, application
from app.ui.tools.servers.offers import ServerOffers
from tests.tools.mcp.conftest import PATIENCE, QUICK, habit
from tests.ui.conftest import Driver
from tests.ui.scripted import ScriptedBackend


@pytest.fixture
def host() -> Iterator[McpHost]:
    made = McpHost(limits=QUICK)
    made.configure([])
    yield made
    assert made.close(PATIENCE)


@pytest.fixture
def driver(qtbot: QtBot, settings: SettingsStore, host: McpHost) -> Iterator[Driver]:
    backend = ScriptedBackend()
    desktop = Desktop(application(), backend, settings, mcp=host)
    desktop.window.resize(1000, 800)
    desktop.window.show()
    qtbot.addWidget(desktop.window)
    yield Driver(desktop, backend, qtbot)
    desktop.window.close()
    assert desktop.close(), "background work did not end in time"


@pytest.fixture
def offers(driver: Driver, host: McpHost) -> ServerOffers:
    """With a server that has been asked what it has."""
    found = driver.desktop.window.findChild(ServerOffers)
    assert isinstance(found, ServerOffers)
    assert not found.button.isVisible()
    server = habit("good")
    host.configure([replace(server, approved=server.fingerprint)])
    assert host.call("test", "say", {"word": "x"}, CancelToken()) == "x"
    driver.wait(found.button.isVisible)
    return found


def _take(offers: ServerOffers, typed: str) -> None:
    offers.button.click()
    assert offers.palette.isVisible()
    offers.palette.field.setText(typed)
    QTest.keyClick(offers.palette.field, Qt.Key.Key_Return)
    assert not offers.palette.isVisible()


def test_a_resource_goes_with_the_question(driver: Driver, offers: ServerOffers) -> None:
    _take(offers, "notes")
    driver.wait(lambda: bool(driver.page.attachments.parts))
    [part] = driver.page.attachments.parts
    assert (part.name, part.text, part.media_type, part.size_bytes) == (
        "notes",
        "hello",
        "text/plain",
        5,
    )


def test_what_is_no_text_says_so_on_its_chip(driver: Driver, offers: ServerOffers) -> None:
    _take(offers, "logo")
    desk = driver.page.attachments.desk
    driver.wait(lambda: any(item.error is not None for item in desk.items))
    assert "It is image/png" in str(desk.items[0].error)
    assert driver.page.attachments.parts == ()


def test_a_prompt_is_put_where_the_cursor_is(driver: Driver, offers: ServerOffers) -> None:
    driver.page.composer.set_text("Before. ")
    _take(offers, "greet")
    driver.wait(lambda: driver.page.composer.text() == "Before. Say hello.")
    driver.page.composer.edit.undo()
    assert driver.page.composer.text() == "Before. "


def test_a_prompt_asks_for_what_it_needs(driver: Driver, offers: ServerOffers) -> None:
    _take(offers, "letter")
    bar = offers.bar
    assert bar.isVisible()
    bar.insert.click()
    wrong = bar.findChild(QLabel, "promptWrong")
    assert wrong is not None
    assert wrong.text() == "“who” is needed."
    field = bar.findChild(QLineEdit, "promptField-0")
    assert field is not None
    field.setText("Ada")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not bar.isVisible()
    driver.wait(lambda: driver.page.composer.text() == "Write to {'who': 'Ada'}.")


def test_a_prompt_can_be_given_up(driver: Driver, offers: ServerOffers) -> None:
    _take(offers, "letter")
    offers.bar.cancel.click()
    assert not offers.bar.isVisible()
    _take(offers, "letter")
    field = offers.bar.findChild(QLineEdit, "promptField-1")
    assert field is not None
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not offers.bar.isVisible()
    assert driver.page.composer.text() == ""


def test_a_server_that_is_off_offers_nothing(
    driver: Driver, offers: ServerOffers, host: McpHost
) -> None:
    server = habit("good", enabled=False)
    host.configure([replace(server, approved=server.fingerprint)])
    driver.wait(lambda: not offers.button.isVisible())


def test_a_failed_prompt_is_told(
    driver: Driver, offers: ServerOffers, host: McpHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(driver.page, "note", said.append)
    prompt = offers._host.statuses()[0].listing
    assert prompt is not None
    server = habit("exits")
    host.configure([replace(server, approved=server.fingerprint)])
    offers.insert("test", prompt.prompts[0], {})
    driver.wait(lambda: bool(said))
    assert "exit code 2" in said[0]


def test_a_prompt_that_comes_late_stays_out_of_another_chat(
    driver: Driver,
    offers: ServerOffers,
    host: McpHost,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def prompt(name: str, *_: object) -> str:
        asked.append(name)
        return "late"

    monkeypatch.setattr(host, "prompt", prompt)
    listing = host.statuses()[0].listing
    assert listing is not None
    session = driver.desktop.session
    monkeypatch.setattr(type(session), "conversation", property(lambda _: len(asked)))
    offers.insert("test", listing.prompts[0], {})
    driver.wait(lambda: bool(asked) and not driver.desktop.tasks._open)
    later: list[None] = []
    driver.desktop.tasks.post(lambda: later.append(None))  # behind the prompt
    driver.wait(lambda: bool(later))
    assert driver.page.composer.text() == ""
