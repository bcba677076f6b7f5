"""Whatever goes to the Hub is in the record of contacted hosts: looking, headers, downloads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.catalog import session
from app.catalog.hub import Hub
from app.core.contacts import Contacts, contacts_in
from app.core.errors import KnownError
from app.core.hub_access import HubAccess
from app.downloads import wire
from app.downloads.types import MIB
from app.gguf import fetch
from app.gguf.fetch import HttpFetcher
from tests.downloads.helpers import HeldClock, Rig, assert_whole, offer
from tests.gguf.servers import Answer, http_server
from tests.hub.content import BytesContent, PatternContent
from tests.hub.server import HubServer


@pytest.fixture
def contacts(tmp_path: Path) -> Iterator[Contacts]:
    with contacts_in(tmp_path / "contacts.json") as record:
        yield record


@pytest.fixture
def server() -> Iterator[HubServer]:
    with HubServer() as made:
        yield made


def test_looking_for_models(server: HubServer, contacts: Contacts) -> None:
    server.world.add("maker/m-GGUF", {"m.gguf": BytesContent(b"one")})
    Hub(HubAccess(lambda: server.endpoint)).repository("maker/m-GGUF")
    (found,) = contacts.all()
    assert (found.host, found.why, found.times) == ("127.0.0.1", session.WHY, 1)
    assert found.received_bytes > 50


def test_a_hub_that_does_not_answer_was_contacted_all_the_same(contacts: Contacts) -> None:
    with pytest.raises(KnownError):
        Hub(HubAccess(lambda: "http://127.0.0.1:1")).repository("maker/m-GGUF")
    assert [one.host for one in contacts.all()] == ["127.0.0.1"]


def test_reading_a_header_notes_where_it_redirects_too(contacts: Contacts) -> None:
    with http_server({"/cdn": Answer(body=b"x" * 500, ranges=True)}) as (cdn, _):
        elsewhere = cdn.replace("127.0.0.1", "localhost") + "/cdn"
        with http_server({"/f": Answer(302, {"Location": elsewhere})}) as (base, _):
            HttpFetcher().fetch(base + "/f", 0, 400)
    found = {one.host: one.received_bytes for one in contacts.all()}
    assert found == {"127.0.0.1": 0, "localhost": 400}
    assert {one.why for one in contacts.all()} == {fetch.WHY}


def test_downloads_count_what_came(server: HubServer, contacts: Contacts, tmp_path: Path) -> None:
    with Rig(server, tmp_path, clock=HeldClock()) as rig:
        assert_whole(rig.get(offer(server, {"m.gguf": PatternContent(3 * MIB)})))
    found = [one for one in contacts.all() if one.why == wire.WHY]
    assert {one.host for one in found} == {"127.0.0.1", "localhost"}  # the Hub and its files
    assert sum(one.received_bytes for one in found) > 3 * MIB


def test_nothing_is_noted_where_nobody_keeps_a_record(server: HubServer) -> None:
    server.world.add("maker/m-GGUF", {"m.gguf": BytesContent(b"one")})
    assert Hub(HubAccess(lambda: server.endpoint)).repository("maker/m-GGUF").files
