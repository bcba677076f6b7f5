"""One open connection: the handshake, what the server has, and what it is asked."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import types
from mcp.client.session import ClientSession, IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost, listen
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from app import __version__
from app.core.json import JsonObject
from app.tools.mcp import lists
from app.tools.mcp.http import network_streams
from app.tools.mcp.output import Output
from app.tools.mcp.servers import McpServer
from app.tools.mcp.stdio import Ending, program_streams
from app.tools.mcp.types import Listing
from app.tools.mcp.words import one_line

# What servers send and where they are asked is nothing for this program's log.
for _name in ("mcp", "httpx2"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
LIST_SECONDS = 20.0
_GRACE_SECONDS = 5.0
"""How much later than the package's own time-out ours comes, should that one not."""
_MAX_PAGES = 50
_CHANGES = (
    types.ToolListChangedNotification,
    types.ResourceListChangedNotification,
    types.PromptListChangedNotification,
)


class _Session(ClientSession):
    async def validate_tool_result(self, name: str, result: types.CallToolResult) -> None:
        """Nothing: a server's schema could keep this thread busy without an end."""


class Link:
    """gone: the connection is over, ending says why. changed: what the server has is another."""

    def __init__(self, session: ClientSession, ending: Ending, gone: anyio.Event) -> None:
        self._session = session
        self.ending, self.gone = ending, gone

    @property
    def program(self) -> str:
        """The server's name of itself, with its version."""
        info = self._session.server_info
        return one_line(f"{info.title or info.name} {info.version}", 80) if info else ""

    async def listing(self) -> Listing:
        """Raises MCPError, TimeoutError, ValidationError when the tools cannot be listed; resources
        and prompts that cannot be are none."""
        has = self._session.server_capabilities or types.ServerCapabilities()
        tools: list[types.Tool] = []
        resources: list[types.Resource] = []
        prompts: list[types.Prompt] = []
        if has.tools is not None:
            tools = await self._pages(self._session.list_tools, lambda page: page.tools)
        if has.resources is not None:
            resources = await self._maybe(self._session.list_resources, lambda page: page.resources)
        if has.prompts is not None:
            prompts = await self._maybe(self._session.list_prompts, lambda page: page.prompts)
        return lists.listing(tools, resources, prompts)

    async def call(self, tool: str, arguments: JsonObject, seconds: float) -> types.CallToolResult:
        """Raises MCPError, also when the time is up; the server is told then. RuntimeError when it
        wants something of the person first, ValidationError for an answer that is none."""
        with anyio.fail_after(seconds + _GRACE_SECONDS):
            return await self._session.call_tool(
                tool, dict(arguments), read_timeout_seconds=seconds
            )

    async def resource(self, uri: str, seconds: float) -> types.ReadResourceResult:
        """Raises as `call` does."""
        with anyio.fail_after(seconds):
            return await self._session.read_resource(uri)

    async def prompt(
        self, name: str, arguments: dict[str, str], seconds: float
    ) -> types.GetPromptResult:
        """Raises as `call` does."""
        with anyio.fail_after(seconds):
            return await self._session.get_prompt(name, arguments)

    async def watch(self, changed: Callable[[], None]) -> None:
        """Where the protocol has it, changes are told on a stream of their own; returns where it
        has not, and when that stream ends."""
        try:
            async with listen(
                self._session,
                tools_list_changed=True,
                prompts_list_changed=True,
                resources_list_changed=True,
            ) as changes:
                async for _ in changes:
                    changed()
        except (ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            return

    async def _maybe(
        self, fetch: Callable[..., Awaitable[Any]], items: Callable[[Any], list[Any]]
    ) -> list[Any]:
        try:
            return await self._pages(fetch, items)
        except (MCPError, TimeoutError, ValidationError):
            return []

    async def _pages(
        self, fetch: Callable[..., Awaitable[Any]], items: Callable[[Any], list[Any]]
    ) -> list[Any]:
        found: list[Any] = []
        seen: set[str | None] = {None}
        cursor: str | None = None
        with anyio.fail_after(LIST_SECONDS):
            for _ in range(_MAX_PAGES):
                page = await fetch(params=types.PaginatedRequestParams(cursor=cursor))
                found += items(page)
                cursor = page.next_cursor
                if cursor in seen:
                    break
                seen.add(cursor)
        return found


@asynccontextmanager
async def open_link(
    server: McpServer, output: Output, ending: Ending, changed: Callable[[], None]
) -> AsyncIterator[Link]:
    """The handshake is done when it is entered. Raises what the transports and the handshake do,
    perhaps in exception groups."""
    gone = anyio.Event()

    async def incoming(message: IncomingMessage) -> None:
        if isinstance(message, _CHANGES):
            changed()
        elif isinstance(message, Exception):
            output.add(f"A message was not understood: {type(message).__name__}")

    async def said(params: types.LoggingMessageNotificationParams) -> None:
        text = params.data if isinstance(params.data, str) else repr(params.data)
        output.add(f"{params.level}: {text}")

    streams = (
        program_streams(server, output, ending, gone.set)
        if server.transport == "stdio"
        else network_streams(server, ending)
    )
    async with (
        streams as (incoming_stream, outgoing_stream),
        _Session(
            incoming_stream,
            outgoing_stream,
            message_handler=incoming,
            logging_callback=said,
            client_info=types.Implementation(name="GLM Launcher", version=__version__),
        ) as session,
    ):
        await _shake_hands(session)
        ending.why = ""
        yield Link(session, ending, gone)


async def _shake_hands(session: ClientSession) -> None:
    """As newer servers expect it, else as older ones do."""
    try:
        await session.discover()
    except (MCPError, RuntimeError, ValidationError):
        try:
            await session.initialize()
        except MCPError as error:
            if error.code != types.UNSUPPORTED_PROTOCOL_VERSION:
                raise
            # It answered the first question late, and holds to the newer way since.
            await session.discover()
