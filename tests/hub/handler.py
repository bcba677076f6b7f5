"""What both hosts share: sending answers, well or badly."""

import json
import os
import select
import socket
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.hub.content import Content, FileContent
from tests.hub.faults import Fault, Host

if TYPE_CHECKING:
    from tests.hub.server import HubServer

_PIECE = 1 << 20


class HubHandler(BaseHTTPRequestHandler):
    """Subclasses set `host` and `hub` and implement `answer`."""

    protocol_version = "HTTP/1.1"
    host: Host
    hub: "HubServer"
    fault: Fault

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        self.hub.note(self.host, self.command, self.path, dict(self.headers.items()))
        path = unquote(split.path)
        self.fault = self.hub.faults.take(self.host, path)
        if self.fault.cut_headers:
            self.wfile.write(b"HTTP/1.1 206 Partial Content\r\nContent-Ra")
            self._drop()
        elif self.fault.redirect_to is not None:
            target = self.fault.redirect_to
            self.reply(302, {"Location": self.path if target == "self" else target})
        elif self.fault.status is not None:
            self.reply(self.fault.status, dict(self.fault.headers), self.fault.body)
        else:
            self.answer(path, split.query)

    do_HEAD = do_GET  # noqa: N815
    do_POST = do_GET  # noqa: N815

    def answer(self, path: str, query: str) -> None:
        raise NotImplementedError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the requests are in `HubServer.requests`."""

    def reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.fault.no_length:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, value: Any, headers: dict[str, str] | None = None) -> None:
        self.reply(
            200,
            {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
            json.dumps(value).encode(),
        )

    def send_content(self, content: Content, headers: dict[str, str]) -> None:
        """The file or the range asked for, with what the fault does to it."""
        fault = self.fault
        span = None if fault.ignore_range else _range(self.headers.get("Range"), content.size)
        if_range = self.headers.get("If-Range")
        if if_range is not None and if_range != headers.get("ETag"):
            span = None
        start, end = span or (0, content.size)
        if span is not None and start >= content.size:
            self.reply(416, {"Content-Range": f"bytes */{content.size}"})
            return
        start, end = min(start + fault.shift, end), max(start, end - fault.shorter_by)
        self.send_response(200 if span is None else 206)
        for name, value in headers.items():
            self.send_header(name, value)
        if span is not None:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{content.size}")
        if fault.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not fault.no_length:
            self.send_header("Content-Length", str(end - start))
        if fault.no_length:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(content, start, end)

    def _send_body(self, content: Content, start: int, end: int) -> None:
        fault = self.fault
        if fault == Fault() and isinstance(content, FileContent) and hasattr(os, "sendfile"):
            self.wfile.flush()
            content.send(self.connection, start, end)
            return
        stops = (fault.cut_after, fault.reset_after, fault.stall_after)
        limit = min((stop for stop in stops if stop is not None), default=end - start)
        for piece in _pieces(content, start, min(end, start + limit), fault.corrupt):
            self.hub.count_bytes(len(piece))  # before, so that a broken connection counts too
            if fault.chunked:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            else:
                self.wfile.write(piece)
        if fault.chunked:
            self.wfile.write(b"0\r\n\r\n")
        if limit >= end - start:
            return
        if fault.stall_after is not None:
            self._stall(content, start + limit, end)
        if fault.reset_after is not None:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._drop()

    def _stall(self, content: Content, start: int, end: int) -> None:
        """Silence, or a byte now and then, until the client goes."""
        pause = self.fault.drip_seconds
        self.hub.stalled.set()
        for offset in range(start, end):
            gone, _, _ = select.select([self.connection, self.hub.stop_pipe], [], [], pause)
            if gone:
                return
            self.wfile.write(content.read(offset, 1))

    def _drop(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True  # the client has gone, which clients may do

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True


def _pieces(content: Content, start: int, end: int, corrupt: tuple[int, ...]) -> Iterator[bytes]:
    for offset in range(start, end, _PIECE):
        piece = content.read(offset, min(_PIECE, end - offset))
        for wrong in corrupt:
            if offset <= wrong < offset + len(piece):
                data = bytearray(piece)
                data[wrong - offset] ^= 0xFF
                piece = bytes(data)
        yield piece


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """`bytes=a-b` and `bytes=a-` as a half-open range."""
    if header is None or not header.startswith("bytes="):
        return None
    first, _, last = header.removeprefix("bytes=").partition("-")
    return int(first), min(int(last) + 1, size) if last else size
