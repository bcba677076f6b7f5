from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.contacts import Contacts, contacts_in
from app.tools.web.client import WebClient
from tests.tools.web.site import PUBLIC, Site


@pytest.fixture
def site() -> Iterator[Site]:
    """Known as public.example."""
    with Site(names={"public.example": [[PUBLIC]]}) as running:
        yield running


@pytest.fixture
def contacts(tmp_path: Path) -> Iterator[Contacts]:
    with contacts_in(tmp_path / "contacts.json") as record:
        yield record


@pytest.fixture
def client(site: Site) -> WebClient:
    return WebClient(site.reach())


@pytest.fixture
def client_with(site: Site) -> Callable[..., WebClient]:
    """With another reach, or other limits."""

    def make(total_seconds: float = 20.0, **changes: object) -> WebClient:
        return WebClient(site.reach(**changes), total_seconds=total_seconds)

    return make
