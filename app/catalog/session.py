"""huggingface_hub as this program uses it: imported late, bounded, and asking as nobody else.

Importing it takes a good part of a second, and it reads its switches only then.
"""

import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.core.contacts import note_contact, note_received
from app.core.errors import KnownError
from app.core.language import mark, tr

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi

MAX_ANSWER_BYTES = 32_000_000
TIMEOUT_SECONDS = 15.0
"""Of silence."""
TOTAL_SECONDS = 60.0
"""For a whole answer, however little of it comes at a time."""
WHY = mark("Finding models on the Hub")
_SWITCHES = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}
_lock = threading.Lock()
_made_for: list[dict[str, str]] = []


class TooLargeError(KnownError):
    """An answer that no sensible server would give."""


def api(endpoint: str, token: str | None) -> "HfApi":
    """Raises ImportError when the library is not there."""
    _prepare()
    from huggingface_hub import HfApi

    return HfApi(
        endpoint=endpoint, token=token or False, library_name="glm-launcher", user_agent=None
    )


def offline() -> bool:
    """HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) says so."""
    _prepare()
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _prepare() -> None:
    """The proxies are those of now: a client made for others is replaced."""
    with _lock:
        for name, value in _SWITCHES.items():
            os.environ.setdefault(name, value)
        from huggingface_hub import set_client_factory

        proxies = [urllib.request.getproxies()]
        if _made_for != proxies:
            _made_for[:] = proxies
            set_client_factory(_client)


def _client() -> "httpx2.Client":
    import ssl

    import httpx2
    import truststore

    return httpx2.Client(
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        timeout=TIMEOUT_SECONDS,
        follow_redirects=True,
        max_redirects=8,
        # A compressed answer could be a thousand times as large as what is counted.
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [_note], "response": [_bound]},
    )


def _note(request: "httpx2.Request") -> None:
    note_contact(request.url.host, WHY)


def _bound(response: "httpx2.Response") -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise TooLargeError(tr("The answer of the Hub is packed."), tr("It was asked not to be."))
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > MAX_ANSWER_BYTES:
        raise _too_large()
    response.stream = _counted(response.stream, response.request.url.host)


def _counted(stream: object, host: str) -> "httpx2.SyncByteStream":
    import httpx2

    deadline = time.monotonic() + TOTAL_SECONDS

    class Counted(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            total = 0
            try:
                for piece in stream:  # type: ignore[attr-defined]
                    total += len(piece)
                    if total > MAX_ANSWER_BYTES:
                        raise _too_large()
                    if time.monotonic() >= deadline:
                        raise httpx2.ReadTimeout(f"no end after {TOTAL_SECONDS:.0f} seconds")
                    yield piece
            finally:
                note_received(host, WHY, total)

        def close(self) -> None:
            stream.close()  # type: ignore[attr-defined]

    return Counted()


def _too_large() -> TooLargeError:
    return TooLargeError(
        tr("The answer of the Hub is too large."),
        tr(
            "No list takes more than {max_answer_bytes} MB.",
            max_answer_bytes=MAX_ANSWER_BYTES // 10**6,
        ),
        tr("Check the address of the Hub in the settings, or try again later."),
    )
