"""Every bound on what a stranger's server may do, and every way inside that is closed."""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.core.cancel import CancelToken
from app.core.contacts import Contacts
from app.core.errors import Cancelled
from app.tools.tool import ToolFailure
from app.tools.web.client import (
    MAX_BYTES,
    MAX_PDF_BYTES,
    MAX_REDIRECTS,
    USER_AGENT,
    Answer,
    WebClient,
)
from app.tools.web.line import system_proxies
from tests.tools.web.site import PUBLIC, Site, page, redirect

Maker = Callable[..., WebClient]


def get(client: WebClient, text: str, **more: object) -> Answer:
    return client.get(text, "Testing", CancelToken(), **more)  # type: ignore[arg-type]


def test_an_answer_says_what_it_is(site: Site, client: WebClient) -> None:
    site.answers["/a?b=1"] = page("Hello", 'Text/HTML; x=1; charset="ISO-8859-2"')
    answer = get(client, "http://public.example/a?b=1#c")
    assert (answer.status, answer.media_type, answer.charset) == (200, "text/html", "iso-8859-2")
    assert (answer.body, answer.cut, str(answer.address)) == (
        b"Hello",
        False,
        "http://public.example/a?b=1",
    )


def test_the_request_names_the_program_and_nothing_else(site: Site, client: WebClient) -> None:
    site.answers["/"] = page("x", extra="Set-Cookie: a=b\r\n")
    get(client, "http://public.example/")
    get(client, "http://public.example/")
    for head in site.asked:
        names = {line.partition(":")[0].lower() for line in head.split("\r\n")[1:] if line}
        assert names == {
            "host",
            "user-agent",
            "accept",
            "accept-language",
            "accept-encoding",
            "connection",
        }
        assert f"User-Agent: {USER_AGENT}" in head
        assert "Host: public.example\r\n" in head


def test_the_connection_goes_to_the_address_that_was_checked(site: Site, client: WebClient) -> None:
    """A second look-up would have been answered with an address inside."""
    site.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    site.answers["/"] = page("x")
    get(client, "http://rebinding.example/")
    assert site.looked_up == ["rebinding.example"]
    assert site.connected == [(PUBLIC, 80)]
    with pytest.raises(ToolFailure, match="inside this machine"):
        get(client, "http://rebinding.example/")
    assert len(site.connected) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:192.168.0.1"],
        [PUBLIC, "192.168.0.1"],
    ],
)
def test_a_name_that_stands_for_an_address_inside(
    site: Site, client: WebClient, addresses: list[str]
) -> None:
    site.names["trap.example"] = [addresses]
    with pytest.raises(ToolFailure, match=r"trap\.example is an address inside"):
        get(client, "http://trap.example/")
    assert site.connected == []


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://１２７.０.０.１/",
    ],
)
def test_addresses_inside_are_refused(site: Site, client: WebClient, text: str) -> None:
    with pytest.raises(ToolFailure, match="inside this machine"):
        get(client, text)
    assert site.connected == []


def test_numbers_that_the_system_takes_for_an_address(site: Site, client: WebClient) -> None:
    """`127.1` is the machine itself to many resolvers."""
    site.names["127.1"] = [["127.0.0.1"]]
    with pytest.raises(ToolFailure, match="inside this machine"):
        get(client, "http://127.1/")


def test_the_system_s_resolver_is_held_to_the_same() -> None:
    with pytest.raises(ToolFailure, match=r"inside this machine|was not found"):
        get(WebClient(), "http://127.1/")


def test_a_public_address_without_a_name(site: Site, client: WebClient) -> None:
    site.answers["/x"] = page("six")
    assert get(client, "http://[2606:4700::1111]/x").body == b"six"
    assert site.connected == [("2606:4700::1111", 80)]
    assert "Host: [2606:4700::1111]\r\n" in site.asked[0]


def test_redirects_are_followed_and_told(site: Site, client: WebClient) -> None:
    site.names["other.example"] = [[PUBLIC]]
    site.answers["/"] = redirect("http://other.example/there", 301)
    site.answers["/there"] = page("found")
    answer = get(client, "http://public.example/", headers={"X-Key": "secret"})
    assert (answer.body, str(answer.address)) == (b"found", "http://other.example/there")
    assert "X-Key: secret" in site.asked[0]
    assert "secret" not in site.asked[1]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://127.0.0.1/", "inside this machine"),
        ("http://[::1]:8080/", "inside this machine"),
        ("http://trap.example/", "inside this machine"),
        ("http://localhost/", "inside this machine"),
        ("//10.0.0.1/", "inside this machine"),
        ("http://public.example:22/", "port 22"),
        ("file:///etc/passwd", "only addresses"),
        ("http://a:b@public.example/", "name or a password"),
        ("http://[", "no address"),
    ],
)
def test_redirects_are_checked_like_addresses(
    site: Site, client: WebClient, location: str, reason: str
) -> None:
    site.names["trap.example"] = [["192.168.1.1"]]
    site.answers["/"] = redirect(location)
    with pytest.raises(ToolFailure, match=reason):
        get(client, "http://public.example/")
    assert len(site.connected) == 1


