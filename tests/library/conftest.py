from collections.abc import Iterator

import pytest

from tests.hub.server import HubServer


@pytest.fixture
def hub_server() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server
