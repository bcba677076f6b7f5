"""Who can be asked: an instance of SearXNG, or Brave with a key."""

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from app.core.cancel import CancelToken
from app.core.json import JsonValue
from app.core.language import mark, tr
from app.secrets.store import SecretStore
from app.tools.tool import ToolFailure
from app.tools.web.addresses import Address, parse_address
from app.tools.web.visible import visible

if TYPE_CHECKING:
    from app.tools.web.client import Answer, WebClient

NONE, SEARXNG, BRAVE = "", "searxng", "brave"
BRAVE_HOST = "api.search.brave.com"
WHY = mark("A web search of the model")
_TITLE, _ADDRESS, _TEXT = 200, 500, 400
_NO_SENSE = "the search provider gave no sensible answer"


@dataclass(frozen=True)
class Hit:
    """age: when the page was written, in the provider's words."""

    title: str
    address: str
    text: str
    age: str = ""


@dataclass(frozen=True)
class SearchChoice:
    """Looked at again for every search. provider: NONE, SEARXNG or BRAVE. address: of the instance
    of SearXNG."""

    provider: Callable[[], str]
    address: Callable[[], str]
    key: SecretStore

    def missing(self) -> str:
        """Why nothing can be searched, "" when it can; at once."""
        provider = self.provider()
        if provider == SEARXNG:
            wrong = wrong_instance(self.address())
            return tr("Web search needs the address of SearXNG: {why}", why=wrong) if wrong else ""
        if provider == BRAVE:
            return "" if self.key.kept() else tr("Web search with Brave needs a key.")
        return tr("Web search needs a provider. Choose one in the settings, under Tools.")

    def open_line(self) -> bool:
        """Others between here and the provider can read what is looked for."""
        if self.provider() != SEARXNG or self.missing():
            return False
        found = instance(self.address())
        return found.scheme == "http" and found.host not in ("localhost", "127.0.0.1", "::1")

    def host(self) -> str:
        """Who is asked. Raises ToolFailure."""
        if reason := self.missing():
            raise ToolFailure(reason)
        return instance(self.address()).host if self.provider() == SEARXNG else BRAVE_HOST

    def trusted(self) -> frozenset[tuple[str, int]]:
        """The person's own instance may be on their own network: they typed its address."""
        if self.provider() != SEARXNG or self.missing():
            return frozenset()
        found = instance(self.address())
        return frozenset({(found.host, found.port)})


def instance(text: str) -> Address:
    """The address of an instance of SearXNG as somebody typed it. Raises ToolFailure."""
    text = text.strip()
    if text and "://" not in text:
        text = f"https://{text}"
    found = parse_address(text)
    parts = urlsplit(text)
    if parts.query or parts.fragment:
        raise ToolFailure(tr("the address ends with the instance's path, without ? and #"))
    return found


def wrong_instance(text: str) -> str:
    """What is wrong with it, a sentence; "" for a sound one."""
    if not text.strip():
        return tr("There is none yet.")
    try:
        instance(text)
    except ToolFailure as failure:
        words = str(failure)
        return f"{words[:1].upper()}{words[1:]}."
    return ""


def search(
    choice: SearchChoice, client: "WebClient", query: str, most: int, cancel: CancelToken
) -> list[Hit]:
    """Raises ToolFailure, Cancelled. May ask the keyring."""
    choice.host()
    if choice.provider() == SEARXNG:
        hits = _searxng(client, instance(choice.address()), query, cancel)
    else:
        hits = _brave(client, choice.key, query, most, cancel)
    return hits[:most]


def _searxng(client: "WebClient", base: Address, query: str, cancel: CancelToken) -> list[Hit]:
    target = base.target.rstrip("/").removesuffix("/search")
    address = f"{base.scheme}://{base.authority}{target}/search?" + urlencode(
        {"q": query, "format": "json"}, quote_via=quote
    )
    answer = client.get(address, WHY, cancel, headers=_JSON, redirects=2)
    if answer.status == 403:
        raise ToolFailure(
            f"the instance {base.host} gives no answers to programs; its owner has to allow the "
            "format json under search, formats in settings.yml"
        )
    results = _field(_json(answer, base.host), "results")
    return list(_hits(results, "content", "publishedDate"))


def _brave(
    client: "WebClient", key: SecretStore, query: str, most: int, cancel: CancelToken
) -> list[Hit]:
    secret = key.current()
    if secret is None:
        raise ToolFailure("the keyring does not give out the key for Brave; unlock it")
    address = f"https://{BRAVE_HOST}/res/v1/web/search?" + urlencode(
        {"q": query, "count": most}, quote_via=quote
    )
    headers = {**_JSON, "X-Subscription-Token": secret.value}
    # No redirect: the key goes nowhere else.
    answer = client.get(address, WHY, cancel, headers=headers, redirects=0)
    if answer.status in (401, 403, 422):
        raise ToolFailure("Brave does not accept the key; check it in the settings, under Tools")
    results = _field(_field(_json(answer, "Brave"), "web"), "results")
    return list(_hits(results, "description", "age"))


_JSON = {"Accept": "application/json"}


def _json(answer: "Answer", who: str) -> JsonValue:
    if answer.status == 429:
        raise ToolFailure(f"{who} was asked too often; try later")
    if not 200 <= answer.status < 300:
        raise ToolFailure(f"{who} could not search (status {answer.status})")
    try:
        value: JsonValue = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ToolFailure(_NO_SENSE) from None
    if not isinstance(value, dict):
        raise ToolFailure(_NO_SENSE)
    return value


def _field(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, Mapping) else None


def _hits(results: JsonValue, text_field: str, age_field: str) -> Iterator[Hit]:
    """Those that lead to a page, each once."""
    seen: set[str] = set()
    for entry in results if isinstance(results, list) else []:
        address = _plain(_field(entry, "url"), _ADDRESS + 1)
        if not re.match(r"https?://\S+\Z", address) or len(address) > _ADDRESS or address in seen:
            continue
        seen.add(address)
        yield Hit(
            _plain(_field(entry, "title"), _TITLE) or address,
            address,
            _plain(_field(entry, text_field), _TEXT),
            _plain(_field(entry, age_field), 40),
        )


def _plain(value: JsonValue, most: int) -> str:
    """One line of text without markup, which providers use to mark what was looked for."""
    if not isinstance(value, str):
        return ""
    text = html.unescape(re.sub(r"</?[a-zA-Z][^<>]{0,40}>", "", value[: most * 4]))
    text = " ".join(visible(text).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
