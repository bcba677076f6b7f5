"""The settings page: what tools may touch, and what they did."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.chat.toolbox import Toolbox
from app.core.cancel import CancelToken
from app.core.messages import ToolCallPart, ToolSpec
from app.core.tasks import TaskRunner
from app.settings.of_tools import TOOL_FOLDERS, TOOL_PERMISSIONS, TOOLS_OFF
from app.settings.store import SettingsStore
from app.tools.consent import Permission
from app.tools.log import Entry
from app.tools.tool import Tool
from app.ui.look import Look
from app.ui.settings.switch import SwitchBox
from app.ui.settings.tool_log_row import ChangedFilesRow, ToolLogRow
from app.ui.settings.tool_rows import FoldersRow, PermissionsRow, SwitchesRow
from tests.ui.conftest import TIMEOUT_MS


@pytest.fixture
def toolbox(settings: SettingsStore, tmp_path: Path) -> Toolbox:
    return Toolbox(settings, tmp_path / "data")


@pytest.fixture
def saved() -> list[int]:
    return []


def shown(qtbot: QtBot, row: QWidget) -> None:
    qtbot.addWidget(row)
    row.show()


def press(row: QWidget, name: str) -> None:
    button = row.findChild(QPushButton, name)
    assert button is not None
    button.click()


def texts(row: QWidget) -> str:
    return "\n".join(one.text() for one in row.findChildren(QLabel) if one.isVisible())


@pytest.fixture
def folders(
    qtbot: QtBot,
    look: Look,
    settings: SettingsStore,
    toolbox: Toolbox,
    tasks: TaskRunner,
    saved: list[int],
) -> FoldersRow:
    row = FoldersRow(look, settings, lambda: saved.append(1), toolbox, tasks)
    shown(qtbot, row)
    return row


def test_a_folder_is_opened_for_reading_then_for_writing_then_closed(
    qtbot: QtBot,
    folders: FoldersRow,
    settings: SettingsStore,
    toolbox: Toolbox,
    tmp_path: Path,
    saved: list[int],
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    folders.open(str(folder))
    qtbot.waitUntil(lambda: settings.get(TOOL_FOLDERS) != (), timeout=TIMEOUT_MS)
    assert settings.get(TOOL_FOLDERS) == ((str(folder), False),)
    assert toolbox.runner.offered()[-1].name == "write_file"
    box = folders.findChild(SwitchBox, "toolFolder-write-1")
    assert box is not None
    box.click()
    assert settings.get(TOOL_FOLDERS) == ((str(folder), True),)
    assert toolbox.folders.opened[0].write
    press(folders, "toolFolder-remove-1")
    assert settings.get(TOOL_FOLDERS) == ()
    assert toolbox.folders.opened == ()
    assert len(saved) == 3


@pytest.mark.parametrize("path", ["/", "/proc", "/nowhere/at/all"])
def test_what_may_not_be_opened_is_said(
    qtbot: QtBot, folders: FoldersRow, settings: SettingsStore, path: str
) -> None:
    folders.open(path)
    problem = folders.findChild(QLabel, "toolFoldersProblem")
    assert problem is not None
    qtbot.waitUntil(problem.isVisible, timeout=TIMEOUT_MS)
    assert "cannot be opened to tools" in problem.text()
    assert settings.get(TOOL_FOLDERS) == ()


def test_permissions_are_listed_and_taken_back(
    qtbot: QtBot, look: Look, settings: SettingsStore, toolbox: Toolbox, saved: list[int]
) -> None:
    row = PermissionsRow(look, settings, lambda: saved.append(1))
    shown(qtbot, row)
    assert "Nothing is always allowed." in texts(row)
    settings.set(TOOL_PERMISSIONS, (("fetch", "a.org"), ("fetch", "b.org"), ("odd\u202e", "")))
    qtbot.waitUntil(lambda: "fetch with a.org" in texts(row), timeout=TIMEOUT_MS)
    assert "odd⟨U+202E⟩" in texts(row)
    assert Permission("fetch", "a.org") in toolbox.policy.always
    press(row, "toolPermission-revoke-1")
    assert Permission("fetch", "a.org") not in toolbox.policy.always
    assert Permission("fetch", "b.org") in toolbox.policy.always
    press(row, "toolPermissionsRevokeAll")
    assert toolbox.policy.always.given == ()
    assert len(saved) == 2


def test_a_tool_is_switched_off_for_all_chats(
    qtbot: QtBot, look: Look, settings: SettingsStore, toolbox: Toolbox
) -> None:
    row = SwitchesRow(look, settings, lambda: None, toolbox)
    shown(qtbot, row)
    box = row.findChild(SwitchBox, "toolSwitch-calculator")
    assert box is not None
    box.click()
    assert settings.get(TOOLS_OFF) == ("calculator",)
    names = [tool.name for tool in toolbox.runner.offered(toolbox.off)]
    assert names == ["current_time", "ask_person"]


def test_tools_of_a_server_have_their_switches_elsewhere(
    qtbot: QtBot, look: Look, settings: SettingsStore, tmp_path: Path
) -> None:
    foreign = Tool(ToolSpec("files__read", "Reads."), lambda *_: "", "runs code", source="files")
    row = SwitchesRow(look, settings, lambda: None, Toolbox(settings, tmp_path, (foreign,)))
    shown(qtbot, row)
    assert row.findChild(SwitchBox, "toolSwitch-calculator") is not None
    assert row.findChild(SwitchBox, "toolSwitch-files__read") is None


def test_the_log_is_shown_exported_and_cleared(
    qtbot: QtBot, toolbox: Toolbox, tasks: TaskRunner, tmp_path: Path
) -> None:
    at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    entry = Entry(at, "fetch", "", "network", "a.org", {"host": "a.org"}, "once", "done", 1.2, 40)
    toolbox.log.note(entry)
    row = ToolLogRow(toolbox, tasks)
    shown(qtbot, row)
    qtbot.waitUntil(lambda: 'fetch  host = "a.org"' in texts(row), timeout=TIMEOUT_MS)
    assert "allowed once · done · 1.2 s · 40 characters" in texts(row)
    target = tmp_path / "out.jsonl"
    row.export_to(str(target))
    qtbot.waitUntil(lambda: "1 lines written to out.jsonl." in texts(row), timeout=TIMEOUT_MS)
    assert b'"scope":"a.org"' in target.read_bytes()
    press(row, "toolLogClear")
    qtbot.waitUntil(lambda: "No tool has been called yet." in texts(row), timeout=TIMEOUT_MS)
    assert toolbox.log.latest() == ()


def test_a_change_is_put_back(
    qtbot: QtBot, settings: SettingsStore, toolbox: Toolbox, tasks: TaskRunner, tmp_path: Path
) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    file = folder / "a.txt"
    file.write_text("before")
    settings.set(TOOL_FOLDERS, ((str(folder), True),))
    tool = next(tool for tool in toolbox.runner.tools if tool.name == "write_file")
    call = ToolCallPart("1", "write_file", {"path": str(file), "content": "after"})
    tool.planned(call.arguments, CancelToken()).run(CancelToken())
    assert file.read_text() == "after"
    row = ChangedFilesRow(toolbox, tasks)
    shown(qtbot, row)
    qtbot.waitUntil(lambda: row.findChild(QPushButton, "toolBackup-1") is not None, timeout=5000)
    press(row, "toolBackup-1")
    qtbot.waitUntil(lambda: "is as it was before" in texts(row), timeout=TIMEOUT_MS)
    assert file.read_text() == "before"
    assert toolbox.backups.all() == ()


def test_endless_words_do_not_make_the_page_wider(
    qtbot: QtBot, look: Look, settings: SettingsStore, toolbox: Toolbox, tasks: TaskRunner
) -> None:
    endless = "x" * 400
    settings.set(TOOL_PERMISSIONS, ((endless, endless),))
    settings.set(TOOL_FOLDERS, ((f"/{endless}", False),))
    at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    toolbox.log.note(Entry(at, endless, "", "network", endless, {"host": endless}))
    toolbox.backups.keep(Path(f"/{endless}"), b"old", "hash")
    log, changes = ToolLogRow(toolbox, tasks), ChangedFilesRow(toolbox, tasks)
    rows: list[QWidget] = [
        FoldersRow(look, settings, lambda: None, toolbox, tasks),
        PermissionsRow(look, settings, lambda: None),
        log,
        changes,
    ]
    for row in rows:
        shown(qtbot, row)
    for row in rows:
        qtbot.waitUntil(lambda row=row: "xxxx" in texts(row), timeout=TIMEOUT_MS)  # type: ignore[misc]
        assert row.minimumSizeHint().width() <= 480, row.objectName()
