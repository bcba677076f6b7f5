"""A web server on this machine that stands for the internet: names and public addresses lead to it.

Answers are raw bytes, so that a test may send whatever a stranger's server could.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from app.tools.web.line import Reach

PUBLIC = "93.184.216.34"
Answer = bytes | Callable[[socket.socket], None]


def page(
    body: bytes | str,
    media_type: str = "text/html; charset=utf-8",
    extra: str = "",
    status: int = 200,
) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    head = (
        f"HTTP/1.1 {status} Answer\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(data)}\r\n{extra}\r\n"
    )
    return head.encode("latin-1") + data


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class Site:
    """answers: by the target of the request. names: what the resolver says, one list for each time
    that it is asked, the last for ever; a name that is not there is not found. asked, looked_up,
    connected: what happened, in order."""

    answers: dict[str, Answer] = field(default_factory=dict)
    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    asked: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._start(self._listen)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._threads[0].join(10)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join(10)

    def reach(self, **changes: object) -> Reach:
        values: dict[str, object] = {
            "resolver": self._resolve,
            "connect": self._connect,
            "proxies": lambda _scheme, _host: None,
        }
        return Reach(**{**values, **changes})  # type: ignore[arg-type]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _resolve(self, host: str, _port: int) -> Sequence[str]:
        self.looked_up.append(host)
        given = self.names.get(host)
        if given is None:
            try:
                socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            except OSError:
                raise socket.gaierror(f"no {host}") from None
            return [host]
        return given.pop(0) if len(given) > 1 else given[0]

    def _connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="site", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._ended.is_set():
                sock.close()
                return
            self._start(lambda sock=sock: self._serve(sock))  # type: ignore[misc]

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self._open.append(sock)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = sock.recv(4096)
                if not piece or (not head and piece[0] == 22):  # TLS where there is none
                    return
                head += piece
            self.asked.append(head.decode("latin-1"))
            target = head.split(b" ", 2)[1].decode("latin-1")
            answer = self.answers.get(target, page("not there", status=404))
            if callable(answer):
                answer(sock)
            else:
                sock.sendall(answer)
        except OSError:
            pass  # the client went away, which many tests make it do
        finally:
            if sock in self._open:
                self._open.remove(sock)
            sock.close()
