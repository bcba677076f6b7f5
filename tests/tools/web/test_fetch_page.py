"""The tool itself: parts of a page, what it says about them, and what it keeps."""

import re

import pytest

from app.core.cancel import CancelToken
from app.core.contacts import Contacts
from app.tools.schema import problems
from app.tools.tool import ToolFailure
from app.tools.web.client import WebClient
from app.tools.web.fetch_page import PART_CHARACTERS, PageFetcher, make_fetch_page, part_of
from app.tools.web.page import Page
from tests.tools.web.site import Site, page, redirect

LINES = "".join(f"Line {number} of the page.\n" for number in range(1_000))


@pytest.fixture
def fetcher(client: WebClient) -> PageFetcher:
    return PageFetcher(client)


def fetch(fetcher: PageFetcher, url: str, offset: int = 0) -> str:
    return fetcher.fetch(url, offset, CancelToken())


def test_a_page_with_its_title_and_address(site: Site, fetcher: PageFetcher) -> None:
    site.answers["/"] = redirect("/real")
    site.answers["/real"] = page("<title>A title</title><p>Some text.</p>")
    assert fetch(fetcher, "http://public.example") == (
        "Title: A title\nAddress: http://public.example/real\n\nSome text."
    )


def test_a_long_page_comes_in_parts_that_make_a_whole(site: Site, fetcher: PageFetcher) -> None:
    site.answers["/"] = page(LINES, "text/plain")
    whole, offset, parts = "", 0, 0
    while True:
        part = fetch(fetcher, "http://public.example/", offset)
        assert len(part) < PART_CHARACTERS + 200
        body = part.split("\n\n", 1)[1]
        text, _, note = body.rpartition("\n[")
        whole, parts = whole + text.strip("\n") + "\n", parts + 1
        more = re.search(r"go on with offset (\d+)\]", note)
        if more is None:
            assert note.endswith("this is the end]")
            break
        offset = int(more[1])
    assert whole == LINES
    assert (parts, len(site.asked)) == (4, 1)


def test_the_beginning_is_always_fetched_anew(site: Site, fetcher: PageFetcher) -> None:
    site.answers["/"] = page("old")
    fetch(fetcher, "http://public.example/")
    site.answers["/"] = page("new")
    assert fetch(fetcher, "http://public.example/").endswith("new")


def test_an_offset_behind_the_end(site: Site, fetcher: PageFetcher) -> None:
    site.answers["/"] = page("short")
    with pytest.raises(ToolFailure, match="has 5 characters; there is none at 99"):
        fetch(fetcher, "http://public.example/", 99)


def test_only_the_last_pages_are_kept(site: Site, fetcher: PageFetcher) -> None:
    for number in range(20):
        site.answers[f"/{number}"] = page(LINES, "text/plain")
        fetch(fetcher, f"http://public.example/{number}")
    fetch(fetcher, "http://public.example/19", 6_000)
    assert len(site.asked) == 20
    fetch(fetcher, "http://public.example/0", 6_000)
    assert len(site.asked) == 21


def test_a_page_without_text_says_so() -> None:
    assert "may need a browser" in part_of(Page("https://e.org/", "", ""), 0)


def test_a_page_that_was_cut_says_so_at_its_end() -> None:
    text = part_of(Page("https://e.org/", "", "x", cut=True), 0)
    assert text.endswith("its end is missing.]")


def test_the_tool_refuses_before_anything_is_asked(contacts: Contacts) -> None:
    tool = make_fetch_page()
    with pytest.raises(ToolFailure, match="inside this machine"):
        tool.run({"url": "http://127.0.0.1:8080/admin"}, CancelToken())
    assert contacts.all() == ()
    assert problems({"url": "x", "offset": -1}, tool.spec.parameters)
    assert problems({}, tool.spec.parameters)
