from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.contacts import Contacts
from app.tools.web.client import WebClient
from tests.tools.web.site import PUBLIC, Site


@pytest.fixture
def site() -> Iterator[Site]:
    """Known as public.example."""
    with Site(names={"public.example": [[PUBLIC]]}) as running:
        yield running


@pytest.fixture
def contacts(tmp_path: Path) -> Contacts:
    return Contacts(tmp_path / "contacts.json")


@pytest.fixture
def client(site: Site, contacts: Contacts) -> WebClient:
    return WebClient(contacts, site.reach())


@pytest.fixture
def client_with(site: Site, contacts: Contacts) -> Callable[..., WebClient]:
    """With another reach, or other limits."""

    def make(total_seconds: float = 20.0, **changes: object) -> WebClient:
        return WebClient(contacts, site.reach(**changes), total_seconds=total_seconds)

    return make
