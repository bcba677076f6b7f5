"""Changes of the declared servers: into the settings, which the host follows. No widgets."""

from collections.abc import Callable
from dataclasses import replace

from app.settings.of_tools import MCP_SERVERS
from app.settings.store import SettingsStore
from app.tools.mcp.host import McpHost
from app.tools.mcp.paste import free_name
from app.tools.mcp.servers import KEYS, McpServer, read_servers, write_server


class McpDesk:
    """For the GUI thread; everything returns at once. changed: the settings are to be saved."""

    def __init__(self, settings: SettingsStore, host: McpHost, changed: Callable[[], None]) -> None:
        self._settings, self.host, self._changed = settings, host, changed

    @property
    def servers(self) -> tuple[McpServer, ...]:
        return read_servers(self._settings.get(MCP_SERVERS))[0]

    @property
    def complaints(self) -> list[str]:
        """About entries that cannot be used; they are kept as they are."""
        return read_servers(self._settings.get(MCP_SERVERS))[1]

    @property
    def names(self) -> tuple[str, ...]:
        entries = self._settings.get(MCP_SERVERS)
        return tuple(entries)

    def add(self, servers: tuple[McpServer, ...]) -> tuple[McpServer, ...]:
        """Behind the others, under names of their own. They are not allowed to run by this."""
        added: list[McpServer] = []
        for server in servers:
            name = free_name(server.name, self.names)
            added.append(replace(server, name=name))
            self.put(added[-1])
        return tuple(added)

    def put(self, server: McpServer, before: str = "") -> None:
        """A new one, or another in the place of `before`. What later versions wrote into its entry
        stays."""
        entries = self._settings.get(MCP_SERVERS)
        place = before or server.name
        old = entries.get(place)
        kept = (
            {key: value for key, value in old.items() if key not in KEYS}
            if isinstance(old, dict)
            else {}
        )
        entry = {**kept, **write_server(server)}
        if place in entries:
            entries = {
                (server.name if key == place else key): (entry if key == place else value)
                for key, value in entries.items()
            }
        else:
            entries = {**entries, server.name: entry}
        self._settings.set(MCP_SERVERS, entries)
        self._changed()
        if server.enabled and server.transport == "http":
            self.host.start(server.name)  # to learn what it has

    def remove(self, name: str) -> Callable[[], None]:
        """Returns what brings it back to its place."""
        before = self._settings.get(MCP_SERVERS)
        place = list(before).index(name)
        entry = before[name]
        self._settings.set(MCP_SERVERS, {k: v for k, v in before.items() if k != name})
        self._changed()

        def undo() -> None:
            items = list(self._settings.get(MCP_SERVERS).items())
            items.insert(min(place, len(items)), (free_name(name, dict(items)), entry))
            self._settings.set(MCP_SERVERS, dict(items))
            self._changed()

        return undo

    def allow(self, server: McpServer) -> None:
        """The person has read its command and lets it run; it is started."""
        self.put(replace(server, approved=server.fingerprint, enabled=True))
        self.host.start(server.name)

    def enable(self, server: McpServer, on: bool) -> None:
        self.put(replace(server, enabled=on))

    def switch_tool(self, server: McpServer, tool: str, on: bool) -> None:
        off = server.off - {tool} if on else server.off | {tool}
        self.put(replace(server, off=off))
