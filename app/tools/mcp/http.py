"""The line to a server on the network, bounded in what it may send."""

import math
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import truststore
from mcp.client.streamable_http import streamable_http_client

from app import __version__
from app.core.contacts import note_contact, note_received
from app.core.language import mark, tr
from app.core.units import gigabytes
from app.tools.mcp.servers import McpServer
from app.tools.mcp.stdio import MAX_MESSAGE_BYTES, Ending

WHY = mark("An MCP server of yours")
_CONNECT_SECONDS = 15.0
_SILENCE_SECONDS = 300.0
"""A stream may stay open for as long without a word."""
_WORDS = {
    401: mark("It wants a login. Add a header such as Authorization with a token."),
    403: mark("It refuses access with these headers."),
    404: mark("There is no server at this address."),
    405: mark("There is no server of this kind at this address."),
    429: mark("It has been asked too often. Try again later."),
}


@asynccontextmanager
async def network_streams(server: McpServer, ending: Ending) -> AsyncIterator[tuple[Any, Any]]:
    """Redirects are followed within the server's own origin only, so headers go nowhere else."""

    host = httpx2.URL(server.url).host

    async def noted(request: httpx2.Request) -> None:
        note_contact(request.url.host, WHY)

    async def bound(response: httpx2.Response) -> None:
        status = response.status_code
        if response.request.method == "POST":
            known = (
                tr(_WORDS[status])
                if status in _WORDS
                else tr("It answered with status {number}.", number=status)
            )
            ending.why = known if status >= 400 else ""
        coding = response.headers.get("content-encoding", "identity").lower()
        kind = response.headers.get("content-type", "").lower()
        if not isinstance(response.stream, httpx2.AsyncByteStream):
            return
        if coding not in ("", "identity"):
            # A compressed answer could be a thousand times as large as what is counted.
            response.stream = _Counted(response.stream, host, 0, "a compressed answer")
        elif kind.startswith("text/event-stream"):
            # It has no end; each event of it is bounded.
            response.stream = _Counted(response.stream, host, math.inf)
        else:
            most = f"more than {gigabytes(MAX_MESSAGE_BYTES)}"
            response.stream = _Counted(response.stream, host, MAX_MESSAGE_BYTES, most)

    async with (
        httpx2.AsyncClient(
            headers={
                **dict(server.headers),
                "Accept-Encoding": "identity",
                "User-Agent": f"GLM-Launcher/{__version__}",
            },
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=httpx2.Timeout(_CONNECT_SECONDS, read=_SILENCE_SECONDS),
            event_hooks={"request": [noted], "response": [bound]},
        ) as client,
        streamable_http_client(
            server.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES
        ) as streams,
    ):
        yield streams


class _Counted(httpx2.AsyncByteStream):
    """complaint: raised when there is more than `most_bytes`; only that one answer is lost."""

    def __init__(
        self, inner: httpx2.AsyncByteStream, host: str, most_bytes: float, complaint: str = ""
    ) -> None:
        self._inner, self._host = inner, host
        self._most_bytes, self._complaint = most_bytes, complaint

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most_bytes
        async for chunk in self._inner:
            left -= len(chunk)
            note_received(self._host, WHY, len(chunk))
            if left < 0:
                raise httpx2.StreamError(self._complaint)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
