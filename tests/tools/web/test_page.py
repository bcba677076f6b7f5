"""From bytes to text: kinds, encodings, readable form, and pages made to harm."""

from dataclasses import replace

import pytest

from app.core.cancel import CancelToken
from app.core.errors import Cancelled
from app.tools.tool import ToolFailure
from app.tools.web import html_text as html_text_module
from app.tools.web.addresses import parse_address
from app.tools.web.client import Answer
from app.tools.web.html_text import html_text
from app.tools.web.markdown import MAX_CHARACTERS
from app.tools.web.page import MAX_TEXT, Page, decoded, read_page

ADDRESS = "https://example.org/dir/page"


def answer(
    body: bytes | str, media_type: str = "text/html", charset: str = "", status: int = 200
) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return Answer(parse_address(ADDRESS), status, media_type, charset, data)


def read(body: bytes | str, media_type: str = "text/html", charset: str = "") -> Page:
    return read_page(answer(body, media_type, charset), CancelToken())


def text_of(body: str) -> str:
    return read(f"<html><body>{body}</body></html>").text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>One</h1><h3>Two <em>three</em></h3>", "# One\n\n### Two three"),
        ("<p>a\n  b<br>c</p><p>d</p>", "a b\nc\n\nd"),
        ("<ul><li>a<li>b<ol><li>c<li>d</ol></ul>e", "- a\n- b\n  1. c\n  2. d\n\ne"),
        ("<ul><li><p>a</p><p>b</p></ul>", "- a\n  b"),
        ("<pre>x = 1\n  y\n\nz</pre>", "```\nx = 1\n  y\n\nz\n```"),
        ("<p>use <code>x</code> now</p>", "use `x` now"),
        ("<blockquote><p>q</p></blockquote>r", "> q\n\nr"),
        ("<table><tr><th>a<th>b<tr><td>1<td><p>2</p></table>", "a | b\n1 | 2"),
        ('<a href="/x?y=1">words</a>', "[words](https://example.org/x?y=1)"),
        ('<a href="z">in</a>, <a href="#f">f</a>', "[in](https://example.org/dir/z), f"),
        ('<a href="page#x">x</a> <a href="#">y</a><h2><a href="#z"></a></h2>', "x y"),
        ('<a href="javascript:x()">js</a> <a href="http://[x">b</a>', "js b"),
        ('<a href="https://e.org/a) [x](y">out</a>', "out"),
        ('<img src="x" alt="a cat"> sits', "[picture: a cat] sits"),
        ("a<script>s()</script><style>t</style><noscript>u</noscript>b", "ab"),
        ("<p hidden>h</p><span aria-hidden='true'>i</span>shown", "shown"),
        ("<p style='color:red; Display : none'>a</p><i style='visibility:hidden'>b</i>c", "c"),
        ("<p style='font-size:0px'>a</p><p style='opacity:0.0'>b</p>c", "c"),
        ("<p style='font-size:0.9em;opacity:0.5'>a</p>", "a"),
        ("hy&shy;phen&#x200b;ated&#xE0041; &zwnj;", "hyphenated \u200c"),
        ("<nav>menu</nav>text<!-- comment --> more", "text more"),
        ("a &lt;b&gt; &amp; &#x4e2d;", "a <b> & 中"),
        ("<svg><text>x</text></svg>", ""),
    ],
)
def test_html_as_text(body: str, expected: str) -> None:
    assert text_of(body) == expected


def test_the_article_without_what_stands_around_it() -> None:
    matter = "".join(
        f"<p>The {n}th paragraph, with words, commas, and more.</p>" for n in range(20)
    )
    page = read(
        "<html><head><title> The\n title </title></head><body>"
        f"<div class='sidebar'>Subscribe to our letter</div><article>{matter}</article>"
        "<div class='footer'>Imprint</div></body></html>"
    )
    assert page.title == "The title"
    assert "The 0th paragraph" in page.text
    assert "The 19th paragraph" in page.text
    assert "Subscribe" not in page.text


def test_headings_that_are_links_to_themselves_stay() -> None:
    matter = "".join(
        f"<p>The {n}th paragraph, with words, commas, and more.</p>" for n in range(20)
    )
    page = read(
        "<html><body><article><h2><a class='header' href='#one'>One heading</a></h2>"
        f"{matter}</article></body></html>"
    )
    assert page.text.startswith("## One heading\n\nThe 0th")


def test_where_no_article_is_found_the_whole_page_is() -> None:
    page = read("<html><body><h1>Status</h1><p>All is well.</p></body></html>")
    assert page.text == "# Status\n\nAll is well."


@pytest.mark.parametrize(
    ("body", "charset", "expected"),
    [
        ("größe".encode(), "", "größe"),
        ("größe".encode("latin-1"), "", "größe"),
        ("größe".encode("latin-1"), "iso-8859-1", "größe"),
        ("“x”".encode("cp1252"), "iso-8859-1", "“x”"),
        ("中文".encode("gb18030"), "gb2312", None),
        ("中文".encode("gb18030"), "gb18030", "中文"),
        ("今天的天气很好，我们去公园。".encode("gb18030"), "", "今天的天气很好，我们去公园。"),
        ("Ä Ö ß é à ç".encode("latin-1"), "", "Ä Ö ß é à ç"),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本"),
        ("größe".encode("utf-16"), "utf-8", "größe"),
        ("\ufeffgröße".encode(), "latin-1", "größe"),
        (b"<meta charset=koi8-r>" + "привет".encode("koi8-r"), "", "<meta charset=koi8-r>привет"),
        ("größe".encode(), "no-such-charset", "größe"),
        (b"abc", "base64", "abc"),
        (b"+AGE-", "utf-7", "+AGE-"),
        (b"abc\xff", "utf-8", "abc\ufffd"),
    ],
)
def test_encodings(body: bytes, charset: str, expected: str | None) -> None:
    found = decoded(answer(body, charset=charset))
    assert found == (expected if expected is not None else body.decode("gb2312"))


