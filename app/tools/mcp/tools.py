"""The servers' tools as the model is offered them."""

from functools import partial

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.messages import ToolSpec
from app.tools.mcp.host import McpHost
from app.tools.mcp.lines import join_line
from app.tools.mcp.names import tool_names
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import McpTool, ServerStatus, State
from app.tools.tool import Tool, argument_lines

PREPARE_SECONDS = 15.0
"""So long at most the first prompt waits for servers that have never been asked."""
_MORE_SECONDS = 10.0
_LONGEST_SCOPE = 160


class McpTools:
    """A source of tools. What is known of a server's tools from its last run is offered without
    running it: its first call starts it."""

    def __init__(self, host: McpHost) -> None:
        self._host = host
        self._waited_for: set[str] = set()

    def tools(self) -> tuple[Tool, ...]:
        """Of the servers that are on and allowed, without those that cannot be offered."""
        offers = [
            (server, tool, status)
            for server, status in self._usable()
            for tool in (status.listing.tools if status.listing is not None else ())
            if not tool.why_not
        ]
        # Named before those that are switched off go, so that a switch renames no other tool.
        names = tool_names((server.name, tool.name) for server, tool, _ in offers)
        return tuple(
            self._tool(names[server.name, tool.name], server, tool, status)
            for server, tool, status in offers
            if tool.name not in server.off
        )

    def prepare(self, cancel: CancelToken) -> None:
        """Starts what has never been asked, and waits for it once. A server on the network that has
        failed is tried again without waiting; a program that was given up stays so until the person
        starts it."""
        new: list[str] = []
        for server, status in self._usable():
            if status.state is State.FAILED and server.transport == "http":
                self._host.try_again(server.name)
            elif status.listing is None and server.fingerprint not in self._waited_for:
                self._waited_for.add(server.fingerprint)
                new.append(server.name)
        if new:
            self._host.wait_for(new, PREPARE_SECONDS, cancel)

    def _usable(self) -> list[tuple[McpServer, ServerStatus]]:
        statuses = {status.name: status for status in self._host.statuses()}
        return [
            (server, statuses[server.name])
            for server in self._host.servers
            if server.enabled and server.is_approved and server.name in statuses
        ]

    def _tool(self, name: str, server: McpServer, tool: McpTool, status: ServerStatus) -> Tool:
        failed = status.reason if status.state is State.FAILED else ""
        limits = self._host.limits
        return Tool(
            ToolSpec(name, tool.description or tool.title, tool.parameters),
            partial(self._host.call, server.name, tool.name),
            # What a server says of its tools is no reason to believe it.
            "runs code",
            lambda _: scope(server),
            partial(_describe, tool),
            unavailable=lambda: failed and f"The server “{server.name}” does not run. {failed}",
            title=tool.title,
            source=server.name,
            timeout_seconds=limits.start_seconds + limits.call_seconds + _MORE_SECONDS,
        )


def scope(server: McpServer) -> str:
    """What a permission for its tools is limited to: this command or address, whatever another
    server of that name may run later."""
    if server.transport == "http":
        text = server.url.partition("?")[0]
    else:
        text = join_line((server.command, *server.arguments))
    if len(text) <= _LONGEST_SCOPE:
        return text
    return f"{text[: _LONGEST_SCOPE - 9]}… {server.fingerprint[:6]}"


def _describe(tool: McpTool, arguments: JsonObject) -> tuple[str, ...]:
    return (*argument_lines(arguments), *claims(tool))


def claims(tool: McpTool) -> tuple[str, ...]:
    """What the server says of it, as no more than that."""
    if tool.reads_only:
        return ("The server says that this changes nothing.",)
    if tool.destructive:
        return ("The server says that this may overwrite or delete something.",)
    return ()
