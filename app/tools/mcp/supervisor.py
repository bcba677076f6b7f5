"""One server's life: started when it is wanted, started again when it breaks, given up at last."""

import logging
import math
import time
from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from app.core.errors import KnownError
from app.core.language import tr
from app.tools.mcp.link import Link, open_link
from app.tools.mcp.output import Output
from app.tools.mcp.reasons import late, plain, start_reason, with_last_line
from app.tools.mcp.servers import McpServer, resting
from app.tools.mcp.stdio import Ending
from app.tools.mcp.types import Limits, Listing, ServerStatus, State

_log = logging.getLogger(__name__)


class Supervisor:
    """Lives on the servers' thread. told: called after every change of the status."""

    def __init__(
        self,
        server: McpServer,
        listing: Listing | None,
        tasks: TaskGroup,
        told: Callable[[], None],
        limits: Limits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.server = server
        self.output = Output(server.secrets)
        self.status = resting(server, listing)
        self._tasks, self._told, self._limits = tasks, told, limits
        self._monotonic = monotonic
        self._link: Link | None = None
        self._scope: anyio.CancelScope | None = None
        self._running = False
        self._stopping = False
        self._given_up_at = -math.inf
        self._settled = anyio.Event()
        self._ended = anyio.Event()
        self._changed = anyio.Event()

    async def ready(self) -> Link:
        """Starts it when it does not run. Raises KnownError."""
        if self.status.state in (State.OFF, State.UNAPPROVED):
            raise self._refusal()
        if not self.may_try_again:
            raise self._refusal()
        if self._link is not None and self._link.gone.is_set():
            self._lose()
        if self._link is None:
            if not self._running:
                self.start()
            await self._settled.wait()
        if self._link is None:
            raise self._refusal()
        return self._link

    @property
    def may_try_again(self) -> bool:
        """It has not failed, or that is a while ago."""
        waited = self._monotonic() - self._given_up_at
        return self.status.state is not State.FAILED or waited >= self._limits.again_seconds

    def start(self) -> None:
        """Does nothing while it runs; ends a pause before the next start."""
        if self._running:
            if self.status.state is State.WAITING and self._scope is not None:
                self._scope.cancel()
            return
        if self.status.state in (State.OFF, State.UNAPPROVED):
            return
        self._running, self._stopping = True, False
        self._settled, self._ended = anyio.Event(), anyio.Event()
        self._tasks.start_soon(self._run)

    async def stop(self) -> None:
        """Returns when its program has ended."""
        if self._running:
            self._stopping = True
            if self._scope is not None:
                self._scope.cancel()
            await self._ended.wait()

    async def restart(self) -> None:
        await self.stop()
        self.start()

    async def _run(self) -> None:
        failures = 0
        try:
            while not self._stopping:
                self._tell(State.STARTING, attempt=failures)
                reason, ran_seconds = await self._once()
                if self._stop_wanted():
                    break
                if ran_seconds is None and failures == 0:
                    self._give_up(reason)
                    return
                if ran_seconds is not None and ran_seconds >= self._limits.steady_seconds:
                    failures = 0
                if failures == len(self._limits.pauses):
                    self._give_up(
                        tr(
                            "{reason} It was started {number} times and given up.",
                            reason=reason,
                            number=failures + 1,
                        )
                    )
                    return
                pause = self._limits.pauses[failures]
                failures += 1
                self._tell(State.WAITING, reason, failures)
                with anyio.CancelScope() as self._scope:
                    await anyio.sleep(pause)
            self._rest()
        finally:
            self._running, self._link, self._scope = False, None, None
            self._settled.set()
            self._ended.set()

    async def _once(self) -> tuple[str, float | None]:
        """Why it ended, and how long it was ready, None when it never was."""
        ending, since = Ending(), None
        self._changed = anyio.Event()
        deadline = anyio.current_time() + self._limits.start_seconds
        reason = ""
        try:
            with anyio.CancelScope(deadline=deadline) as scope:
                self._scope = scope
                async with open_link(self.server, self.output, ending, self._changed_now) as link:
                    listing = await link.listing()
                    scope.deadline = math.inf
                    since = self._monotonic()
                    self._link = link
                    self._tell(State.READY, listing=listing, program=link.program)
                    self._settled.set()
                    await self._attend(link)
            if scope.cancelled_caught and since is None:
                reason = late(self._limits.start_seconds, self.output)
        except (KeyboardInterrupt, SystemExit):
            raise
        except (Exception, BaseExceptionGroup) as error:
            cause = plain(error)
            if isinstance(cause, anyio.get_cancelled_exc_class()):
                raise
            _log.info("The server %s broke", self.server.name, exc_info=error)
            reason = start_reason(error, self.server, ending, self.output)
        self._link = None
        if not reason:
            reason = with_last_line(ending.why or tr("The connection was closed."), self.output)
        return reason, None if since is None else self._monotonic() - since

    async def _attend(self, link: Link) -> None:
        """Until the connection is over."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(link.watch, self._changed_now)
            tasks.start_soon(self._follow, link)
            await link.gone.wait()
            if self._link is link:
                self._lose()
            tasks.cancel_scope.cancel()

    def _lose(self) -> None:
        """Who wants it waits from now on."""
        self._link, self._settled = None, anyio.Event()

    def _changed_now(self) -> None:
        self._changed.set()

    async def _follow(self, link: Link) -> None:
        """Reads the lists again when they change, not more often than now and then."""
        while True:
            await self._changed.wait()
            self._changed = anyio.Event()
            try:
                listing = await link.listing()
            except (MCPError, TimeoutError, ValidationError) as error:
                self.output.add(f"The changed lists could not be read: {type(error).__name__}")
            else:
                if listing != self.status.listing:
                    self._tell(State.READY, listing=listing, program=link.program)
            await anyio.sleep(self._limits.relist_seconds)

    def _stop_wanted(self) -> bool:
        return self._stopping

    def _give_up(self, reason: str) -> None:
        self._given_up_at = self._monotonic()
        self._tell(State.FAILED, reason)

    def _rest(self) -> None:
        self.status = resting(self.server, self.status.listing)
        self._told()

    def _tell(
        self,
        state: State,
        reason: str = "",
        attempt: int = 0,
        listing: Listing | None = None,
        program: str = "",
    ) -> None:
        self.status = ServerStatus(
            self.server.name,
            state,
            listing or self.status.listing,
            reason,
            attempt,
            program or self.status.program,
        )
        self._told()

    def _refusal(self) -> KnownError:
        what = tr("The server “{name}” is not available.", name=self.server.name)
        state = self.status.state
        if state is State.OFF:
            return KnownError(
                what, tr("It is switched off."), tr("Switch it on in Settings, Tools.")
            )
        if state is State.UNAPPROVED:
            return KnownError(
                what,
                tr("Its program has not been allowed to run."),
                tr("Allow it in Settings, Tools."),
            )
        return KnownError(what, self.status.reason, tr("Look at its output in Settings, Tools."))
