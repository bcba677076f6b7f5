"""All servers: one thread with an asyncio loop owns them; commands go in, statuses come out.

Nothing of the package is imported before a server is wanted: that takes most of a second.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.core.json import JsonObject
from app.tools.mcp import known
from app.tools.mcp.servers import McpServer, resting
from app.tools.mcp.types import Limits, Listing, ResourceText, ServerStatus

if TYPE_CHECKING:
    from app.tools.mcp.crew import Crew

    Command = Callable[[Crew], None]

T = TypeVar("T")
Listener = Callable[[Sequence[ServerStatus]], None]
_log = logging.getLogger(__name__)


class McpHost:
    """Methods may be called from any thread. The thread starts with the first server that is
    wanted; `close` has to be called and leaves no program behind.

    known_file: where lists of tools are kept over restarts, None for nowhere; it is read by the
    first `configure`, which so belongs to the start of the program. limits: None for the usual
    ones.
    """

    def __init__(self, known_file: Path | None = None, limits: Limits | None = None) -> None:
        self._known_file = known_file
        self.limits = limits or Limits()
        self._known: dict[str, Listing] | None = None
        self._servers: dict[str, McpServer] = {}
        self._statuses: dict[str, ServerStatus] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._lock = threading.Lock()
        self._lifecycle = threading.Lock()
        self._closed = False
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mcp")
        self._loop: asyncio.AbstractEventLoop
        self._crew: Crew
        self._early: list[Command] | None = []
        """Given before the thread could take them; None once it can."""

    def configure(self, servers: Sequence[McpServer]) -> None:
        """The declared ones from now on. Those that are gone, off or another are stopped; nothing
        is started."""
        if self._known is None:
            self._known = known.load(self._known_file) if self._known_file else {}
        with self._lock:
            self._servers = {server.name: server for server in servers}
            if self._thread.ident is None:
                self._statuses = {one.name: resting(one, self._listing_of(one)) for one in servers}
        if self._thread.ident is None:
            self._tell()
        else:
            self._post(lambda crew: crew.configure(servers))

    @property
    def servers(self) -> tuple[McpServer, ...]:
        with self._lock:
            return tuple(self._servers.values())

    def statuses(self) -> tuple[ServerStatus, ...]:
        """In the order of the servers."""
        with self._lock:
            return tuple(self._statuses[name] for name in self._servers if name in self._statuses)

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """callback gets all statuses after every change, on the servers' thread or on that which
        configured them. Returns what ends that."""

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not callback)

        with self._lock:
            self._listeners = (*self._listeners, callback)
        return end

    def start(self, name: str) -> None:
        """Returns at once; does nothing for one that is off or not allowed."""
        self._post(lambda crew: crew.start(name))

    def try_again(self, name: str) -> None:
        """As `start`, for one that has failed a while ago."""
        self._post(lambda crew: crew.try_again(name))

    def stop(self, name: str) -> None:
        self._post(lambda crew: crew.stop(name))

    def restart(self, name: str) -> None:
        self._post(lambda crew: crew.restart(name))

    def output(self, name: str) -> str:
        """The last lines that the server wrote to its stderr, and what it logged."""
        return self._crew.output(name) if self._ready.is_set() and not self._closed else ""

    def wait_for(self, names: Sequence[str], seconds: float, cancel: CancelToken) -> None:
        """Starts these and waits until each is ready or has failed, or the time is up; then they
        go on starting. Raises Cancelled."""
        self._ask(lambda crew: crew.started(names, seconds), cancel)

    def call(self, name: str, tool: str, arguments: JsonObject, cancel: CancelToken) -> str:
        """Blocks; starts the server when it does not run. Raises ToolFailure, KnownError,
        Cancelled; a cancelled call is cancelled at the server too."""
        return self._ask(lambda crew: crew.call(name, tool, arguments), cancel)

    def resource(self, name: str, uri: str, cancel: CancelToken) -> ResourceText:
        """As `call`."""
        return self._ask(lambda crew: crew.resource(name, uri), cancel)

    def prompt(
        self, name: str, prompt: str, arguments: Mapping[str, str], cancel: CancelToken
    ) -> str:
        """As `call`."""
        return self._ask(lambda crew: crew.prompt(name, prompt, dict(arguments)), cancel)

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Ends all servers and waits for it; True when they ended in time."""
        with self._lifecycle:
            was_open, self._closed = not self._closed, True
            if self._thread.ident is None:
                return True
        if was_open:
            self._hand_over(lambda crew: crew.end())
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _launch(self) -> None:
        with self._lifecycle:
            if self._closed:
                raise Cancelled
            if self._thread.ident is None:
                self._thread.start()

    def _post(self, command: "Command") -> None:
        with suppress(Cancelled):  # it is being closed
            self._launch()
            self._hand_over(command)

    def _hand_over(self, command: "Command") -> None:
        """Returns at once, also while the thread is still importing the package."""
        with self._lock:
            if self._early is not None:
                self._early.append(command)
                return
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(lambda: command(self._crew))

    def _ask(self, work: "Callable[[Crew], Awaitable[T]]", cancel: CancelToken) -> T:
        self._launch()
        self._ready.wait()
        crew = self._crew
        request = crew.request(work)
        try:
            future = asyncio.run_coroutine_threadsafe(request.run(), self._loop)
        except RuntimeError:
            raise Cancelled from None

        def stop() -> None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(request.cancel)

        cancel.on_cancel(stop)
        try:
            return future.result()
        except CancelledError:
            raise Cancelled from None

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        try:
            from app.tools.mcp.crew import Crew

            self._loop = asyncio.get_running_loop()
            with self._lock:
                servers = tuple(self._servers.values())
            self._crew = Crew(self.limits, self._took, self._listing_of)
            await self._crew.run(servers, self._take_early)
        finally:
            self._ready.set()

    def _take_early(self) -> None:
        with self._lock:
            early, self._early = self._early or [], None
        for command in early:
            command(self._crew)
        self._ready.set()

    def _took(self, found: Sequence[tuple[McpServer, ServerStatus]]) -> None:
        """On the servers' thread, after every change."""
        with self._lock:
            self._statuses = {status.name: status for _, status in found}
        self._keep(found)
        self._tell()

    def _keep(self, found: Sequence[tuple[McpServer, ServerStatus]]) -> None:
        listings = {} if self._known is None else self._known
        # By what was asked: another server may be declared under that name by now.
        new = {
            server.fingerprint: status.listing
            for server, status in found
            if status.listing is not None
        }
        if any(listings.get(key) != listing for key, listing in new.items()):
            self._known = listings = {**listings, **new}
            if self._known_file is not None:
                wanted = [server.fingerprint for server in self.servers]
                known.save(self._known_file, listings, wanted)

    def _listing_of(self, server: McpServer) -> Listing | None:
        return (self._known or {}).get(server.fingerprint)

    def _tell(self) -> None:
        statuses = self.statuses()
        for listener in self._listeners:
            try:
                listener(statuses)
            except Exception:  # noqa: BLE001 - who looks on must not stop a server
                _log.exception("A listener of the servers failed")