def test_a_character_cut_at_the_limit_does_not_change_the_encoding() -> None:
    one = answer("größe".encode()[:-1] + "ü".encode()[:1])
    assert decoded(Answer(one.address, 200, "text/plain", "", one.body, cut=True)) == "größ"


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b'{"a": [1, "\xc3\xa4"]}', "application/json", '{\n "a": [\n  1,\n  "ä"\n ]\n}'),
        (b'{"a"', "application/ld+json", '{"a"'),
        (b"[" * 100_000, "application/json", "[" * 100_000),
        (b"a,b\r\n1,2", "text/csv", "a,b\n1,2"),
        (b"<rss><x>1</x></rss>", "application/rss+xml", "<rss><x>1</x></rss>"),
        (b"plain \x00\x1b[31mtext", "text/plain", "plain [31mtext"),
        (b"no type at all", "", "no type at all"),
    ],
)
def test_other_text(body: bytes, media_type: str, expected: str) -> None:
    assert read(body, media_type).text == expected


def test_much_text_is_cut_and_says_so() -> None:
    page = read("x" * (MAX_TEXT + 1), "text/plain")
    assert (len(page.text), page.cut) == (MAX_TEXT, True)


def test_deep_json_is_not_made_longer() -> None:
    deep = "[" * 500 + ",".join("1" for _ in range(100_000)) + "]" * 500
    assert read(deep, "application/json").text == deep


def test_html_without_a_type_is_recognized() -> None:
    assert read(b"\n<!DOCTYPE html><title>T</title><p>x</p>", "").title == "T"


@pytest.mark.parametrize(
    ("body", "media_type", "reason"),
    [
        (b"%PDF-1.7", "application/pdf", "PDF file, which is not read here"),
        (b"%PDF-1.7", "application/octet-stream", "PDF file, which is not read here"),
        (b"\x89PNG", "image/png", "a file of the kind image/png"),
        (b"PK\x03\x04", "application/zip", "a file of the kind application/zip"),
        (b"a\0b", "", "a file of the kind unknown"),
    ],
)
def test_what_is_no_text_is_refused(body: bytes, media_type: str, reason: str) -> None:
    with pytest.raises(ToolFailure, match=reason):
        read(body, media_type)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "asks for a login"),
        (403, "not give the page to programs"),
        (404, "no such page"),
        (418, "did not give the page"),
        (429, "too often"),
        (503, "a problem of its own"),
        (304, "did not give the page"),
    ],
)
def test_a_server_that_refuses(status: int, reason: str) -> None:
    with pytest.raises(ToolFailure, match=rf"example\.org .*{reason}.*\(status {status}\)"):
        read_page(answer("x", status=status), CancelToken())


def test_a_pdf_is_read_by_whom_was_named() -> None:
    def reads(data: bytes, name: str, _cancel: CancelToken) -> str:
        return f"{name}: {len(data)}\x00"

    at = parse_address("https://example.org/papers/An%20essay.pdf?x=1")
    given = Answer(at, 200, "application/pdf", "", b"%PDF-1.7")
    found = read_page(given, CancelToken(), reads)
    assert (found.title, found.text) == ("An essay.pdf", "An essay.pdf: 8")
    with pytest.raises(ToolFailure, match="larger than what is read"):
        read_page(replace(given, cut=True), CancelToken(), reads)


def test_an_empty_page() -> None:
    assert read(" \n ") == Page(ADDRESS, "", "")


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000 + "x",
        "<a href=x>" * 3_000,
        "<p>" + " " * 1_000_000 + "x",
        "<ul><li>" * 20_000,
        "<table><tr><td>" * 5_000,
        "&lt;" * 300_000,
        "<p>" + "\u202e\u0000" * 1_000,
        "<base href='http://[bad'><p>" + "text, " * 100,
        "<?xml version='1.0' encoding='utf-16'?><p>x</p>",
        "<![CDATA[<script>x</script>]]>",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_strange_pages_are_bounded(body: str) -> None:
    assert len(read(f"<html><body>{body}").text) <= MAX_CHARACTERS


def test_a_page_that_keeps_a_parser_busy_is_given_up() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(100_000))
    with pytest.raises(ToolFailure, match="in reasonable time"):
        html_text(f"<div {attributes}>x", ADDRESS, CancelToken(), 0.8)


def test_the_whole_page_is_taken_when_the_article_takes_too_long() -> None:
    """A line that was not finished is not read."""
    whole = b'{"title": "t", "text": "whole"}\n{"title": "t", "te'
    assert html_text_module._last_answer(whole) == html_text_module.HtmlText("t", "whole")
    assert html_text_module._last_answer(b'{"title": "t"') is None
    assert html_text_module._last_answer(b"") is None


def test_cancelling_ends_the_reading() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        html_text("<p>x", ADDRESS, cancel)
