"""Searching: what is sent to whom, what is made of the answer, and when it is not offered."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.core.cancel import CancelToken
from app.core.contacts import Contacts
from app.secrets.store import SecretStore
from app.secrets.vault import Vault
from app.tools.schema import problems
from app.tools.search_web.providers import (
    BRAVE,
    BRAVE_HOST,
    NONE,
    SEARXNG,
    WHY,
    Hit,
    SearchChoice,
    search,
    wrong_instance,
)
from app.tools.search_web.search_web import make_search_web, told
from app.tools.tool import ToolFailure
from app.tools.web.client import Answer, WebClient
from app.tools.web.line import Reach
from tests.secrets.vaults import MemoryVault, NoVault
from tests.tools.web.conftest import contacts, site
from tests.tools.web.site import PUBLIC, Site, page, redirect

__all__ = ["contacts", "site"]
LONG = "x" * 900
RESULTS = [
    {"title": "One &amp; <b>first</b>", "url": "https://one.example/", "content": "text\n one"},
    {
        "title": "Two",
        "url": "https://two.example/",
        "content": "x" * 900,
        "publishedDate": "2026-01-02",
    },
    {"title": "Again", "url": "https://one.example/"},
    {"title": "Bad", "url": "javascript:alert(1)"},
    {"title": "Worse", "url": "https://x.example/ \n7. fake"},
    {"title": None, "url": "https://untitled.example/", "content": 5},
    "nonsense",
]


def choose(
    tmp_path: Path, provider: str, address: str = "", vault: Vault | None = None
) -> SearchChoice:
    key = SecretStore("test", tmp_path / "key", vault or NoVault())
    return SearchChoice(lambda: provider, lambda: address, key)


def answer(results: object) -> bytes:
    return page(json.dumps({"results": results}), "application/json")


def find(site: Site, choice: SearchChoice, most: int = 10) -> list[Hit]:
    client = WebClient(site.reach(trusted=choice.trusted()))
    return search(choice, client, "what is it?", most, CancelToken())


def test_searxng_on_the_person_s_own_network(
    site: Site, contacts: Contacts, tmp_path: Path
) -> None:
    site.names["searx.lan"] = [["192.168.1.5"]]
    site.answers["/sx/search?q=what%20is%20it%3F&format=json"] = answer(RESULTS)
    hits = find(site, choose(tmp_path, SEARXNG, "http://searx.lan:8888/sx/"))
    assert hits == [
        Hit("One & first", "https://one.example/", "text one"),
        Hit("Two", "https://two.example/", "x" * 399 + "…", "2026-01-02"),
        Hit("https://untitled.example/", "https://untitled.example/", ""),
    ]
    assert site.connected == [("192.168.1.5", 8888)]
    assert [(one.host, one.why) for one in contacts.all()] == [("searx.lan", WHY)]


def test_an_address_that_names_the_search_already(site: Site, tmp_path: Path) -> None:
    site.answers["/search?q=what%20is%20it%3F&format=json"] = answer(RESULTS)
    choice = choose(tmp_path, SEARXNG, "http://public.example/search")
    assert len(find(site, choice, 2)) == 2


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (page("no", status=403), "gives no answers to programs"),
        (page("no", status=429), "asked too often"),
        (page("no", status=500), r"could not search \(status 500\)"),
        (page("<html>not json", "text/html"), "no sensible answer"),
        (page("[1]", "application/json"), "no sensible answer"),
        (page("[" * 100_000, "application/json"), "no sensible answer"),
        (redirect("http://10.0.0.1/"), "inside this machine"),
    ],
)
def test_an_instance_that_does_not_help(
    site: Site, tmp_path: Path, given: bytes, reason: str
) -> None:
    site.answers["/search?q=what%20is%20it%3F&format=json"] = given
    with pytest.raises(ToolFailure, match=reason):
        find(site, choose(tmp_path, SEARXNG, "http://public.example"))


@pytest.mark.parametrize("results", [None, {}, "x", [1, None, {"url": 5}]])
def test_results_that_are_none(site: Site, tmp_path: Path, results: object) -> None:
    site.answers["/search?q=what%20is%20it%3F&format=json"] = answer(results)
    assert find(site, choose(tmp_path, SEARXNG, "http://public.example")) == []


class Plain(WebClient):
    """Asks without TLS, so that the site can answer for Brave."""

    def get(
        self,
        text: str,
        why: str,
        cancel: CancelToken,
        *,
        headers: Mapping[str, str] | None = None,
        redirects: int = 5,
    ) -> Answer:
        assert text.startswith(f"https://{BRAVE_HOST}/")
        plain = text.replace("https://", "http://", 1)
        return super().get(plain, why, cancel, headers=headers, redirects=redirects)


def _brave(site: Site, tmp_path: Path) -> list[Hit]:
    site.names[BRAVE_HOST] = [[PUBLIC]]
    choice = choose(tmp_path, BRAVE, vault=MemoryVault())
    choice.key.save("BSA_secret_key")
    return search(choice, Plain(site.reach()), "cats", 3, CancelToken())


def test_brave_gets_the_key(site: Site, tmp_path: Path) -> None:
    results = [
        {
            "title": "T",
            "url": "https://t.example/",
            "description": "<strong>d</strong>",
            "age": "2 days ago",
        }
    ]
    body = json.dumps({"web": {"results": results}})
    site.answers["/res/v1/web/search?q=cats&count=3"] = page(body, "application/json")
    assert _brave(site, tmp_path) == [Hit("T", "https://t.example/", "d", "2 days ago")]
    assert "X-Subscription-Token: BSA_secret_key\r\n" in site.asked[0]


def test_the_key_follows_no_redirect(site: Site, tmp_path: Path) -> None:
    site.answers["/res/v1/web/search?q=cats&count=3"] = redirect("http://public.example/")
    with pytest.raises(ToolFailure, match="not followed here"):
        _brave(site, tmp_path)
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_key_that_is_not_accepted(site: Site, tmp_path: Path, status: int) -> None:
    site.answers["/res/v1/web/search?q=cats&count=3"] = page("{}", status=status)
    with pytest.raises(ToolFailure, match="does not accept the key"):
        _brave(site, tmp_path)


def test_a_keyring_that_is_locked(site: Site, tmp_path: Path) -> None:
    choose(tmp_path, BRAVE, vault=MemoryVault()).key.save("BSA_secret_key")
    locked = choose(tmp_path, BRAVE)
    assert locked.missing() == ""
    with pytest.raises(ToolFailure, match="does not give out the key"):
        search(locked, WebClient(site.reach()), "cats", 3, CancelToken())
    assert "needs a key" in locked.missing()


@pytest.mark.parametrize(
    ("provider", "address", "reason"),
    [
        (NONE, "https://searx.example", "needs a provider"),
        ("unknown", "", "needs a provider"),
        (SEARXNG, " ", "There is none yet."),
        (SEARXNG, "ftp://searx.example", "Only addresses that begin with http"),
        (SEARXNG, "https://a:b@searx.example", "a name or a password"),
        (SEARXNG, "https://searx.example/?q=x", "without ? and #"),
        (BRAVE, "", "needs a key"),
    ],
)
def test_it_is_not_offered_until_it_is_set_up(
    contacts: Contacts, tmp_path: Path, provider: str, address: str, reason: str
) -> None:
    choice = choose(tmp_path, provider, address)
    tool = make_search_web(choice)
    assert reason in tool.unavailable()
    assert choice.trusted() == frozenset()
    with pytest.raises(ToolFailure):
        tool.run({"query": "x"}, CancelToken())
    assert contacts.all() == ()


def test_who_allows_it_sees_what_is_sent_and_to_whom(tmp_path: Path) -> None:
    tool = make_search_web(choose(tmp_path, SEARXNG, "searx.example/x"))
    assert tool.unavailable() == ""
    plan = tool.planned({"query": " a\nb "}, CancelToken())
    assert (plan.scope, plan.lines) == (
        "searx.example",
        ("Sends these words to searx.example:", "a b"),
    )
    assert problems({"query": ""}, tool.spec.parameters)
    assert problems({"query": "x", "count": 11}, tool.spec.parameters)


def test_a_name_inside_is_fine_for_one_s_own_instance() -> None:
    assert wrong_instance("http://localhost:8080") == ""
    assert wrong_instance("192.168.1.5:8888") == ""


def test_results_in_words() -> None:
    hits = [Hit("A", "https://a.example/", "about a", "today"), Hit("B", "https://b.example/", "")]
    assert told("q", hits) == (
        "1. A\n   https://a.example/\n   today · about a\n\n2. B\n   https://b.example/"
    )
    assert told("q", []) == "Nothing was found for: q"


def test_the_reach_of_other_tools_does_not_grow(tmp_path: Path) -> None:
    choice = choose(tmp_path, SEARXNG, "http://searx.lan:8888")
    assert choice.trusted() == {("searx.lan", 8888)}
    assert Reach().trusted == frozenset()
