"""The servers on their thread: a supervisor for each, and what is asked of them."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
from mcp import types
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from app.core.errors import Cancelled, KnownError
from app.core.json import JsonObject
from app.core.units import duration
from app.tools.mcp.link import Link
from app.tools.mcp.reasons import SESSION_OVER, is_closed, with_last_line
from app.tools.mcp.servers import McpServer, resting
from app.tools.mcp.supervisor import Supervisor
from app.tools.mcp.types import Limits, Listing, ResourceText, ServerStatus
from app.tools.mcp.words import (
    content_text,
    one_line,
    prompt_text,
    resource_text,
)
from app.tools.tool import ToolFailure

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

T = TypeVar("T")


class Request(Generic[T]):
    """Something that another thread waits for and may cancel; both methods on the servers'
    thread."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._scope: anyio.CancelScope | None = None
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    async def run(self) -> T:
        """Raises Cancelled and what the work raises."""
        if not self._cancelled:
            with anyio.CancelScope() as self._scope:
                return await self._work()
        raise Cancelled


class Crew:
    """told: gets all servers with their statuses after every change. listing_of: what is known of a
    server that has not been asked in this run."""

    def __init__(
        self,
        limits: Limits,
        told: Callable[[Sequence[tuple[McpServer, ServerStatus]]], None],
        listing_of: Callable[[McpServer], Listing | None],
    ) -> None:
        self._limits = limits
        self._told, self._listing_of = told, listing_of
        self._supervisors: dict[str, Supervisor] = {}
        self._over: anyio.Event
        self._tasks: TaskGroup

    async def run(self, servers: Sequence[McpServer], ready: Callable[[], None]) -> None:
        """Until `end`; then every program is ended."""
        self._over = anyio.Event()
        async with anyio.create_task_group() as self._tasks:
            self.configure(servers)
            ready()
            await self._over.wait()
            for supervisor in self._supervisors.values():
                self._tasks.start_soon(supervisor.stop)

    def end(self) -> None:
        self._over.set()

    def configure(self, servers: Sequence[McpServer]) -> None:
        before, self._supervisors = self._supervisors, {}
        for server in servers:
            old = before.pop(server.name, None)
            if old is not None and _same_life(old.server, server):
                old.server = server
                self._supervisors[server.name] = old
                continue
            if old is not None:
                self._tasks.start_soon(old.stop)
            self._supervisors[server.name] = self._supervisor(server)
        for gone in before.values():
            self._tasks.start_soon(gone.stop)
        self._tell()

    def start(self, name: str) -> None:
        if supervisor := self._supervisors.get(name):
            supervisor.start()

    def try_again(self, name: str) -> None:
        if (supervisor := self._supervisors.get(name)) and supervisor.may_try_again:
            supervisor.start()

    def stop(self, name: str) -> None:
        if supervisor := self._supervisors.get(name):
            self._tasks.start_soon(supervisor.stop)

    def restart(self, name: str) -> None:
        if supervisor := self._supervisors.get(name):
            self._tasks.start_soon(supervisor.restart)

    def output(self, name: str) -> str:
        """From any thread."""
        supervisor = self._supervisors.get(name)
        return supervisor.output.text if supervisor is not None else ""

    def request(self, work: "Callable[[Crew], Awaitable[T]]") -> Request[T]:
        """From any thread; to be run on this one."""
        return Request(lambda: work(self))

    async def started(self, names: Sequence[str], seconds: float) -> None:
        """Returns when each of them is ready or is known to fail, or the time is up."""

        async def one(supervisor: Supervisor) -> None:
            with suppress(KnownError):
                await supervisor.ready()

        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for name in names:
                    if supervisor := self._supervisors.get(name):
                        tasks.start_soon(one, supervisor)

    async def call(self, name: str, tool: str, arguments: JsonObject) -> str:
        """Raises ToolFailure, KnownError."""
        seconds = self._limits.call_seconds
        result = await self._asked(name, seconds, lambda link: link.call(tool, arguments, seconds))
        text = content_text(result.content, result.structured_content)
        if result.is_error:
            raise ToolFailure(text)
        return text

    async def resource(self, name: str, uri: str) -> ResourceText:
        """Raises ToolFailure, KnownError."""
        seconds = self._limits.call_seconds
        result = await self._asked(name, seconds, lambda link: link.resource(uri, seconds))
        return resource_text(uri, result)

    async def prompt(self, name: str, prompt: str, arguments: dict[str, str]) -> str:
        """Raises ToolFailure, KnownError."""
        seconds = self._limits.call_seconds
        result = await self._asked(
            name, seconds, lambda link: link.prompt(prompt, arguments, seconds)
        )
        return prompt_text(result)

    async def _asked(self, name: str, seconds: float, ask: Callable[[Link], Awaitable[T]]) -> T:
        supervisor = self._supervisors.get(name)
        if supervisor is None:
            raise ToolFailure(f"there is no server {name} any more")
        link = await supervisor.ready()
        try:
            return await ask(link)
        except MCPError as error:
            if error.message != SESSION_OVER:
                raise self._failure(supervisor, link, error, seconds) from error
        except (TimeoutError, ValidationError, RuntimeError) as error:
            raise self._failure(supervisor, link, error, seconds) from error
        # It has not run what it was asked: it did not know who asked.
        link.gone.set()
        await supervisor.restart()
        link = await supervisor.ready()
        try:
            return await ask(link)
        except (MCPError, TimeoutError, ValidationError, RuntimeError) as error:
            raise self._failure(supervisor, link, error, seconds) from error

    def _failure(
        self, supervisor: Supervisor, link: Link, error: Exception, seconds: float
    ) -> ToolFailure:
        name = supervisor.server.name
        if is_closed(error):
            link.gone.set()  # the next one waits for a new connection
        if isinstance(error, TimeoutError) or (
            isinstance(error, MCPError) and error.code == types.REQUEST_TIMEOUT
        ):
            limit = duration(seconds)
            return ToolFailure(f"the server {name} did not answer within {limit}")
        if is_closed(error):
            why = with_last_line(link.ending.why, supervisor.output)
            return ToolFailure(f"the server {name} ended while it was asked. {why}".rstrip())
        if isinstance(error, MCPError):
            return ToolFailure(f"the server {name} refused: {one_line(error.message, 1000)}")
        if isinstance(error, ValidationError):
            return ToolFailure(f"the answer of the server {name} does not follow the protocol")
        return ToolFailure(
            f"the server {name} wants something of the person first, which this program does not do"
        )

    def _supervisor(self, server: McpServer) -> Supervisor:
        return Supervisor(
            server,
            self._listing_of(server),
            self._tasks,
            self._tell,
            self._limits,
            time.monotonic,
        )

    def _tell(self) -> None:
        self._told([(one.server, one.status) for one in self._supervisors.values()])


def _same_life(old: McpServer, new: McpServer) -> bool:
    """What changed, if anything, is nothing that its program knows of."""
    return old.fingerprint == new.fingerprint and resting(old, None) == resting(new, None)
