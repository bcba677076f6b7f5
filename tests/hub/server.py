"""Starts and stops the two hosts, and is what a test talks to."""

import contextlib
import os
import socket
import ssl
import threading
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from typing import Self
from urllib.parse import quote

from tests.hub.api import ApiHandler
from tests.hub.cdn import CdnHandler
from tests.hub.faults import Fault, FaultScript, Host
from tests.hub.handler import HubHandler
from tests.hub.world import World


@dataclass(frozen=True)
class RateLimit:
    remaining: int
    reset_seconds: int


@dataclass(frozen=True)
class Request:
    """target: path and query. headers: names as they were sent."""

    host: Host
    method: str
    target: str
    headers: dict[str, str]

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), None)


class HubServer:
    """A context manager. `endpoint` is what goes into HF_ENDPOINT.

    The API answers on 127.0.0.1, the CDN on localhost: another host, as in life. rate_limit: told
    on every answer of the API, and enforced when nothing remains. stalled: set when a scripted
    stall has begun. tls: a server context; both hosts then speak https. send_buffer_bytes: of each
    connection, small where a test compares what was sent with what was received.
    """

    def __init__(self, world: World | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.world = world or World()
        self.faults = FaultScript()
        self.requests: list[Request] = []
        self.rate_limit: RateLimit | None = None
        self.stalled = threading.Event()
        self.sent_bytes = 0
        self.send_buffer_bytes: int | None = None
        self._sent = threading.Condition()
        self._lock = threading.Lock()
        self._generation = 0
        self._uses_left: int | None = None
        self.stop_pipe, self._stop_writer = socket.socketpair()
        self._hosts = (_Host(ApiHandler, self), _Host(CdnHandler, self))
        scheme = "http" if tls is None else "https"
        if tls is not None:
            for host in self._hosts:
                host.socket = tls.wrap_socket(host.socket, server_side=True)
        self.endpoint = f"{scheme}://127.0.0.1:{self._hosts[0].server_port}"
        self.cdn_url = f"{scheme}://localhost:{self._hosts[1].server_port}"

    def __enter__(self) -> Self:
        for host in self._hosts:
            host.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_writer.send(b"x")
        for host in self._hosts:
            host.stop()
        self.stop_pipe.close()
        self._stop_writer.close()

    def misbehave(
        self,
        path: str,
        fault: Fault,
        *,
        host: Host = "cdn",
        times: int | None = 1,
        after: int = 0,
    ) -> None:
        """See `FaultScript.add`."""
        self.faults.add(host, path, fault, times, after)

    def expire_links(self) -> None:
        """Every link signed so far is answered with 403 from now on."""
        with self._lock:
            self._generation += 1

    def limit_link_uses(self, uses: int | None) -> None:
        """Every link signed so far expires after so many requests, and again after each renewal."""
        with self._lock:
            self._uses_left = uses

    def requests_to(self, host: Host, end: str = "") -> list[Request]:
        with self._lock:
            seen = list(self.requests)
        return [r for r in seen if r.host == host and r.target.partition("?")[0].endswith(end)]

    def sign(self, xet_hash: str, path: str) -> str:
        with self._lock:
            return f"{self.cdn_url}/{xet_hash}/{quote(path)}?Signature={self._generation}"

    def link_is_valid(self, signature: str) -> bool:
        with self._lock:
            if signature != str(self._generation):
                return False
            if self._uses_left is not None:
                self._uses_left -= 1
                if self._uses_left <= 0:
                    self._generation += 1
                    self._uses_left = None
            return True

    def note(self, host: Host, method: str, target: str, headers: dict[str, str]) -> None:
        with self._lock:
            self.requests.append(Request(host, method, target, headers))

    def count_bytes(self, count: int) -> None:
        with self._sent:
            self.sent_bytes += count
            self._sent.notify_all()

    def wait_until_sent(self, total: int, timeout_seconds: float = 30.0) -> bool:
        """Until so many bytes of files have been sent since the start."""
        with self._sent:
            return self._sent.wait_for(lambda: self.sent_bytes >= total, timeout_seconds)


class _Host(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, handler: type[HubHandler], hub: HubServer) -> None:
        self._hub = hub
        bound = type(handler.__name__, (handler,), {"hub": hub})
        super().__init__(("127.0.0.1", 0), bound)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=handler.host)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request_thread(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._hub.send_buffer_bytes is not None:
            request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._hub.send_buffer_bytes)
        with self._lock:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)


def hub_environment(hub: HubServer) -> dict[str, str]:
    """Variables for a child process that shall take this server for the Hub."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("HF_")
    }
    return {**environment, "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1"}
