"""What a server may answer: anything. Every answer ends in bytes or in a WireError, soon."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.downloads import wire
from app.downloads.stream import Stream, WireError
from app.downloads.types import MIB
from app.downloads.wire import Connection, Response, join_url, split_url
from tests.downloads.helpers import HeldClock, Rig, offer
from tests.hub.content import PatternContent
from tests.hub.faults import Fault
from tests.hub.server import HubServer

LIMIT = 200_000
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"Content-Length: 5",
                b"Content-Length: 7",
                b"Content-Length: -1",
                b"Content-Length: 5, 5",
                b"content-length:5",
                b"Transfer-Encoding: chunked",
                b"Transfer-Encoding: chunked, gzip",
                b"Connection: close",
                b" folded: line",
                b"no colon",
                b"X: \x00\xff",
                b": no name",
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=6,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"5\r\nhello\r\n0\r\n\r\n",
            b"5\r\nhello",
            b"fffffffffffff\r\n",
            b"-5\r\n",
            b"0\r\n",
            b"5;a\r\n",
        ]
    ),
)


class _Answered:
    """What `Stream` gives, out of memory and in pieces."""

    brisk = False

    def __init__(self, data: bytes, piece: int) -> None:
        self._data, self._piece, self.ended = data, piece, False

    def receive(self, into: memoryview, wanted: int) -> int:
        count = 0
        while count < wanted and self._data:
            size = min(self._piece, len(into) - count, len(self._data))
            into[count : count + size] = self._data[:size]
            self._data, count = self._data[size:], count + size
        self.ended = not self._data
        return count

    def read_until(self, mark: bytes, limit: int) -> bytes:
        end = self._data.find(mark)
        if end < 0 or end > limit:
            raise WireError("no end")
        head, self._data = self._data[: end + len(mark)], self._data[end + len(mark) :]
        return head


def _read(answer: bytes, piece: int) -> tuple[Response, bytes]:
    stream = _Answered(answer, piece)
    response = wire._read_head(stream, body=True)  # type: ignore[arg-type]
    return response, response.drain(LIMIT)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([200, 206, 302, 100, 404]), LINES, BODIES, st.integers(1, 50))
def test_any_head_and_body(status: int, lines: list[bytes], body: bytes, piece: int) -> None:
    head = b"\r\n".join([b"HTTP/1.1 %d X" % status, *lines]) + b"\r\n\r\n"
    with contextlib.suppress(WireError):
        response, got = _read(head + body, piece)
        assert len(got) <= len(head + body)
        if response.length is not None:
            assert len(got) <= response.length


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_at_all(data: bytes, piece: int) -> None:
    with contextlib.suppress(WireError):
        _read(data, piece)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n",
    ],
)
def test_two_readings_of_one_answer_are_refused(head: bytes) -> None:
    with pytest.raises(WireError):
        _read(b"HTTP/1.1 200 OK\r\n" + head + b"\r\nhello", 10)


def test_a_length_beside_chunks_ends_the_connection() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    response, body = _read(head + b"5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n", 10)
    assert body == b"hello"
    assert not response.reusable


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://host/x",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "http://host:99999/",
        "http://host:0/",
    ],
)
def test_redirects_to_what_is_no_address(location: str) -> None:
    with pytest.raises(WireError):
        join_url("https://hub.example/a/b", location)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://[::1", "gopher://x/"])
def test_a_redirect_astray_fails_in_words(hub: HubServer, tmp_path: Path, target: str) -> None:
    request = offer(hub, {"m.gguf": PatternContent(MIB, 1)})
    hub.misbehave("m.gguf", Fault(redirect_to=target), host="api", times=None)
    with Rig(hub, tmp_path, clock=HeldClock()) as rig:
        status = rig.get(request)
    assert status.error is not None
    assert "does not send the file" in status.error.what


def test_a_redirect_to_a_private_host_takes_no_token_there(hub: HubServer, tmp_path: Path) -> None:
    """Nothing but a GET without the token comes, and the hash decides about what it answers."""
    request = offer(hub, {"m.gguf": PatternContent(MIB, 1)})
    with HubServer() as other, Rig(hub, tmp_path, clock=HeldClock(), token="hf_secret") as rig:
        hub.world.tokens["hf_secret"] = "me"
        elsewhere = f"{other.endpoint}/admin"
        hub.misbehave("m.gguf", Fault(redirect_to=elsewhere), host="api", times=None)
        status = rig.get(request)
        asked = list(other.requests)
    assert status.error is not None
    assert asked
    assert all(r.method in ("GET", "HEAD") for r in asked)
    assert all(r.header("Authorization") is None for r in asked)


def test_over_ipv6() -> None:
    """A mirror whose address is a number in brackets."""
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = listening.getsockname()[1]
    seen: list[bytes] = []

    def serve() -> None:
        client, _ = listening.accept()
        with client:
            seen.append(client.recv(65536))
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    thread = threading.Thread(target=serve)
    thread.start()

    async def ask() -> bytes:
        url = split_url(f"http://[::1]:{port}/x")
        connection = await Connection.open(url)
        try:
            response = await connection.request("GET", url, {})
            return await connection.stream.on_thread(response.drain)
        finally:
            connection.close()

    try:
        assert asyncio.run(ask()) == b"ok"
    finally:
        thread.join()
        listening.close()
    assert f"Host: [::1]:{port}\r\n".encode() in seen[0]


@pytest.fixture
def pair() -> Iterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    stream = Stream(ours)
    yield stream, theirs
    stream.abort()
    theirs.close()


def test_aborting_wakes_who_waits(pair: tuple[Stream, socket.socket]) -> None:
    stream, _ = pair
    errors: list[Exception] = []

    def wait() -> None:
        try:
            stream.receive(memoryview(bytearray(10)), 10)
        except WireError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    stream.abort(WireError("enough"))
    thread.join(30)
    assert [str(error) for error in errors] == ["enough"]


def test_what_came_before_the_end_is_given(pair: tuple[Stream, socket.socket]) -> None:
    stream, theirs = pair
    theirs.sendall(b"HEAD\r\n\r\nabc")
    theirs.shutdown(socket.SHUT_WR)
    assert stream.read_until(b"\r\n\r\n", 100) == b"HEAD\r\n\r\n"
    buffer = bytearray(10)
    assert stream.receive(memoryview(buffer), 10) == 3
    assert buffer[:3] == b"abc"
    assert stream.receive(memoryview(buffer), 10) == 0
