"""MCP servers on the settings page: declared, allowed, switched, removed and brought back."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.cancel import CancelToken
from app.core.tasks import TaskRunner
from app.settings.of_tools import MCP_SERVERS
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import McpServer, read_servers
from app.tools.mcp.types import Listing, McpPrompt, McpResource, McpTool, State
from app.ui.look import Look
from app.ui.settings.mcp.card import ServerCard
from app.ui.settings.mcp.desk import McpDesk
from app.ui.settings.mcp.row import McpRow
from app.ui.settings.mcp.words import has_words
from app.ui.settings.switch import SwitchBox
from app.ui.widgets import ChoiceBox
from tests.tools.mcp.conftest import QUICK, SERVER
from tests.tools.mcp.test_paste import CLAUDE

if TYPE_CHECKING:
    from app.core.json import JsonObject

W = TypeVar("W", bound=QObject)
COMMAND = f'"{sys.executable}" "{SERVER}" schemas'
TIMEOUT_MS = 30_000


class Board:
    """The row, and what a person does with it."""

    def __init__(self, qtbot: QtBot, row: McpRow, settings: SettingsStore, host: McpHost) -> None:
        self.qtbot, self.row, self.settings, self.host = qtbot, row, settings, host
        self.saved = 0

    @property
    def servers(self) -> dict[str, McpServer]:
        return {one.name: one for one in read_servers(self.settings.get(MCP_SERVERS))[0]}

    def find(self, kind: type[W], name: str) -> W:
        found = self.row.findChild(kind, name)
        assert found is not None, name
        return found

    def press(self, name: str) -> None:
        one = self.find(QPushButton, name)
        assert one.isVisible()
        assert one.isEnabled()
        one.click()

    def write(self, name: str, text: str) -> None:
        self.find(QLineEdit, name).setText(text)

    def text(self, name: str) -> str:
        return self.find(QLabel, name).text()

    def add(self, name: str = "test", command: str = COMMAND) -> None:
        self.press("mcpAdd")
        self.write("mcpNewName", name)
        self.write("mcpNewCommand", command)
        self.press("mcpNewSave")

    def until(self, state: State, name: str = "test") -> None:
        def reached() -> bool:
            return [one.state for one in self.host.statuses() if one.name == name] == [state]

        self.qtbot.waitUntil(reached, timeout=TIMEOUT_MS)
        words = {State.READY: "Running", State.FAILED: "Does not run", State.OFF: "Off"}
        self.qtbot.waitUntil(
            lambda: self.text(f"mcp-{name}-state") == words[state], timeout=TIMEOUT_MS
        )


@pytest.fixture
def board(qtbot: QtBot, look: Look, settings: SettingsStore, tasks: TaskRunner) -> Iterator[Board]:
    host = McpHost(limits=QUICK)
    host.configure([])
    settings.subscribe(MCP_SERVERS, lambda value: host.configure(read_servers(value)[0]))
    saved: list[None] = []
    row = McpRow(look, settings, host, tasks, lambda: saved.append(None))
    qtbot.addWidget(row)
    row.resize(640, 900)
    row.show()
    yield Board(qtbot, row, settings, host)
    row.close()
    assert host.close(TIMEOUT_MS / 1000)


def test_a_program_runs_only_after_the_person_has_seen_its_command(board: Board) -> None:
    board.add()
    [server] = board.servers.values()
    assert server.arguments == (str(SERVER), "schemas")
    assert not server.is_approved
    assert board.text("mcp-test-state") == "Not allowed yet"
    consent = board.find(QWidget, "mcp-test-consent")
    words = [one.text() for one in consent.findChildren(QLabel)]
    assert any(str(SERVER) in text and sys.executable in text for text in words)
    board.press("mcp-test-allow")
    board.until(State.READY)
    assert not consent.isVisible()
    assert board.servers["test"].is_approved
    has = board.text("mcp-test-has")
    assert has.startswith("test 1. 10 of 15 tools, 2 resources, 2 prompts.")
    assert "about" in has


def test_another_command_is_asked_about_again(board: Board) -> None:
    board.add()
    board.press("mcp-test-allow")
    board.until(State.READY)
    board.press("mcp-test-edit")
    board.write("mcp-test-formCommand", f"{COMMAND} more")
    board.press("mcp-test-formSave")
    assert board.text("mcp-test-state") == "Not allowed yet"
    assert board.find(QWidget, "mcp-test-consent").isVisible()
    assert not board.servers["test"].is_approved


def test_tools_have_switches_and_those_left_out_say_why(board: Board) -> None:
    board.add()
    board.press("mcp-test-allow")
    board.until(State.READY)
    board.press("mcp-test-tools")
    tools = board.find(QWidget, "mcp-test-tool")
    texts = [one.text() for one in tools.findChildren(QLabel)]
    assert any(text.startswith("Left out. ") and "refers to itself" in text for text in texts)
    assert "says: only reads" in texts
    first = board.find(SwitchBox, "mcp-test-tool-0")
    assert first.accessibleName() == "Offer say"
    first.click()
    assert board.servers["test"].off == frozenset({"say"})
    assert first.text() == "Off"
    assert board.text("mcp-test-has").startswith("test 1. 9 of 15 tools")


def test_what_fails_says_why_and_shows_its_output(board: Board) -> None:
    board.add(command=f'"{sys.executable}" "{SERVER}" exits')
    board.press("mcp-test-allow")
    board.until(State.FAILED)
    assert "exit code 2" in board.text("mcp-test-reason")
    board.press("mcp-test-output")
    output = board.find(QPlainTextEdit, "mcp-test-outputText")
    assert output.toPlainText() == "Usage: give me a folder"


def test_output_is_followed_while_it_is_seen(board: Board) -> None:
    board.add(command=f'"{sys.executable}" "{SERVER}" good')
    board.press("mcp-test-allow")
    board.until(State.READY)
    board.press("mcp-test-output")
    output = board.find(QPlainTextEdit, "mcp-test-outputText")
    assert output.toPlainText() == ""
    board.host.call("test", "flood", {}, CancelToken())
    board.qtbot.waitUntil(lambda: "info: 2999" in output.toPlainText(), timeout=TIMEOUT_MS)
    timer = board.find(ServerCard, "mcp-test").findChild(QTimer)
    assert timer is not None
    assert timer.isActive()
    board.row.hide()
    assert not timer.isActive()
    board.row.show()
    assert timer.isActive()
    board.press("mcp-test-output")
    assert not timer.isActive()


def test_off_and_removed_and_brought_back(board: Board) -> None:
    board.add("first", "no-such-program")
    board.add()
    board.press("mcp-test-allow")
    board.until(State.READY)
    board.find(SwitchBox, "mcp-test-enabled").click()
    board.until(State.OFF)
    board.press("mcp-first-remove")
    assert list(board.servers) == ["test"]
    assert board.text("mcpUndoText") == "“first” is removed."
    board.press("mcpUndo")
    assert list(board.servers) == ["first", "test"]
    assert not board.find(QPushButton, "mcpUndo").isVisible()


def test_a_block_is_shown_before_it_is_added(board: Board) -> None:
    board.add("github", "docker run")
    board.press("mcpPasteOpen")
    add = board.find(QPushButton, "mcpPasteAdd")
    assert not add.isEnabled()
    text = board.find(QPlainTextEdit, "mcpPasteText")
    text.setPlainText("{broken")
    assert "line 1 is not understood" in board.text("mcpPasteWrong")
    assert not add.isEnabled()
    text.setPlainText(CLAUDE)
    found = board.text("mcpPasteFound")
    assert "npx -y @modelcontextprotocol/server-filesystem /Users/me/Desktop" in found
    assert "placeholder" in found
    assert list(board.servers) == ["github"]
    assert add.text() == "Add 2 servers"
    add.click()
    assert list(board.servers) == ["github", "filesystem", "github 2"]
    assert not any(server.is_approved for server in board.servers.values())
    assert not board.find(QWidget, "mcpPaste").isVisible()


def test_servers_of_another_program_are_offered(board: Board, own_folders: Path) -> None:
    secret = "correct horse battery"
    entry = {"command": "npx", "args": ["-y", "server-memory"], "env": {"KEY": secret}}
    file = own_folders / ".cursor" / "mcp.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"mcpServers": {"memory": entry}}), encoding="utf-8")
    board.press("mcpPasteOpen")
    board.qtbot.waitUntil(lambda: board.row.findChild(QPushButton, "mcpElsewhere-0") is not None)
    assert board.find(QPushButton, "mcpElsewhere-0").text() == "Cursor · 1"
    board.press("mcpElsewhere-0")
    assert "npx -y server-memory" in board.text("mcpPasteFound")
    shown = board.find(QPlainTextEdit, "mcpPasteText").toPlainText() + board.text("mcpPasteFound")
    assert secret not in shown
    board.press("mcpPasteAdd")
    assert board.servers["memory"].environment == (("KEY", secret),)
    assert not board.servers["memory"].is_approved


def test_values_are_not_shown_in_clear(board: Board) -> None:
    desk = McpDesk(board.settings, board.host, lambda: None)
    secret = "correct horse battery"
    server = McpServer("test", "stdio", "x", environment=(("KEY", secret),))
    desk.put(server)
    desk.put(McpServer("web", "http", url=f"https://a.org/?key={secret}", enabled=False))
    board.press("mcp-test-edit")
    edits = board.row.findChildren(QLineEdit)
    holding = [one for one in edits if one.text() == secret]
    assert len(holding) == 1
    assert holding[0].echoMode() is QLineEdit.EchoMode.Password
    labels = " ".join(one.text() + one.toolTip() for one in board.row.findChildren(QLabel))
    described = " ".join(one.accessibleDescription() for one in board.row.findChildren(QWidget))
    assert secret not in labels
    assert secret not in described
    assert "KEY" in labels
    board.press("mcp-test-formSave")
    assert board.servers["test"] == server


@pytest.mark.parametrize(
    ("name", "command", "words"),
    [
        ("", "x", "needs a name"),
        ("First", "x", "another server of that name"),
        ("test", "", "no command"),
        ("test", 'x "y', "not closed"),
    ],
)
def test_a_form_that_is_wrong_stays_open(board: Board, name: str, command: str, words: str) -> None:
    board.add("first", "x")
    board.add(name, command)
    assert words in board.text("mcpNewWrong")
    assert list(board.servers) == ["first"]
    board.press("mcpNewCancel")
    assert list(board.servers) == ["first"]


def test_an_address_with_a_header(board: Board) -> None:
    board.press("mcpAdd")
    kind = board.find(ChoiceBox, "mcpNewKind")
    kind.setCurrentIndex(kind.findData("http"))
    board.write("mcpNewName", "web")
    board.write("mcpNewUrl", "http://example.org/mcp")
    board.press("mcpNewHeadersAdd")
    board.write("mcpNewHeaders-0-name", "Authorization")
    board.write("mcpNewHeaders-0-value", "Bearer x")
    board.press("mcpNewSave")
    assert "readable by others" in board.text("mcpNewWrong")
    board.write("mcpNewUrl", "http://127.0.0.1:9/mcp")
    board.press("mcpNewSave")
    server = board.servers["web"]
    assert server.headers == (("Authorization", "Bearer x"),)
    # It runs nothing here, so it is asked at once what it has.
    board.until(State.FAILED, "web")
    assert "cannot be reached" in board.text("mcp-web-reason")


def test_what_a_later_version_wrote_is_kept(board: Board) -> None:
    entries: JsonObject = {
        "test": {"command": "x", "later": 1},
        "odd": {"nothing": True},
        "text": "?",
    }
    board.settings.set(MCP_SERVERS, entries)
    board.qtbot.waitUntil(lambda: "cannot be used" in board.text("mcpComplaints"))
    desk = McpDesk(board.settings, board.host, lambda: None)
    desk.enable(board.servers["test"], False)
    found = board.settings.get(MCP_SERVERS)
    assert found["odd"] == {"nothing": True}
    assert found["text"] == "?"
    assert found["test"] == {"command": "x", "args": [], "later": 1, "enabled": False}


def test_renaming_keeps_its_place_and_its_permission(board: Board) -> None:
    desk = McpDesk(board.settings, board.host, lambda: None)
    server = McpServer("test", "stdio", "no-such-program")
    desk.put(replace(server, approved=server.fingerprint))
    desk.put(McpServer("other", "stdio", "x"))
    board.press("mcp-test-edit")
    board.write("mcp-test-formName", "renamed")
    board.press("mcp-test-formSave")
    assert list(board.servers) == ["renamed", "other"]
    assert board.servers["renamed"].is_approved


def test_nothing_is_told_to_a_page_that_is_not_seen(board: Board, tmp_path: Path) -> None:
    assert not (tmp_path / "x").exists()
    board.row.hide()
    board.host.configure([McpServer("later", "stdio", "x")])
    assert board.row.findChild(QWidget, "mcp-later") is None


def test_every_control_is_named_and_large_enough(board: Board) -> None:
    board.add()
    board.add("second", "x")
    board.press("mcp-test-allow")
    board.until(State.READY)
    for name in ("mcp-test-tools", "mcp-test-output", "mcp-test-edit", "mcpAdd"):
        board.press(name)
    board.press("mcp-test-formVariablesAdd")
    last = board.find(SwitchBox, "mcp-test-tool-9")
    board.qtbot.waitUntil(last.isVisible)
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, ChoiceBox)
    controls = [one for kind in kinds for one in board.row.findChildren(kind) if one.isVisible()]
    assert len(controls) > 30
    names = [one.objectName() for one in controls]
    assert sorted(names) == sorted(set(names))
    assert "" not in names
    assert [one.objectName() for one in controls if not one.accessibleName()] == []
    tab = Qt.FocusPolicy.TabFocus
    assert [one.objectName() for one in controls if not one.focusPolicy() & tab] == []
    small = [one.objectName() for one in controls if min(one.width(), one.height()) < 24]
    assert small == []
    right = board.row.mapToGlobal(board.row.rect().topRight()).x()
    outside = [
        one.objectName() for one in controls if one.mapToGlobal(one.rect().topRight()).x() > right
    ]
    assert outside == []


@pytest.mark.parametrize(
    ("tools", "others", "words"),
    [
        (0, 0, "0 tools."),
        (1, 1, "1 tool, 1 resource, 1 prompt. Its tools take about 29 tokens of every question."),
        (12, 2, "12 tools, 2 resources, 2 prompts. Its tools take about 360 tokens of every"),
    ],
)
def test_what_a_server_has_and_what_that_costs(tools: int, others: int, words: str) -> None:
    schema: JsonObject = {"type": "object", "properties": {}}
    listing = Listing(
        tuple(McpTool(f"t{number}", "T", "", schema) for number in range(tools)),
        tuple(McpResource(f"r{number}", "R") for number in range(others)),
        tuple(McpPrompt(f"p{number}", "P") for number in range(others)),
    )
    assert has_words(McpServer("a", "stdio", "x"), listing).startswith(words)
