"""A host whose servers are allowed, and a way to wait for what they come to."""

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.tools.mcp.host import McpHost
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import Limits, McpTool, ServerStatus, State

SERVER = Path(__file__).with_name("server.py")
PATIENCE = 30.0
"""Only a test that fails waits so long."""


class Bench:
    """A host, and every status that it told."""

    def __init__(self, host: McpHost) -> None:
        self.host = host
        self._news = threading.Condition()
        self.history: list[ServerStatus] = []
        host.subscribe(self._told)

    def declare(self, *servers: McpServer) -> None:
        self.host.configure([replace(one, approved=one.fingerprint) for one in servers])

    def call(self, tool: str, server: str = "test", **arguments: str) -> str:
        return self.host.call(server, tool, dict(arguments), CancelToken())

    def status(self, name: str = "test") -> ServerStatus:
        return next(one for one in self.host.statuses() if one.name == name)

    @property
    def tools(self) -> tuple[McpTool, ...]:
        listing = self.status().listing
        return () if listing is None else listing.tools

    def until(self, true: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(true, PATIENCE), self.history[-3:]

    def until_state(self, state: State, name: str = "test") -> ServerStatus:
        self.until(lambda: self.status(name).state is state)
        return self.status(name)

    def _told(self, statuses: Sequence[ServerStatus]) -> None:
        with self._news:
            self.history += statuses
            self._news.notify_all()


QUICK = Limits(start_seconds=PATIENCE, call_seconds=PATIENCE, pauses=(0.0, 0.0), relist_seconds=0.0)


@pytest.fixture
def make_bench() -> Iterator[Callable[..., Bench]]:
    hosts: list[McpHost] = []

    def make(limits: Limits = QUICK, known_file: Path | None = None) -> Bench:
        hosts.append(McpHost(known_file, limits))
        return Bench(hosts[-1])

    yield make
    for host in hosts:
        assert host.close(PATIENCE)


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def habit(name: str, notes: Path | None = None, **more: object) -> McpServer:
    """The test server with a habit."""
    arguments = (str(SERVER), name, *([str(notes)] if notes else []))
    return replace(McpServer("test", "stdio", sys.executable, arguments), **more)  # type: ignore[arg-type]


def until_true(true: Callable[[], bool]) -> None:
    """For what only files tell."""
    waited = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it never came")