def test_redirects_end(site: Site, client: WebClient) -> None:
    site.answers["/"] = redirect("/0")
    site.answers.update({f"/{number}": redirect(f"/{number + 1}") for number in range(20)})
    with pytest.raises(ToolFailure, match="more than 5 times"):
        get(client, "http://public.example/")
    assert len(site.asked) == MAX_REDIRECTS + 1


def test_redirects_in_a_circle(site: Site, client: WebClient) -> None:
    site.answers["/"], site.answers["/b"] = redirect("/b"), redirect("/")
    with pytest.raises(ToolFailure, match="in a circle"):
        get(client, "http://public.example/")


def test_where_redirects_are_not_wanted(site: Site, client: WebClient) -> None:
    site.answers["/"] = redirect("/b")
    with pytest.raises(ToolFailure, match="not followed here"):
        get(client, "http://public.example/", redirects=0)


def test_what_is_too_long_is_cut(site: Site, client: WebClient) -> None:
    site.answers["/"] = page(b"x" * (MAX_BYTES + 10))
    answer = get(client, "http://public.example/")
    assert (len(answer.body), answer.cut) == (MAX_BYTES, True)


def test_a_pdf_may_be_larger(site: Site, client: WebClient) -> None:
    site.answers["/"] = page(b"x" * (MAX_BYTES + 10), "application/pdf")
    site.answers["/2"] = page(b"x" * (MAX_PDF_BYTES + 10), "application/pdf")
    assert not get(client, "http://public.example/").cut
    assert get(client, "http://public.example/2").cut


def test_an_answer_without_end_is_cut(site: Site, client: WebClient) -> None:
    def flood(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while True:
            sock.sendall(b"y" * 65_536)

    site.answers["/"] = flood
    answer = get(client, "http://public.example/")
    assert (len(answer.body), answer.cut) == (MAX_BYTES, True)


def test_packed_pages_are_unpacked(site: Site, client: WebClient) -> None:
    site.answers["/g"] = page(gzip.compress(b"hello"), extra="Content-Encoding: gzip\r\n")
    site.answers["/d"] = page(zlib.compress(b"hello"), extra="Content-Encoding: deflate\r\n")
    assert get(client, "http://public.example/g").body == b"hello"
    assert get(client, "http://public.example/d").body == b"hello"


def test_a_decompression_bomb_is_unpacked_no_further_than_the_limit(
    site: Site, client: WebClient
) -> None:
    bomb = gzip.compress(b"\0" * 60_000_000, 9)
    site.answers["/"] = page(bomb, extra="Content-Encoding: gzip\r\n")
    answer = get(client, "http://public.example/")
    assert (len(answer.body), answer.cut) == (MAX_BYTES, True)


def test_packed_data_that_unpacks_to_nothing_ends_too(site: Site, client: WebClient) -> None:
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    empty = packer.compress(b"") + b"".join(packer.flush(zlib.Z_FULL_FLUSH) for _ in range(10))
    data = empty + b"\0\0\0\xff\xff" * 1_000_000
    site.answers["/"] = page(data, extra="Content-Encoding: gzip\r\n")
    with pytest.raises(ToolFailure, match="larger than anything"):
        get(client, "http://public.example/")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_other_packing_is_refused(site: Site, client: WebClient, encoding: str) -> None:
    site.answers["/"] = page(b"x", extra=f"Content-Encoding: {encoding}\r\n")
    with pytest.raises(ToolFailure, match="not asked for"):
        get(client, "http://public.example/")


def test_damaged_packing(site: Site, client: WebClient) -> None:
    site.answers["/"] = page(b"not gzip at all", extra="Content-Encoding: gzip\r\n")
    with pytest.raises(ToolFailure, match="damaged"):
        get(client, "http://public.example/")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000,
    ],
)
def test_answers_that_make_no_sense(site: Site, client: WebClient, answer: bytes) -> None:
    site.answers["/"] = answer
    with pytest.raises(ToolFailure, match="broke before the page was there"):
        get(client, "http://public.example/")


