"""Servers on the network that behave and that do not, on this machine's own address."""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.core.contacts import contacts_in
from app.core.errors import KnownError
from app.tools.mcp.http import WHY
from app.tools.mcp.servers import McpServer
from app.tools.mcp.types import State
from app.tools.tool import ToolFailure
from tests.tools.mcp.conftest import Bench

SAY = {"name": "say", "inputSchema": {"type": "object", "properties": {}}}


@dataclass
class Remote:
    """habit: how it answers calls. seen: the headers of every request."""

    port: int = 0
    habit: str = "good"
    session: str = "s1"
    seen: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"


class Handler(BaseHTTPRequestHandler):
    remote: Remote
    other: Remote

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._end(405)

    do_DELETE = do_GET  # noqa: N815 - as http.server calls it

    def do_POST(self) -> None:
        remote = self.remote
        remote.seen.append({key.lower(): value for key, value in self.headers.items()})
        body = self.rfile.read(int(self.headers["Content-Length"]))
        message = json.loads(body)
        if remote.habit == "login":
            self._end(401)
        elif remote.habit == "elsewhere":
            self._end(307, {"Location": self.other.url})
        elif "id" not in message:
            self._end(202)
        elif message["method"] == "initialize":
            self._begin(message)
        elif self.headers.get("Mcp-Session-Id") != remote.session:
            # Before the handshake there is no session to have forgotten.
            self._end(404 if self.headers.get("Mcp-Session-Id") else 400)
        elif message["method"] == "tools/list":
            self._reply(message, {"tools": [SAY]})
        else:
            self._call(message)

    def _begin(self, message: dict[str, Any]) -> None:
        result = {
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "remote", "version": "2"},
        }
        self._reply(message, result, {"Mcp-Session-Id": self.remote.session})

    def _call(self, message: dict[str, Any]) -> None:
        text = {"type": "text", "text": "hello"}
        if self.remote.habit == "large":
            text["text"] = "x" * 9_000_000
        coding = {"Content-Encoding": "gzip"} if self.remote.habit == "packed" else {}
        self._reply(message, {"content": [text]}, coding)

    def _reply(
        self, message: dict[str, Any], result: object, headers: dict[str, str] | None = None
    ) -> None:
        answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
        headers = headers or {}
        body = json.dumps(answer).encode()
        if "Content-Encoding" in headers:
            body = gzip.compress(body)
        self._end(200, {"Content-Type": "application/json", **headers}, body)

    def _end(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True


def _serve(remote: Remote, other: Remote) -> Callable[[], None]:
    handler = type("Bound", (Handler,), {"remote": remote, "other": other})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    remote.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


@pytest.fixture
def remotes() -> Iterator[tuple[Remote, Remote]]:
    first, second = Remote(), Remote()
    stops = [_serve(first, second), _serve(second, first)]
    yield first, second
    for stop in stops:
        stop()


def _declared(remote: Remote) -> McpServer:
    return McpServer("test", "http", url=remote.url, headers=(("X-Key", "sesame"),))


def test_headers_are_sent(bench: Bench, remotes: tuple[Remote, Remote]) -> None:
    remote, _ = remotes
    bench.declare(_declared(remote))
    assert bench.call("say") == "hello"
    assert bench.status().program == "remote 2"
    assert {headers["x-key"] for headers in remote.seen} == {"sesame"}
    assert {headers["accept-encoding"] for headers in remote.seen} == {"identity"}


def test_its_host_is_noted(bench: Bench, remotes: tuple[Remote, Remote], tmp_path: Path) -> None:
    with contacts_in(tmp_path / "contacts.json") as contacts:
        bench.declare(_declared(remotes[0]))
        bench.call("say")
        assert [(one.host, one.why) for one in contacts.all()] == [("127.0.0.1", WHY)]


def test_headers_do_not_follow_a_redirect_elsewhere(
    bench: Bench, remotes: tuple[Remote, Remote]
) -> None:
    remote, other = remotes
    remote.habit = "elsewhere"
    bench.declare(_declared(remote))
    with pytest.raises(KnownError, match="Redirect to"):
        bench.call("say")
    assert other.seen == []


def test_a_login_is_named(bench: Bench, remotes: tuple[Remote, Remote]) -> None:
    remote, _ = remotes
    remote.habit = "login"
    bench.declare(_declared(remote))
    with pytest.raises(KnownError, match="It wants a login"):
        bench.call("say")


def test_nobody_there(bench: Bench) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    bench.declare(McpServer("test", "http", url=f"http://127.0.0.1:{port}/mcp"))
    with pytest.raises(KnownError, match="It cannot be reached"):
        bench.call("say")
    assert bench.status().state is State.FAILED


@pytest.mark.parametrize("habit", ["large", "packed"])
def test_answers_without_measure(bench: Bench, remotes: tuple[Remote, Remote], habit: str) -> None:
    remote, _ = remotes
    bench.declare(_declared(remote))
    assert bench.call("say") == "hello"
    remote.habit = habit
    with pytest.raises(ToolFailure, match="more than 8" if habit == "large" else "compressed"):
        bench.call("say")
    remote.habit = "good"
    assert bench.call("say") == "hello"


def test_a_forgotten_session_is_begun_anew(bench: Bench, remotes: tuple[Remote, Remote]) -> None:
    remote, _ = remotes
    bench.declare(_declared(remote))
    assert bench.call("say") == "hello"
    remote.session = "s2"
    assert bench.call("say") == "hello"


def test_the_host_is_written_down(
    bench: Bench, remotes: tuple[Remote, Remote], tmp_path: Path
) -> None:
    with contacts_in(tmp_path / "contacts.json") as contacts:
        bench.declare(_declared(remotes[0]))
        assert bench.call("say") == "hello"
        [contact] = contacts.all()
    assert (contact.host, contact.why) == ("127.0.0.1", WHY)
    assert contact.times > 1
    assert contact.received_bytes > 100
