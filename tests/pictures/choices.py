"""Pages of the settings that have something to say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QScrollArea, QWidget

from app.bootstrap import MCP_NAME, SETTINGS_NAME
from app.catalog.session import WHY as FINDING
from app.core import paths
from app.core.contacts import Contact
from app.downloads.wire import WHY as DOWNLOADING
from app.settings.of_tools import MCP_SERVERS, SEARCH_PROVIDER, SEARXNG_ADDRESS, TOOL_FOLDERS
from app.settings.store import SettingsStore
from app.tools.mcp import known
from app.tools.mcp.servers import read_servers
from app.tools.mcp.types import Listing, McpTool
from app.tools.search_web.providers import WHY as SEARCHING
from app.tools.web.fetch_page import WHY as FETCHING
from app.ui.application import Desktop
from app.ui.settings.page import SettingsPage
from tests.pictures.stage import WORKSTATION, machine, real_window, save, wait

if TYPE_CHECKING:
    from app.core.json import JsonObject

_SERVER = "@modelcontextprotocol/server-filesystem"
_TOOLS = (
    ("read_text_file", True),
    ("list_directory", True),
    ("search_files", True),
    ("edit_file", False),
    ("move_file", False),
)
_HOSTS = (
    ("huggingface.co", FINDING, 4_821_100),
    ("cas-bridge.xethub.hf.co", DOWNLOADING, 135_219_008_214),
    ("searx.example.org", SEARCHING, 31_870),
    ("www.example.org", FETCHING, 125_600),
)


def draw_tools(folder: Path, _place: Path) -> None:
    """Folders, permissions and switches; below them a server that was asked before."""
    entry: JsonObject = {"command": "npx", "args": ["-y", _SERVER, "/home/you/notes"]}
    declared = read_servers({"notes": entry})[0][0]
    entry["approved"] = declared.fingerprint
    servers: JsonObject = {"notes": entry}
    settings = SettingsStore(paths.config_dir() / SETTINGS_NAME)
    settings.set(MCP_SERVERS, servers)
    settings.set(TOOL_FOLDERS, (("/home/you/notes", True), ("/home/you/papers", False)))
    settings.set(SEARCH_PROVIDER, "searxng")
    settings.set(SEARXNG_ADDRESS, "https://searx.example.org")
    settings.save()
    tools = tuple(McpTool(name, "", "", {"type": "object"}, reads) for name, reads in _TOOLS)
    listing = Listing(tools)
    known.save(paths.data_dir() / MCP_NAME, {declared.fingerprint: listing}, [declared.fingerprint])
    with real_window(machine(WORKSTATION)) as (desktop, _):
        page = _settings(desktop, "Tools")
        save(desktop, folder, "settings-tools")
        _scroll_to(page, "settingRow-mcp_servers")
        save(desktop, folder, "settings-mcp")


def draw_privacy(folder: Path, _place: Path) -> None:
    """With a few hosts, as if they had been contacted."""
    with real_window(machine(WORKSTATION)) as (desktop, services):
        for number, (host, why, received) in enumerate(_HOSTS):
            at = datetime(2026, 3, 2, 9, 30 + number, tzinfo=UTC)
            found = Contact(host, why, at, at, number + 1, received)
            services.contacts._new[host, why] = found
        page = _settings(desktop, "Privacy")
        wait(lambda: page.findChild(QWidget, "contactsTable") is not None, "the hosts")
        save(desktop, folder, "privacy")
        _settings(desktop, "Appearance")
        save(desktop, folder, "appearance")


def _settings(desktop: Desktop, name: str) -> SettingsPage:
    desktop.window.go("settings")
    page = desktop.window._pages["settings"]
    assert isinstance(page, SettingsPage)
    page.show_page(name)
    desktop.window.setFocus()
    return page


def _scroll_to(page: SettingsPage, name: str) -> None:
    scroll, row = page.findChild(QScrollArea, "settingsScroll"), page.findChild(QWidget, name)
    assert scroll is not None
    assert row is not None
    wait(lambda: row.y() > 0, "the rows")
    scroll.verticalScrollBar().setValue(row.y() - 12)
