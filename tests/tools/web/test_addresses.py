"""Which addresses are public, and which texts are addresses at all."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tools.tool import ToolFailure
from app.tools.web.addresses import check_name, is_public, join_address, parse_address

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
    "8.8.8",
    "08.8.8.8",
]


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "64:ff9b::808:808", "172.32.0.1"]
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org", "https://example.org/"),
        ("example.org/a?b=c", "https://example.org/a?b=c"),
        ("example.org:8443", "https://example.org:8443/"),
        (" HTTP://EXAMPLE.org:80/x#part ", "http://example.org/x"),
        (
            "https://例え.jp/パス?q=日本",
            "https://xn--r8jz45g.jp/%E3%83%91%E3%82%B9?q=%E6%97%A5%E6%9C%AC",
        ),
        ("https://example.org./x", "https://example.org/x"),
        ("https://example.org/a b%20c", "https://example.org/a%20b%20c"),
        ("https://[2606:4700::1111]:8443/x", "https://[2606:4700::1111]:8443/x"),
        ("https://e.org/?a[]=1&b=%zz", "https://e.org/?a[]=1&b=%zz"),
    ],
)
def test_addresses_are_brought_into_one_form(text: str, expected: str) -> None:
    assert str(parse_address(text)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "only addresses that begin"),
        ("hello", "only addresses that begin"),
        ("ftp://example.org", "only addresses that begin"),
        ("file:///etc/passwd", "only addresses that begin"),
        ("javascript:alert(1)", "only addresses that begin"),
        ("data:text/html,x", "only addresses that begin"),
        ("https://", "not an address"),
        ("https:///path", "not an address"),
        ("https://user@example.org", "name or a password"),
        ("https://user:secret@example.org", "name or a password"),
        ("https://good.example@127.0.0.1/", "name or a password"),
        ("https://good.example\\@127.0.0.1/", "name or a password"),
        ("https://good.example\\.bad.example/", "not an address"),
        ("https://exa mple.org", "not the name of a host"),
        ("https://127%2e0.0.1/", "not the name of a host"),
        ("https://a..b/", "not the name of a host"),
        ("https://" + "a" * 70 + ".org/", "not the name of a host"),
        ("https://example.org:99999/", "not an address"),
        ("https://example.org:x/", "not an address"),
        ("https://[::1/", "not an address"),
        ("https://[fe80::1%25eth0]/", "inside this machine"),
        ("https://exam\nple.org/", "cannot be seen"),
        ("https://example.org/\x00", "cannot be seen"),
        ("https://example.org/\r\nHost: x", "cannot be seen"),
        ("https://example.org/" + "x" * 2_000, "longer than"),
    ],
)
def test_what_is_no_address_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ToolFailure, match=reason):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost/",
        "http://LOCALHOST:80/",
        "http://localhost./",
        "http://sub.localhost/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://router.lan/",
        "http://nas.home.arpa/",
        "http://intranet/",
        "http://2130706433/",
        "http://0x7f000001/",
    ],
)
def test_inner_names_are_not_looked_up(text: str) -> None:
    with pytest.raises(ToolFailure, match="inside this machine"):
        check_name(parse_address(text))


@pytest.mark.parametrize("port", [22, 25, 3306, 6379, 8001])
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(ToolFailure, match=f"port {port} is not used"):
        check_name(parse_address(f"http://example.org:{port}/"))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x", "https://example.org/x"),
        ("y?z", "https://example.org/dir/y?z"),
        ("//other.example/", "https://other.example/"),
        ("http://other.example", "http://other.example/"),
    ],
)
def test_redirects_are_relative_to_where_they_come_from(location: str, expected: str) -> None:
    assert str(join_address(parse_address("https://example.org/dir/a"), location)) == expected


@pytest.mark.parametrize(
    "location", ["ftp://x/", "http://[bad", "file:///etc/passwd", "//u:p@x.org"]
)
def test_redirects_to_nowhere_are_refused(location: str) -> None:
    with pytest.raises(ToolFailure):
        join_address(parse_address("https://example.org/"), location)


_SIGNS = st.sampled_from(list("htps:/.@[]%?#\\\\ \t\n0123456789abx-_é中\u200b\u3002"))


@given(st.text(_SIGNS, max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "//"]))
def test_any_text_is_an_address_or_refused(text: str, before: str) -> None:
    with contextlib.suppress(ToolFailure):
        found = parse_address(before + text)
        assert parse_address(str(found)) == found
        assert found.target.startswith("/")
        assert str(found).isascii()
        assert not set(str(found)) & set(' \t\n\r\\\\"<>@') - set("@" if "@" in text else "")


@given(st.text(max_size=50))
def test_any_text_is_public_or_not(text: str) -> None:
    assert is_public(text) in (True, False)


@given(st.ip_addresses())
def test_only_global_addresses_are_public(address: object) -> None:
    if is_public(str(address)):
        assert getattr(address, "is_global", False)
        assert not getattr(address, "is_multicast", True)
