"""TLS, proxies, and answers that only a hostile server gives."""

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

import pytest

from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.core.retry_after import retry_after
from app.downloads import wire
from app.downloads.facade import download
from app.downloads.refusals import known_refusal
from app.downloads.stream import WireError
from app.downloads.types import MIB, JobState, Target
from app.downloads.wire import Connection, split_url
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer
from tests.downloads.relay import ConnectProxy
from tests.hub.content import PatternContent
from tests.hub.server import HubServer

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FILES = {"m.gguf": PatternContent(9 * MIB + 1, 5)}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("making a certificate needs the openssl program")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key, cert = path.with_name("key.pem"), path.with_name("cert.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [
            *(*command.split(), "-subj", "/CN=localhost", "-addext", names),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(key.read_text() + cert.read_text())
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's context; the client trusts its certificate."""
    monkeypatch.setattr(wire, "_tls", lambda: ssl.create_default_context(cafile=certificate))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    return server


def test_over_tls(trusted: ssl.SSLContext, tmp_path: Path, clock: HeldClock) -> None:
    with HubServer(tls=trusted) as hub, Rig(hub, tmp_path, clock=clock) as rig:
        assert_whole(rig.get(offer(hub, FILES)))


def test_through_a_connect_proxy(
    trusted: ssl.SSLContext, tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HubServer(tls=trusted) as hub, ConnectProxy() as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:pass%20word@{proxy.address}")
        with Rig(hub, tmp_path, clock=clock, connections=2) as rig:
            assert_whole(rig.get(offer(hub, FILES)))
    assert {place for place, _ in proxy.asked} == {
        hub.endpoint.removeprefix("https://"),
        hub.cdn_url.removeprefix("https://"),
    }
    assert all(login.endswith(b"Basic bWU6cGFzcyB3b3Jk") for _, login in proxy.asked)


def test_a_proxy_that_asks_for_a_login(
    trusted: ssl.SSLContext, tmp_path: Path, clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with HubServer(tls=trusted) as hub, ConnectProxy(refusal) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
        with Rig(hub, tmp_path, clock=clock) as rig:
            status = rig.get(offer(hub, FILES))
    assert status.error is not None
    assert "asks for a name and a password" in status.error.what


def test_an_unknown_certificate_is_not_accepted(
    certificate: Path, tmp_path: Path, clock: HeldClock
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    with HubServer(tls=server) as hub, Rig(hub, tmp_path, clock=clock) as rig:
        status = rig.get(offer(hub, FILES))
    assert status.state is JobState.FAILED
    assert status.error is not None
    assert "is not safe" in status.error.what


def test_through_a_plain_proxy(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's own API host plays the proxy: it is asked by whole addresses."""
    monkeypatch.setenv("http_proxy", hub.endpoint.replace("://", "://me:secret@"))
    monkeypatch.setenv("no_proxy", "localhost")
    request = offer(hub, FILES)
    access = HubAccess(lambda: "http://hub.example")
    assert_whole(download(request, Target("folder", tmp_path), access))
    asked = hub.requests_to("api")
    assert all(r.target.startswith("http://hub.example/maker/") for r in asked)
    assert all(r.header("Proxy-Authorization") == "Basic bWU6c2VjcmV0" for r in asked)
    assert all(r.header("Proxy-Authorization") is None for r in hub.requests_to("cdn"))


def test_a_socks_proxy_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(KnownError, match="proxy"):
        wire.proxy_for(split_url("http://hub.example/"))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    ],
)
def test_answers_that_are_none(answer: bytes) -> None:
    with pytest.raises(WireError):
        asyncio.run(_ask(answer))


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", b"ab"),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
        (
            CHUNKED + b"2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
            b"abc",
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_bodies(answer: bytes, body: bytes) -> None:
    assert asyncio.run(_ask(answer)) == body


async def _ask(answer: bytes) -> bytes:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listening.accept()
        with client:
            client.recv(65536)
            client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    url = split_url(f"http://127.0.0.1:{listening.getsockname()[1]}/a?b=c")
    connection = await Connection.open(url)
    try:
        response = await connection.request("GET", url, {})
        return await connection.stream.on_thread(response.drain)
    finally:
        connection.close()
        await asyncio.sleep(0)
        thread.join()
        listening.close()


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "file:///etc/passwd", "http://[bad/", "x"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(WireError):
        split_url(url)


def test_header_injection_is_refused(hub: HubServer) -> None:
    async def ask() -> None:
        url = split_url(hub.endpoint + "/x")
        connection = await Connection.open(url)
        try:
            await connection.request("GET", url, {"Authorization": "Bearer a\r\nX-Evil: 1"})
        finally:
            connection.close()

    with pytest.raises(WireError, match="line break"):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "99999999"}, 3600.0),
        ({"Retry-After": "soon"}, None),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"api";r=12;t=55'}, None),
        ({}, None),
    ],
)
def test_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(_message(headers), datetime(2026, 11, 23, 12, tzinfo=UTC)) == seconds


def test_every_refusal_has_its_own_words() -> None:
    cases = [
        (401, {"X-Error-Code": "GatedRepo"}),
        (403, {"X-Error-Code": "GatedRepo"}),
        (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
        (404, {"X-Error-Code": "RevisionNotFound"}),
        (404, {"X-Error-Code": "EntryNotFound"}),
        (401, {}),
        (403, {}),
    ]
    errors = [known_refusal("a/b", "m.gguf", status, _message(h)) for status, h in cases]
    assert len({(error.what, error.why, error.next_step) for error in errors}) == len(cases)
    assert all(error.next_step for error in errors)


def _message(headers: dict[str, str]) -> Message:
    message = Message()
    for name, value in headers.items():
        message[name] = value
    return message
