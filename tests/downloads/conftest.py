from collections.abc import Iterator

import pytest

from app.downloads import staff
from tests.downloads.helpers import HeldClock
from tests.hub.server import HubServer


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the machine that runs the tests must not come between."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def all_connections_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to the local Hub is so fast that one connection would do."""
    monkeypatch.setattr(staff, "RAMP_SECONDS", 0.0)