def test_a_server_that_says_nothing(site: Site, client_with: Maker) -> None:
    waiting = threading.Event()

    def hold(_sock: socket.socket) -> None:
        waiting.wait(20)

    site.answers["/"] = hold
    with pytest.raises(ToolFailure, match="did not answer within 300 ms"):
        get(client_with(total_seconds=0.3), "http://public.example/")
    waiting.set()


def test_a_server_that_sends_a_little_at_a_time(site: Site, client_with: Maker) -> None:
    """The time is for the whole, however often something comes."""
    ended = threading.Event()

    def drip(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not ended.wait(0.02):
            sock.sendall(b"z")

    site.answers["/"] = drip
    with pytest.raises(ToolFailure, match="did not answer within 400 ms"):
        get(client_with(total_seconds=0.4), "http://public.example/")
    ended.set()


def test_cancelling_ends_it_at_once(site: Site, client: WebClient) -> None:
    cancel, waiting = CancelToken(), threading.Event()

    def hold(_sock: socket.socket) -> None:
        cancel.cancel()
        waiting.wait(20)

    site.answers["/"] = hold
    with pytest.raises(Cancelled):
        client.get("http://public.example/", "Testing", cancel)
    waiting.set()


def test_a_name_that_is_not_found(client: WebClient) -> None:
    with pytest.raises(ToolFailure, match=r"nowhere\.example was not found"):
        get(client, "http://nowhere.example/")


def test_a_name_that_takes_for_ever(client_with: Maker) -> None:
    ended = threading.Event()

    def slow(_host: str, _port: int) -> list[str]:
        ended.wait(20)
        return []

    with pytest.raises(ToolFailure, match="could not be looked up in time"):
        get(client_with(total_seconds=0.2, resolver=slow), "http://public.example/")
    ended.set()


def test_a_host_that_does_not_listen(client_with: Maker) -> None:
    def refuse(_address: str, _port: int, _seconds: float) -> socket.socket:
        raise ConnectionRefusedError("refused")

    with pytest.raises(ToolFailure, match="does not accept a connection"):
        get(client_with(connect=refuse), "http://public.example/")


def test_the_next_address_is_tried(site: Site, client_with: Maker) -> None:
    site.names["two.example"] = [["93.184.216.1", PUBLIC]]
    site.answers["/"] = page("x")
    tried: list[str] = []

    def connect(address: str, _port: int, seconds: float) -> socket.socket:
        tried.append(address)
        if address != PUBLIC:
            raise ConnectionRefusedError
        return socket.create_connection(("127.0.0.1", site.port), seconds)

    assert get(client_with(connect=connect), "http://two.example/").body == b"x"
    assert tried == ["93.184.216.1", PUBLIC]


def test_what_the_person_typed_in_may_be_inside(site: Site, client_with: Maker) -> None:
    site.names["searx.lan"] = [["192.168.0.5"]]
    site.answers["/"] = page("x")
    client = client_with(trusted=frozenset({("searx.lan", 8888)}))
    assert get(client, "http://searx.lan:8888/").body == b"x"
    for other in ("http://searx.lan:9999/", "http://searx.lan/", "http://192.168.0.5:8888/"):
        with pytest.raises(ToolFailure):
            get(client, other)


def test_every_host_is_noted(site: Site, client: WebClient, contacts: Contacts) -> None:
    site.names["other.example"] = [[PUBLIC]]
    site.answers["/"], site.answers["/x"] = redirect("http://other.example/x"), page("y" * 500)
    get(client, "http://public.example/")
    with pytest.raises(ToolFailure):
        get(client, "http://nowhere.example/")
    found = {one.host: one for one in contacts.all()}
    assert set(found) == {"public.example", "other.example", "nowhere.example"}
    assert found["other.example"].received_bytes > 500
    assert {one.why for one in found.values()} == {"Testing"}


def test_what_is_refused_was_not_contacted(client: WebClient, contacts: Contacts) -> None:
    for text in ("http://localhost/", "http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(ToolFailure):
            get(client, text)
    assert contacts.all() == ()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For secure.example."""
    if shutil.which("openssl") is None:
        pytest.skip("making a certificate needs the openssl program")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key, cert = path.with_name("key.pem"), path.with_name("cert.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subprocess.run(
        [
            *(*command.split(), "-subj", "/CN=secure.example"),
            *("-addext", "subjectAltName=DNS:secure.example"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(key.read_text() + cert.read_text())
    return path


@pytest.fixture
def secure(site: Site, certificate: Path) -> Callable[[], WebClient]:
    site.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    site.tls.load_cert_chain(certificate)
    site.names["secure.example"] = [[PUBLIC]]
    site.answers["/"] = page("safe")

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=certificate)

    return lambda: WebClient(site.reach(), trusting)


def test_the_certificate_is_held_against_the_name(
    site: Site, secure: Callable[[], WebClient]
) -> None:
    assert get(secure(), "https://secure.example/").body == b"safe"
    assert site.connected == [(PUBLIC, 443)]
    with pytest.raises(ToolFailure, match=r"public\.example is not safe"):
        get(secure(), "https://public.example/")


def test_a_certificate_that_nobody_vouches_for(site: Site, secure: Callable[[], WebClient]) -> None:
    secure()
    with pytest.raises(ToolFailure, match=r"secure\.example is not safe"):
        get(WebClient(site.reach()), "https://secure.example/")


def test_a_server_without_tls(site: Site, client: WebClient) -> None:
    site.answers["/"] = page("plain")
    with pytest.raises(ToolFailure, match="does not accept a connection"):
        get(client, "https://public.example/")


def _proxied(site: Site, client_with: Maker, status: bytes) -> WebClient:
    """The site is the proxy and, when it says 200, what lies behind it."""

    def tunnel(sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 " + status + b"\r\n\r\n")
        if status.startswith(b"200"):
            site.asked.append(sock.recv(65_536).decode())
            sock.sendall(page("through"))

    site.names["proxy.lan"] = [["10.0.0.1"]]
    site.answers[f"{PUBLIC}:80"] = tunnel
    address = urlsplit("http://me:pass%20word@proxy.lan:3128")
    return client_with(proxies=lambda _scheme, _host: address)


def test_through_a_proxy_to_the_checked_address(site: Site, client_with: Maker) -> None:
    """A proxy that looked names up itself could be led inside."""
    client = _proxied(site, client_with, b"200 Connection established")
    assert get(client, "http://public.example/x").body == b"through"
    assert site.connected == [("10.0.0.1", 3128)]
    assert site.asked[0].startswith(f"CONNECT {PUBLIC}:80 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in site.asked[0]
    assert site.asked[1].startswith("GET /x HTTP/1.1\r\nHost: public.example\r\n")
    assert "Proxy-Auth" not in site.asked[1]
    site.names["trap.example"] = [["10.0.0.9"]]
    with pytest.raises(ToolFailure, match="inside this machine"):
        get(client, "http://trap.example/")
    assert len(site.connected) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (b"407 Login", "asks for a name and a password"),
        (b"503 Busy", "did not open the way"),
        (b"x" * 40_000, "no sensible answer"),
    ],
)
def test_a_proxy_that_does_not_help(
    site: Site, client_with: Maker, status: bytes, reason: str
) -> None:
    with pytest.raises(ToolFailure, match=reason):
        get(_proxied(site, client_with, status), "http://public.example/x")


def test_the_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert system_proxies("https", "a.example") is None
    monkeypatch.setenv("https_proxy", "proxy.lan:3128")
    monkeypatch.setenv("no_proxy", "b.example")
    found = system_proxies("https", "a.example")
    assert found is not None
    assert (found.scheme, found.hostname, found.port) == ("http", "proxy.lan", 3128)
    assert system_proxies("https", "b.example") is None
    assert system_proxies("http", "a.example") is None


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_a_page_is_asked_for_through_the_proxy_of_the_environment(
    site: Site, client_with: Maker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://proxy.lan:3128")
    monkeypatch.setenv("no_proxy", "")
    site.names["proxy.lan"] = [["10.0.0.1"]]
    client = client_with(proxies=system_proxies)
    with pytest.raises(ToolFailure, match="did not open the way"):
        get(client, "http://public.example/")
    assert site.connected == [("10.0.0.1", 3128)]


def test_a_name_that_only_the_proxy_knows(client_with: Maker) -> None:
    client = client_with(proxies=lambda _scheme, _host: urlsplit("http://proxy.lan:3128"))
    with pytest.raises(ToolFailure, match="looked up on this machine, although it has a proxy"):
        get(client, "http://nowhere.example/")


def test_proxies_of_other_kinds_are_refused(client_with: Maker) -> None:
    client = client_with(proxies=lambda _scheme, _host: urlsplit("socks5://proxy.lan:1080"))
    with pytest.raises(ToolFailure, match="a proxy that cannot be used"):
        get(client, "http://public.example/")
