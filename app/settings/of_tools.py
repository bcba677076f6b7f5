"""What tools may do, and where they get what they need."""

from app.core.json import JsonObject
from app.core.language import mark
from app.settings.fields import Choice, Shown, Switch, Text
from app.settings.search_values import PROVIDERS, SearchProvider, read_provider
from app.settings.setting import Setting, read_object, read_switch, read_text, same
from app.settings.tool_values import (
    read_names,
    read_permissions,
    read_tool_folders,
    write_permissions,
    write_tool_folders,
)

MCP_SERVERS: Setting[JsonObject] = Setting(
    "mcp_servers",
    {},
    mark("MCP servers"),
    mark("Other programs that give the model tools, by name, as in an mcpServers block."),
    read_object,
    same,
)

TOOLS_READ_FREELY: Setting[bool] = Setting(
    "tools_read_freely",
    False,
    mark("Read without asking"),
    mark(
        "Tools may read and list files in the folders below without asking each "
        "time. Before they write, you are asked, unless you have answered “Always”."
    ),
    read_switch,
    same,
    Shown("Tools", Switch(), mark("consent permission files")),
)
TOOL_FOLDERS: Setting[tuple[tuple[str, bool], ...]] = Setting(
    "tool_folders",
    (),
    mark("Folders for tools"),
    mark("Where tools may read, and where they may write as well."),
    read_tool_folders,
    write_tool_folders,
)
TOOL_PERMISSIONS: Setting[tuple[tuple[str, str], ...]] = Setting(
    "tool_permissions",
    (),
    mark("Permissions"),
    mark("What is always allowed, by tool and scope."),
    read_permissions,
    write_permissions,
)
TOOLS_OFF: Setting[tuple[str, ...]] = Setting(
    "tools_off", (), mark("Tools that are offered"), mark("All but these names."), read_names, list
)

SEARCH_PROVIDER: Setting[SearchProvider] = Setting(
    "search_provider",
    "",
    mark("Web search"),
    mark("Who is asked when a model searches the web. What it looks for is sent there."),
    read_provider,
    same,
    Shown("Tools", Choice(PROVIDERS), mark("internet SearXNG Brave provider network")),
)
SEARXNG_ADDRESS: Setting[str] = Setting(
    "searxng_address",
    "",
    mark("Address of SearXNG"),
    mark(
        "Your own instance or one that allows programs (the format json). It may be "
        "on your network."
    ),
    read_text,
    same,
    Shown(
        "Tools",
        Text("https://searx.example.org"),
        mark("internet web search server instance"),
    ),
)
