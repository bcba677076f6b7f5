"""The tool that fetches a page: its text in parts, with the address it came from."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from app.core.cancel import CancelToken
from app.core.json import JsonObject
from app.core.language import mark, tr
from app.core.messages import ToolSpec
from app.core.units import count
from app.tools.tool import Tool, ToolFailure
from app.tools.web.addresses import Address, check_name, parse_address

if TYPE_CHECKING:
    from app.tools.web.client import WebClient
    from app.tools.web.page import Page, ReadPdf

PART_CHARACTERS = 6_000
WHY = mark("A page that the model fetched")
_KEPT = 8
_SECONDS = 45.0  # to get it and, if it is a PDF, to read it
_SPEC = ToolSpec(
    "fetch_page",
    "Fetches a public web page and returns its readable text. Long pages come in parts: call again "
    "with the offset that the result names.",
    {
        "type": "object",
        "properties": {
            "url": {
                "type": "string",
                "description": "The address, beginning with https:// or http://.",
            },
            "offset": {
                "type": "integer",
                "minimum": 0,
                "description": "The character to begin with; leave it out for the beginning.",
            },
        },
        "required": ["url"],
    },
)


class PageFetcher:
    """Thread-safe. Texts of the last pages are kept in memory, so that their parts belong together;
    the beginning of a page is always fetched anew."""

    def __init__(self, client: "WebClient", read_pdf: "ReadPdf | None" = None) -> None:
        self._client, self._read_pdf = client, read_pdf
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Page] = OrderedDict()

    def fetch(self, url: str, offset: int, cancel: CancelToken) -> str:
        """Raises ToolFailure, Cancelled."""
        address = str(parse_address(url))
        page = self._remembered(address) if offset else None
        if page is None:
            page = self._fetched(address, cancel)
            self._remember(address, page)
        return part_of(page, offset)

    def _fetched(self, address: str, cancel: CancelToken) -> "Page":
        from app.tools.web.page import read_page

        return read_page(self._client.get(address, WHY, cancel), cancel, self._read_pdf)

    def _remembered(self, address: str) -> "Page | None":
        with self._lock:
            return self._kept.get(address)

    def _remember(self, address: str, page: "Page") -> None:
        with self._lock:
            self._kept[address] = page
            self._kept.move_to_end(address)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def part_of(page: "Page", offset: int) -> str:
    """Head, text from the offset on, and how to go on. Raises ToolFailure behind the end."""
    total = len(page.text)
    if offset and offset >= total:
        raise ToolFailure(f"the page has {count(total)} characters; there is none at {offset}")
    head = [f"Title: {page.title}"] if page.title else []
    head.append(f"Address: {page.address}")
    if not total:
        return "\n".join([*head, "", "[The page has no text; it may need a browser to show any.]"])
    part = page.text[offset : offset + PART_CHARACTERS]
    end = offset + len(part)
    if end < total:  # not in the middle of a line, if one ends near
        cut = part.rfind("\n")
        if cut >= PART_CHARACTERS * 3 // 4:
            part, end = part[:cut], offset + cut + 1
    notes = []
    if offset or end < total:
        more = f"; go on with offset {end}" if end < total else "; this is the end"
        notes.append(f"[Characters {count(offset)} to {count(end)} of {count(total)}{more}]")
    if page.cut and end >= total:
        notes.append("[The page is larger than what is read of one; its end is missing.]")
    return "\n".join([*head, "", part, *notes])


def make_fetch_page(read_pdf: "ReadPdf | None" = None) -> Tool:
    """Its scope is the host that is asked first: redirects go on to other public ones. read_pdf: as
    in read_page."""
    fetcher: list[PageFetcher] = []

    def run(arguments: JsonObject, cancel: CancelToken) -> str:
        if not fetcher:  # the network library is loaded when a page is first fetched
            from app.tools.web.client import WebClient

            fetcher.append(PageFetcher(WebClient(), read_pdf))
        return fetcher[0].fetch(str(arguments["url"]), _whole(arguments.get("offset")), cancel)

    return Tool(
        _SPEC,
        run,
        "network",
        _host,
        _described,
        title=mark("Fetch a page"),
        timeout_seconds=_SECONDS,
    )


def _host(arguments: JsonObject) -> str:
    return _address(arguments).host


def _address(arguments: JsonObject) -> Address:
    """Nobody is asked about what is refused anyway. Raises ToolFailure."""
    address = parse_address(str(arguments["url"]))
    check_name(address)
    return address


def _described(arguments: JsonObject) -> tuple[str, ...]:
    lines = [tr("Fetches {address}", address=_address(arguments))]
    if offset := _whole(arguments.get("offset")):
        lines.append(tr("Reads on at character {number}", number=count(offset)))
    return tuple(lines)


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
